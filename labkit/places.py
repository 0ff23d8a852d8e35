"""Places in the learner's code, as a report names them: ``labs/01_…/split.py:31  `the line```."""

import linecache
import os
import sys
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import NamedTuple

from labkit.checks import show


class Lines(NamedTuple):
    """Lines of a file, named from the project's folder; the first and the last belong to them."""

    file: str
    first: int
    last: int


class Places:
    """Tells the learner's code from all other code that a failure passes through."""

    def __init__(self, trees: Sequence[str], tests: str) -> None:
        self._trees = [os.path.realpath(tree) + os.sep for tree in trees]
        labkit = os.path.dirname(os.path.realpath(__file__))
        self._others = [os.path.realpath(path) + os.sep for path in (tests, labkit, sys.prefix, sys.base_prefix)]

    def place(self, file: str, line: int) -> str:
        """Return ``file:line  `code``` for a line of the learner's code, and nothing for any other."""
        name = self._name(file)
        if not name:
            return ""
        code = linecache.getline(file, line).strip()
        return f"{name}:{line}" + (f"  `{show(code, 100)}`" if code else "")

    def deepest(self, trace: TracebackType | None, region: Lines | None = None) -> str:
        """Return the last place in the learner's code that an exception passed through.

        Parameters
        ----------
        region : what is asked about. Where the exception passed through it, its last place in there is returned: what
            lies deeper is given to the learner, and fails because of what it was called with.
        """
        found = inside = ""
        while trace:
            # Where a library is called in between, the learner's line that called it is the one to name.
            file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            found = self.place(file, line) or found
            if region and region.first <= line <= region.last and self._name(file) == region.file:
                inside = found
            trace = trace.tb_next
        return inside or found

    def calling(self, frame: FrameType | None) -> str:
        """Return the place in the learner's code that led to a frame."""
        while frame:
            if found := self.place(frame.f_code.co_filename, frame.f_lineno):
                return found
            frame = frame.f_back
        return ""

    def _name(self, file: str) -> str:
        """Return the name of a file of the learner's code from the project's folder, and nothing for any other."""
        if file.startswith("<"):
            return ""
        path = os.path.realpath(file)
        if "site-packages" in path or path.startswith(tuple(self._others)):
            return ""
        return next((path[len(tree) :] for tree in self._trees if path.startswith(tree)), "")
