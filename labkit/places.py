"""Places in the learner's code, as a report names them: ``labs/01_…/split.py:31  `the line```."""

import linecache
import os
import sys
from collections.abc import Sequence
from types import FrameType, TracebackType

from labkit.checks import show


class Places:
    """Tells the learner's code from all other code that a failure passes through."""

    def __init__(self, trees: Sequence[str], tests: str) -> None:
        self._trees = [os.path.realpath(tree) + os.sep for tree in trees]
        labkit = os.path.dirname(os.path.realpath(__file__))
        self._others = [os.path.realpath(path) + os.sep for path in (tests, labkit, sys.prefix, sys.base_prefix)]

    def place(self, file: str, line: int) -> str:
        """Return ``file:line  `code``` for a line of the learner's code, and nothing for any other."""
        if file.startswith("<"):
            return ""
        path = os.path.realpath(file)
        if "site-packages" in path or path.startswith(tuple(self._others)):
            return ""
        for tree in self._trees:
            if path.startswith(tree):
                code = linecache.getline(file, line).strip()
                return f"{path[len(tree) :]}:{line}" + (f"  `{show(code, 100)}`" if code else "")
        return ""

    def deepest(self, trace: TracebackType | None) -> str:
        """Return the last place in the learner's code that an exception passed through."""
        found = ""
        while trace:
            # Where a library is called in between, the learner's line that called it is the one to name.
            found = self.place(trace.tb_frame.f_code.co_filename, trace.tb_lineno) or found
            trace = trace.tb_next
        return found

    def calling(self, frame: FrameType | None) -> str:
        """Return the place in the learner's code that led to a frame."""
        while frame:
            if found := self.place(frame.f_code.co_filename, frame.f_lineno):
                return found
            frame = frame.f_back
        return ""
