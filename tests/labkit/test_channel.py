"""What goes over the pipe between the process that checks run in and its parent, and what happens when it breaks."""

import faulthandler
import json
import os
import subprocess
import sys

import pytest

from labkit.channel import LOST, Channel, sign

KEY = b"k" * 32


@pytest.mark.parametrize(("answer", "goes_on"), [(b"y", True), (b"n", False)])
def test_an_event_is_a_signed_and_numbered_line_on_its_own(answer: bytes, goes_on: bool) -> None:
    read, events = os.pipe()
    answers, write = os.pipe()
    crashes = os.open(os.devnull, os.O_WRONLY)
    try:
        os.write(events, b"garbage")
        os.write(write, answer * 2)
        channel = Channel(events, answers, crashes, KEY)
        assert channel.send("start", 60, check="ü") is goes_on
        channel.send("passed", 60)
        garbage, first, _, second, _ = os.read(read, 10_000).split(b"\n")
    finally:
        faulthandler.cancel_dump_traceback_later()
        for end in (read, events, answers, write, crashes):
            os.close(end)
    assert garbage == b"garbage"
    for number, line in enumerate((first, second)):
        signature, _, event = line.partition(b" ")
        assert signature == sign(event, KEY)
        assert signature != sign(event, b"another key")
        assert json.loads(event)["number"] == number
    assert json.loads(first.partition(b" ")[2]) == {"event": "start", "number": 0, "check": "ü"}


@pytest.mark.parametrize("broken", ["events", "read", "answers", "write"])
def test_a_process_that_cannot_reach_its_parent_ends(broken: str) -> None:
    program = f"""
import os
from labkit.channel import Channel
read, events = os.pipe()
answers, write = os.pipe()
channel = Channel(events, answers, 2, {KEY!r})
os.close({broken})
channel.send("start", 5)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=20).returncode == LOST
