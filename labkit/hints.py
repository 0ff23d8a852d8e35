"""Hints, one level at a time, and what the last check has seen to begin with."""

import json
from dataclasses import dataclass
from pathlib import Path

from labkit.catalog import Lab
from labkit.errors import WrongUsage
from labkit.keeping import only_writer, replace_all
from labkit.standing import standings
from labkit.tasks import Task
from labkit.verdicts import Verdict, recall

FILE = Path(".labs") / "hints.json"


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint.

    Attributes
    ----------
    number, of : which of the task's hints this is, from 1.
    seen : the first check of the task that failed when it was last checked.
    """

    task: Task
    number: int
    of: int
    text: str
    seen: Verdict | None

    @property
    def is_last(self) -> bool:
        return self.number == self.of


def first_to_solve(root: Path, lab: Lab) -> Task | None:
    """Return the first task that is open, or had not passed when it was last checked, and was not skipped.

    None if nothing is left to solve.
    """
    stand = standings(root, lab)
    return next((task for task in lab.tasks if stand[task.id] not in ("skipped", "passed")), None)


def next_hint(root: Path, lab: Lab, task: Task) -> Hint:
    """Return the task's next hint, and after the last one that one again.

    Raises
    ------
    WrongUsage : the task has no hints.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    if not task.hints:
        raise WrongUsage(f"Task {task.id} has no hints.")
    with only_writer(root, f"labs hint {task.id}"):
        shown = _read_shown(root)
        number = min(shown.get(task.id, 0) + 1, len(task.hints))
        replace_all(root, {root / FILE: json.dumps(shown | {task.id: number}).encode()})
    failed = (each for each in recall(root, lab.id) if each.task == task.id and each.outcome == "failed")
    return Hint(task, number, len(task.hints), task.hints[number - 1], next(failed, None))


def _read_shown(root: Path) -> dict[str, int]:
    """Return by task how many of its hints have been shown; a file that cannot be read is begun anew."""
    try:
        stored = json.loads((root / FILE).read_bytes())
        return {str(task): max(0, int(number)) for task, number in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
