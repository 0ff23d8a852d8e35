"""When each task was first passed: a line in ``.labs/progress.jsonl``, which is only ever added to.

A line that a crash has torn is passed over, and costs nothing but itself. It is the learner's own diary: no grade is
ever taken from it.
"""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

FILE = Path(".labs") / "progress.jsonl"


def record(root: Path, tasks: Iterable[str]) -> tuple[str, ...]:
    """Note that tasks have passed just now, and return those of them that had not before."""
    known = read_progress(root)
    first = tuple(task for task in dict.fromkeys(tasks) if task not in known)
    if first:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        _append(root / FILE, [json.dumps({"task": task, "passed": now}) for task in first])
    return first


def read_progress(root: Path) -> dict[str, datetime]:
    """Return by task when it was first passed."""
    try:
        lines = (root / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    passed: dict[str, datetime] = {}
    for line in lines:
        try:
            entry = json.loads(line)
            passed.setdefault(str(entry["task"]), datetime.fromisoformat(entry["passed"]))
        except (ValueError, TypeError, KeyError):
            continue
    return passed


def _append(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        # One call, so that two commands that end at the same time do not write into each other's lines.
        os.write(file, "".join(["\n" if torn else "", *(f"{line}\n" for line in lines)]).encode())
        os.fsync(file)
    finally:
        os.close(file)
