"""Which labs were started here, from which commit, and the reference solutions in it.

``labs/started.toml`` is tracked by git: with it a second clone finds the reference as well as the first did.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.catalog import Lab
from labkit.errors import LabsError
from labkit.git import file_at, head, require_commit
from labkit.regions import MarkerError, Region, around, decode, find, is_open, read_text
from labkit.tables import InvalidLab, Table
from labkit.tasks import Task

STARTED = "labs/started.toml"
_HEADING = (
    "# The labs that were started, and the commit that holds their reference solutions. labs writes it; commit it.\n"
)


@dataclass(frozen=True, slots=True)
class Started:
    """A lab that was started.

    Attributes
    ----------
    base : the commit whose files hold the reference in the lab's regions.
    skipped : tasks that are to count as done by the reference.
    opening : `labs start` has not come to its end yet.
    """

    base: str
    skipped: tuple[str, ...] = ()
    opening: bool = False


class NotStarted(LabsError):
    """The lab has not been started, so there is nothing of the learner's in it."""

    exit_code = 2
    status = "wrong usage"

    def __init__(self, lab: str) -> None:
        super().__init__(f"Lab {lab} has not been started: its tasks still hold the reference.", f"labs start {lab}")


class NoReference(LabsError):
    """The commit that should hold the reference of a task does not."""

    def __init__(self, task: Task, commit: str, problem: str) -> None:
        super().__init__(
            f"{task.file} at commit {commit[:12]} does not hold the reference of task {task.id}: {problem}",
            f"{STARTED} names that commit: git log -p {STARTED} shows whether it was another one.\n"
            "For a task that came with a newer upstream: labs update",
        )


class InvalidStarted(LabsError):
    """labs/started.toml cannot be read."""

    def __init__(self, problem: str) -> None:
        remedy = f"git log -p {STARTED} shows how it read before; git checkout HEAD -- {STARTED} brings that back."
        super().__init__(problem, remedy)


def read_started(root: Path) -> dict[str, Started]:
    """Return the labs that were started, by id.

    Raises
    ------
    InvalidStarted : the file is not as labs writes it; a merge conflict in it, say.
    """
    path = root / STARTED
    if not path.exists():
        return {}
    return parse_started(path.read_text(encoding="utf-8"))


def parse_started(text: str) -> dict[str, Started]:
    """Return what a started.toml says.

    Raises
    ------
    InvalidStarted : it is not as labs writes it.
    """
    try:
        table = Table(tomllib.loads(text), where=STARTED)
        labs = table.take_table("lab", {})
        table.finish()
        started = {}
        for lab in labs.keys():  # noqa: SIM118 (not a dict)
            entry = labs.take_table(lab)
            started[lab] = Started(
                base=entry.take("base", str),
                skipped=entry.take_list("skipped", str),
                opening=bool(entry.take("opening", int, 0)),
            )
            entry.finish()
    except (tomllib.TOMLDecodeError, InvalidLab) as error:
        raise InvalidStarted(f"{STARTED} cannot be read: {error}") from error
    return started


def format_started(started: Mapping[str, Started]) -> bytes:
    """Return the contents of started.toml; one line an entry, so that git merges what two clones added."""
    lines = [_HEADING]
    for lab, entry in sorted(started.items()):
        lines += [f"\n[lab.{lab}]\n", f'base = "{entry.base}"\n']
        lines += [f"skipped = {json.dumps(entry.skipped)}\n"] if entry.skipped else []
        lines += ["opening = 1\n"] if entry.opening else []
    return "".join(lines).encode()


def references(root: Path, lab: Lab) -> dict[str, Region]:
    """Return the reference of each task of a lab: from its base if it was started, otherwise from the last commit.

    Raises
    ------
    NotRun : git or the commit is missing.
    NoReference : it is not there.
    """
    started = read_started(root).get(lab.id)
    return references_at(root, started.base if started else head(root), lab.tasks)


def references_at(root: Path, commit: str, tasks: Iterable[Task]) -> dict[str, Region]:
    """Return the regions of tasks as they are at a commit, by task.

    Raises
    ------
    NotRun : git or the commit is missing.
    NoReference : it is not there.
    """
    require_commit(root, commit)
    regions, texts = {}, {}
    for task in tasks:
        if task.file not in texts:
            texts[task.file] = decode(file_at(root, commit, task.file) or b"")
        try:
            regions[task.id] = find(texts[task.file], task.file, task.id)
        except MarkerError as error:
            raise NoReference(task, commit, error.problem) from error
        if is_open(task, regions[task.id]):
            raise NoReference(task, commit, "it is open there as well.")
    return regions


def edited_outside(root: Path, lab: Lab) -> list[str]:
    """Return the files of a lab's tasks that differ from its base elsewhere than in a region.

    None if the lab was not started, or if that cannot be told.
    """
    started = read_started(root).get(lab.id)
    if not started:
        return []
    edited = []
    for file in dict.fromkeys(task.file for task in lab.tasks):
        try:
            before = decode(file_at(root, started.base, file) or b"")
            if around(before, file) != around(read_text(root / file), file):
                edited.append(file)
        except (LabsError, OSError):
            continue
    return edited
