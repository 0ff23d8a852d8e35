"""A second witness of a drill: locust sends part of the load, and counts for itself what was lost of it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from house_prices.serving.deployment.load import HOUSE, PATH
from tests.apart import program

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
STARTS = 120.0
"""Seconds that locust has to start, its installation the first time included."""


@dataclass
class Witness:
    """What locust has to say when it has ended.

    Attributes
    ----------
    sent, failed : requests, by whether they came over new or over kept connections.
    rate : requests a second, of both kinds together.
    words : what it said of each failure, and when.
    """

    sent: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    rate: float = 0.0
    words: str = ""

    def __str__(self) -> str:
        told = ", ".join(f"{self.failed[name]} of {sent:,} {name.lower()}" for name, sent in self.sent.items())
        return f"locust: lost {told} ({self.rate:.0f}/s)\n{self.words}".rstrip()


@contextmanager
def witness(url: str, folder: Path, *, rate: int, at_most: int = 1_800) -> Iterator[Witness]:
    """Have locust load a service for as long as the ``with`` block lasts.

    Parameters
    ----------
    url : of the service, ``http://host:port``.
    folder : what it says is kept there.
    rate : requests a second, as one caller asks once a second.
    at_most : seconds after which it stops by itself.
    """
    options = ["--headless", "--users", str(rate), "--spawn-rate", str(rate), "--host", url]
    limits = ["--json", "--only-summary", "--run-time", str(at_most), "--stop-timeout", "15"]
    words, numbers = folder / "locust.err", folder / "locust.json"
    body = json.dumps({"houses": [HOUSE]})
    witness = Witness()
    with words.open("w") as stderr, numbers.open("w") as stdout:
        locust = subprocess.Popen(
            [*program("load", "locust"), "--locustfile", LOCUSTFILE, *options, *limits, "--loglevel", "WARNING"],
            env={**os.environ, "LOAD_PATH": PATH, "LOAD_BODY": body},
            stdout=stdout,
            stderr=stderr,
        )
        try:
            _wait_until_it_has_begun(locust, words, rate)
            yield witness
        finally:
            locust.send_signal(signal.SIGTERM)
            locust.wait(60)
    kinds = {each["name"]: each for each in json.loads(numbers.read_text())}
    witness.sent = {name: each["num_requests"] for name, each in kinds.items()}
    witness.failed = {name: each["num_failures"] for name, each in kinds.items()}
    first = min(each["start_time"] for each in kinds.values())
    last = max(each["last_request_timestamp"] for each in kinds.values())
    witness.rate = sum(witness.sent.values()) / (last - first)
    witness.words = words.read_text()


def _wait_until_it_has_begun(locust: subprocess.Popen[bytes], words: Path, callers: int) -> None:
    until = time.monotonic() + STARTS
    while f"{callers} callers" not in words.read_text():
        assert locust.poll() is None, words.read_text()
        assert time.monotonic() < until, f"locust has not begun after {STARTS:g} s: {words.read_text()}"
        time.sleep(0.1)
