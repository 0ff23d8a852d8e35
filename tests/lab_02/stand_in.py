"""Stands in for the service in an image: says in one line what it finds there, and waits for SIGTERM.

The checks of task 2.7 build an image with this instead of `house_prices/serving/__main__.py`. So what they find out is
about the image, and does not depend on what the tasks before it have made of the service.
"""

import importlib
import importlib.util
import json
import os
import signal
import sys

compiled: list[str] = []
missing: dict[str, str] = {}


def look(event: str, arguments: tuple[object, ...]) -> None:
    """Keep the name of each file that Python compiles. (Code that a module makes up has the name of no file.)"""
    if event == "compile" and len(arguments) > 1 and os.path.isfile(name := str(arguments[1])):
        compiled.append(name)


def leave(*_: object) -> None:
    print("SIGTERM", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, leave)
sys.addaudithook(look)
for name in ("flask", "gunicorn.app.base", "pydantic_settings", "pythonjsonlogger", "sklearn.ensemble", "waitress"):
    try:
        importlib.import_module(name)
    except Exception as error:  # whatever keeps it from being imported is what is to be told
        missing[name.partition(".")[0]] = f"{type(error).__name__}: {error}"
if not importlib.util.find_spec("house_prices.model"):
    missing["house_prices.model"] = "it is not there"
print(json.dumps({"arguments": sys.argv[1:], "missing": missing, "compiled": compiled}), flush=True)
while True:
    signal.pause()
