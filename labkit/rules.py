"""What a lab's maintainer has to keep, as far as files alone can tell: markers, hints, and nothing forgotten."""

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from labkit.catalog import Lab
from labkit.regions import MarkerError, Region, find, is_open, parse, read_text, split_lines
from labkit.tasks import Task

HINTS = 3
# A shorter line (`return model`) stands in a hint by chance; a longer one is the answer.
TELLING = 20
# A lesson shows markers to explain them.
_PROSE = {".md", ".toml"}
_LARGEST = 1_000_000


def broken_rules(root: Path, lab: Lab, checked: Iterable[str], answered: Iterable[str]) -> list[str]:
    """Return a line for each rule that a lab breaks.

    Parameters
    ----------
    checked : the task that each of the lab's checks is marked with.
    answered : the task of each of its wrong answers.
    """
    ids = [task.id for task in lab.tasks]
    there = {task: set(tasks) for task, tasks in (("check", checked), ("wrong answer", answered))}
    broken = marker_problems(root, lab)
    broken += [f"task {task} has no {what}" for what, tasks in there.items() for task in ids if task not in tasks]
    for task in lab.tasks:
        if len(task.hints) != HINTS:
            broken.append(f"task {task.id} has {len(task.hints)} hints; {HINTS} are wanted")
        with contextlib.suppress(MarkerError, OSError):  # told by marker_problems
            broken += telling_hints(task, find(read_text(root / task.file), task.file, task.id))
    return broken


def marker_problems(root: Path, lab: Lab) -> list[str]:
    """Return what is wrong with the markers in the files that lab.toml names, and in all others of the lab's folder."""
    problems: list[str] = []
    regions: dict[str, tuple[str, Region]] = {}
    named = {task.file: root / task.file for task in lab.tasks}
    beside = {path.relative_to(root).as_posix(): path for path in sorted(lab.folder.rglob("*")) if _may_hold_code(path)}
    for name, path in (named | beside).items():
        if not path.is_file():
            problems.append(f"{name}: lab.toml names this file, and it is not there")
            continue
        try:
            found = parse(read_text(path), name, [task.id for task in lab.tasks] if name in beside else None)
        except MarkerError as error:
            problems.append(str(error))
            continue
        for region in found:
            if region.task in regions:
                problems.append(f"{name}:{region.start}: task {region.task} is in {regions[region.task][0]} too")
            regions[region.task] = name, region
    for task in lab.tasks:
        if task.id not in regions or regions[task.id][0] != task.file:
            problems.append(f"{task.file}: lab.toml says that the region of task {task.id} is here, and it is not")
            continue
        _, region = regions[task.id]
        if region.title != task.title:
            problems.append(
                f"{task.file}:{region.start}: the title in lab.toml is {task.title!r}, not {region.title!r}"
            )
        if is_open(task, region):
            problems.append(f"{task.file}:{region.start}: task {task.id} is open; the reference must be here")
    return problems


def telling_hints(task: Task, reference: Region) -> list[str]:
    """Return which hints hold a line of the reference, white space aside."""
    code = [line for line in map(_squeeze, split_lines(reference.body)) if not line.startswith(reference.lead)]
    return [
        f"hint {level} of task {task.id} gives away a line of the reference: {line}"
        for level, hint in enumerate(task.hints, start=1)
        for line in code
        if len(line) >= TELLING and line in _squeeze(hint)
    ]


def depends_on(tasks: Iterable[Task], task: str) -> set[str]:
    """Return a task and all whose checks mean nothing before it passes."""
    dependents = {task}
    for other in tasks:  # `after` names earlier tasks only, so that one pass finds all
        if dependents & {*other.after}:
            dependents.add(other.id)
    return dependents


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())


def _may_hold_code(path: Path) -> bool:
    hidden = "__pycache__" in path.parts or path.name.startswith(".")
    return path.is_file() and not hidden and path.suffix not in _PROSE and path.stat().st_size <= _LARGEST
