"""Run a module as ``python -m`` does, up to the first open task: ``python -m labkit.module_runner MODULE ARGUMENTS…``.

An open task raises NotImplementedError in the middle of somebody else's calls. That is no crash: the program says in
one line where it has stopped, and ends with an exit code of its own.
"""

import json
import os
import re
import runpy
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

STOPPED = 5
# Names the file that is to hold the stop as JSON, where a caller has the last word; otherwise it goes to stderr.
REPORT = "LABS_STOPPED_AT"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a run met an open task: its id and title, and the line that is to be written."""

    task: str
    title: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"stopped at task {self.task}: {self.title}"

    @property
    def next(self) -> str:
        lab = self.task.partition(".")[0].zfill(2)
        return f"Write it in {self.file}:{self.line}, then: labs check {lab} --task {self.task} (labs hint {self.task})"


def find_stop(error: BaseException | None) -> Stop | None:
    """Return the open task that an exception, or what it was raised from, tells of."""
    while error is not None:
        if isinstance(error, NotImplementedError) and (told := re.fullmatch(r"Task (\d+\.\d+): (.+)", str(error))):
            deepest = traceback.extract_tb(error.__traceback__)[-1]
            path = Path(deepest.filename)
            file = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
            return Stop(told[1], told[2], file.as_posix(), deepest.lineno or 1)
        error = error.__cause__ or error.__context__
    return None


def main(arguments: list[str]) -> int:
    module, *sys.argv[1:] = arguments
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Exception as error:
        if not (stop := find_stop(error)):
            raise
        if report := os.environ.get(REPORT):
            Path(report).write_text(json.dumps(asdict(stop)))
        else:
            print(f"{stop}\n  {stop.next}", file=sys.stderr)
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
