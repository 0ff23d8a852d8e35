"""Stop at a task of the course that is still open, where that would show only as something that does not work.

A hole in our Python raises NotImplementedError with the words "Task 2.5: a queue with an end". In a process that was
started, that is a line of its log; and in a Dockerfile or a manifest there is only a comment with these words. Here it
is raised again, so that whoever runs the lab is told of the task, and not of a service that ended with code 3.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RAISED = re.compile(r"NotImplementedError: (Task \d+\.\d+: .+)$", re.MULTILINE)
_LEFT = re.compile(r"^[ \t]*# (Task \d+\.\d+: .+)$", re.MULTILINE)


def stop_if_raised(log: Path) -> None:
    """Look for an open task in what a process has printed so far, as lines of text or of JSON.

    Raises
    ------
    NotImplementedError : the process met an open task; the message is the task's.
    """
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            said = json.loads(line)["exc_info"]
        except (ValueError, KeyError, TypeError):
            said = line
        if found := _RAISED.search(str(said)):
            raise NotImplementedError(found[1])


@contextmanager
def stopping_if_raised(log: Path) -> Iterator[None]:
    """Do ``stop_if_raised`` at the end of the ``with`` block, also where something failed in it for that reason."""
    try:
        yield
    except Exception as error:
        try:
            stop_if_raised(log)
        except NotImplementedError as cause:
            raise cause from error
        raise
    stop_if_raised(log)


def stop_if_left(*files: Path) -> None:
    """Look for the line that marks an open task in files that are not Python.

    Raises
    ------
    NotImplementedError : there is one; the message is the task's.
    """
    for file in files:
        if found := _LEFT.search(file.read_text(encoding="utf-8")):
            raise NotImplementedError(found[1])
