"""The command line of the service."""

import argparse
import json
import os
import sys

from house_prices.model.errors import HousePricesError

COMMANDS = {
    "serve": "answer requests until SIGTERM (this is what happens without a word)",
    "check": "load the model as the service would, say what it is, and end",
}


def main() -> None:
    """Do what the command line says; an error that the user can mend is one message and code 1."""
    arguments = _parser().parse_args()
    # Before anything imports NumPy: the model's work is small, and more threads than one would wait for each other.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from house_prices.serving import server
    from house_prices.serving.settings import read_settings

    try:
        read_settings()
        if arguments.command == "check":
            print(json.dumps(server.check()))
        else:
            server.serve()
    except HousePricesError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    from house_prices.serving.settings import described

    parser = argparse.ArgumentParser(
        prog="python -m house_prices.serving",
        description="The model of house prices as an HTTP service.",
        epilog=f"settings, by environment:\n{described()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words = "; ".join(f"{name}: {what}" for name, what in COMMANDS.items())
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="serve", help=words)
    return parser
