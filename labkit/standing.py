"""How a learner stands with the tasks of a lab: by their files, what was skipped, and the last check."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from labkit.catalog import Lab
from labkit.progress import read_progress
from labkit.regions import MarkerError, find, is_open, read_text
from labkit.started import read_started
from labkit.tasks import Task
from labkit.verdicts import has_passed, recall

Standing = Literal["skipped", "broken", "open", "unchecked", "passed", "failed", "not run"]
"""What comes first holds: a task that passed and is open again is open. ``broken`` is a region that cannot be read."""


@dataclass(frozen=True, slots=True)
class Achievement:
    """What a learner has made of a task.

    Attributes
    ----------
    state : solved, if it has passed and nothing says that it would not now; otherwise how the learner stands with it.
        What a lab holds that was not started is the reference, and that is nobody's achievement.
    passed : when it first did.
    """

    task: Task
    state: Standing | Literal["solved", "not started"]
    passed: datetime | None


def achievements(root: Path, lab: Lab) -> tuple[Achievement, ...]:
    """Return what a learner has made of each task of a lab.

    Raises
    ------
    InvalidStarted : as in `standings`.
    """
    if lab.id not in read_started(root):
        return tuple(Achievement(task, "not started", None) for task in lab.tasks)
    passed = read_progress(root)
    found = []
    for task, standing in zip(lab.tasks, standings(root, lab).values(), strict=True):
        solved = task.id in passed and standing in ("passed", "unchecked")
        found.append(Achievement(task, "solved" if solved else standing, passed.get(task.id)))
    return tuple(found)


def standings(root: Path, lab: Lab) -> dict[str, Standing]:
    """Return by task how the learner stands with it.

    Raises
    ------
    InvalidStarted : the record of what was started and skipped cannot be read.
    """
    started = read_started(root).get(lab.id)
    verdicts = recall(root, lab.id)
    stand: dict[str, Standing] = {}
    for task in lab.tasks:
        own = [verdict for verdict in verdicts if verdict.task == task.id]
        if started and task.id in started.skipped:
            stand[task.id] = "skipped"
            continue
        try:
            opened = is_open(task, find(read_text(root / task.file), task.file, task.id))
        except (MarkerError, OSError):
            stand[task.id] = "broken"
            continue
        if opened:
            stand[task.id] = "open"
        elif not own:
            stand[task.id] = "unchecked"
        elif has_passed(own):
            stand[task.id] = "passed"
        else:
            stand[task.id] = "failed" if any(verdict.outcome == "failed" for verdict in own) else "not run"
    return stand
