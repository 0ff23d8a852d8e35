"""The service as a process of its own, on ports that were free; ended by its id."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import urllib3

from house_prices.serving.settings import PREFIX
from tests.product.serving.making import HOUSE, Made

T = TypeVar("T")

SECONDS = 60.0
"""Within which anything has to happen, on the busiest machine."""
BODY = json.dumps({"houses": [HOUSE]}).encode()
JSON = {"Content-Type": "application/json"}


class Server:
    """A service, started by ``python -m house_prices.serving`` with these settings; it ends with the ``with`` block.

    Parameters
    ----------
    folder : where its output goes.
    settings : ``model="…"`` becomes SERVING_MODEL and so on.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._out, self._err = folder / "stdout", folder / "stderr"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        settings = {"port": 0, "probe_port": 0, "drain_seconds": 0, **settings}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "house_prices.serving"],
                env=kept | {f"{PREFIX}{name.upper()}": str(value) for name, value in settings.items()},
                stdout=out,
                stderr=err,
                cwd=folder,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(SECONDS)
            raise

    @property
    def stderr(self) -> str:
        return self._err.read_text()

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of the log so far; each of them has to be a JSON object."""
        text = self.stdout
        lines = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return lines

    def messages(self) -> list[str]:
        return [line["message"] for line in self.log()]

    def ends(self) -> int:
        """Wait for the end, and return the code."""
        return self.process.wait(SECONDS)

    def workers(self) -> list[int]:
        """Return the ids of the processes that have loaded the model, in the order in which they were ready."""
        return [line["process"] for line in self.log() if line["message"] == "ready"]

    def wait_for_workers(self, number: int) -> list[int]:
        """Wait until so many processes have become ready since the start, and return their ids."""
        return until(lambda: workers if len(workers := self.workers()) >= number else None, self)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Wait until a text has been logged so many times."""
        until(lambda: sum(text in message for message in self.messages()) >= times, self)

    def ready(self) -> Self:
        """Wait until it may be sent requests."""
        until(self.ports, self)
        until(lambda: self.probe("ready")[0] == 200, self)
        return self

    def ports(self) -> tuple[int, int] | None:
        """Return the ports of the service and of the probes, as soon as it listens."""
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+),http://127\.0\.0\.1:(\d+)", self.stdout)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def address(self) -> tuple[str, int]:
        ports = self.ports()
        assert ports
        return "127.0.0.1", ports[0]

    @property
    def probes(self) -> tuple[str, int]:
        ports = self.ports()
        assert ports
        return "127.0.0.1", ports[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def probe(self, question: str) -> tuple[int, str]:
        """Ask the probes' own port, over a new connection; 0 where nobody answers."""
        with urllib3.HTTPConnectionPool(*self.probes, timeout=SECONDS, retries=False) as pool:
            try:
                answer = pool.request("GET", f"/health/{question}")
            except urllib3.exceptions.HTTPError as error:
                return 0, str(error)
            return answer.status, answer.data.decode().strip()

    def post(self, body: bytes = BODY, **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask for prices, over a new connection."""
        sent = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
        with urllib3.HTTPConnectionPool(*self.address, timeout=SECONDS, retries=False) as pool:
            return pool.request("POST", "/v1/predictions", body=body, headers=sent)


def until(condition: Callable[[], T | None], server: Server) -> T:
    """Wait until a condition has a value that counts as true, and return that."""
    end = time.monotonic() + SECONDS
    while not (value := condition()):
        assert server.process.poll() is None, f"it ended:\n{server.stdout[-3_000:]}{server.stderr[-3_000:]}"
        assert time.monotonic() < end, f"it did not happen:\n{server.stdout[-3_000:]}{server.stderr[-3_000:]}"
        time.sleep(0.02)
    return value


@contextlib.contextmanager
def started(made: Made, folder: Path, **settings: Any) -> Iterator[Server]:
    """A service with the small model, ready."""
    with Server(folder, **({"model": made.folder, "model_digest": made.digest} | settings)) as server:
        yield server.ready()
