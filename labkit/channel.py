"""The way from the process that checks run in to its parent: events go out, an answer comes back for each.

The learner's code shares the process and the pipe. So an event is signed and numbered, and what somebody else writes
is none; and all that it takes to send one is bound here, before that code can put something else in its place.
"""

import sys
from faulthandler import dump_traceback_later
from hashlib import blake2b
from json import dumps
from os import _exit, getpid, read, write
from typing import Any

end_process = _exit
LOST = 97
"""The exit code of a process whose way to the parent has been closed."""


def sign(line: bytes, key: bytes) -> bytes:
    """Return what shows that an event is this package's, not something that the learner's code wrote to the pipe."""
    return blake2b(line, key=key, digest_size=16).hexdigest().encode()


class Channel:
    """The child's end.

    Parameters
    ----------
    events, answers : the pipes out and in.
    crashes : the pipe that faulthandler writes to.
    key : shared with the parent only.
    """

    def __init__(self, events: int, answers: int, crashes: int, key: bytes) -> None:
        self._events, self._answers, self._crashes, self._key = events, answers, crashes, key
        self._count, self._process = 0, getpid()

    def send(self, event: str, limit: float, **fields: Any) -> bool:
        """Tell the parent, and return whether to go on with it.

        Parameters
        ----------
        limit : how long it may take, in seconds, to the next event. Then this process writes where it is, and ends;
            no code can keep it from that, and no parent has to be there any more.
        """
        if getpid() != self._process:
            end_process(0)  # the learner's code has forked: that process has nothing to say here
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:  # closed or replaced by the learner's code
                continue
        line = dumps({"event": event, "number": self._count, **fields}).encode()
        self._count += 1
        try:
            # The line begins on one of its own, whatever else was written to the pipe.
            write(self._events, b"\n" + sign(line, self._key) + b" " + line + b"\n")
            answer = read(self._answers, 1)
            dump_traceback_later(limit, exit=True, file=self._crashes)
        except (OSError, ValueError):
            end_process(LOST)
        if not answer:
            end_process(LOST)
        return answer == b"y"
