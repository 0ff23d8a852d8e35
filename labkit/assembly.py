"""Put together a tree in which some task regions hold other bodies than in the learner's files."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labkit.catalog import Lab
from labkit.regions import encode, read_text, with_body
from labkit.started import read_started, references
from labkit.tasks import Task
from labkit.workspace import states

_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


def assemble(root: Path, target: Path, bodies: Mapping[str, str], labs: Sequence[Lab]) -> tuple[Path, ...]:
    """Copy labs to another folder, put bodies into their regions there, and return what goes in front of PYTHONPATH.

    The copy is a tree that code finds its way in: the labs' folders and the folders that hold a file of one of their
    tasks are copied (hidden files are not), the rest of the project is linked, so that data is there and nothing
    large is moved.

    Parameters
    ----------
    root : the project whose files are copied; it is only read.
    target : an empty folder, which must exist.
    bodies : by task, what its region should hold; tasks that are not named keep what they have.
    labs : the labs to copy; the others are not there at all.

    Raises
    ------
    MarkerError : a region that a body is meant for cannot be found.
    """
    folders = [lab.folder.relative_to(root) for lab in labs]
    elsewhere = {PurePosixPath(task.file).parts[0] for lab in labs for task in lab.tasks} - {"labs"}
    for folder in folders:
        shutil.copytree(root / folder, target / folder, ignore=_LEFT_OUT)
    for entry in root.iterdir():
        if entry.name in elsewhere:
            _copy(entry, target / entry.name)
        elif entry.name != "labs" and not entry.name.startswith("."):
            (target / entry.name).symlink_to(entry.absolute())
    splice(target, bodies, (task for lab in labs for task in lab.tasks))
    return tuple(target / folder for folder in folders)


@dataclass(frozen=True, slots=True)
class StandIn:
    """Labs in which the reference stands in for what the learner has not written.

    Attributes
    ----------
    open : tasks of earlier labs that are open.
    skipped : tasks that the learner skipped.
    paths : the folders to put in front of PYTHONPATH.
    folder : a temporary folder that may be written to.
    """

    open: tuple[Task, ...]
    skipped: tuple[Task, ...]
    paths: tuple[Path, ...]
    folder: Path


@contextlib.contextmanager
def standing_in(root: Path, labs: Sequence[Lab], lab: Lab) -> Iterator[StandIn]:
    """Give what a lab needs to run while labs before it are half-solved: their open tasks hold the reference.

    Tasks that were skipped, in this lab too, hold it as well. Labs in which nothing has to be replaced are left where
    they are, so that what fails there fails in the learner's own files. It is all removed in the end.

    Raises
    ------
    MarkerError : a region of such a lab cannot be read.
    NotRun, NoReference : the reference cannot be read.
    """
    opened: list[Task] = []
    skipped: list[Task] = []
    bodies: dict[str, str] = {}
    replaced: list[Lab] = []
    started = read_started(root)
    for each in (each for each in labs if each.id <= lab.id and each.id in started):
        found = states(root, each)
        for broken in (state.problem for state in found if state.problem):
            raise broken
        left = [state.task for state in found if state.state == "open" and each.id < lab.id]
        passed_over = [state.task for state in found if state.state == "skipped"]
        if left or passed_over:
            known = references(root, each)
            bodies |= {task.id: known[task.id].body for task in (*left, *passed_over)}
            replaced.append(each)
        opened += left
        skipped += passed_over
    with tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True) as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        paths = assemble(root, tree, bodies, replaced) if replaced else ()
        yield StandIn(tuple(opened), tuple(skipped), paths, Path(name))


def splice(tree: Path, bodies: Mapping[str, str], tasks: Iterable[Task]) -> None:
    """Put bodies into the regions of a tree in place: for a tree that is ours to write to.

    Raises
    ------
    MarkerError : a region that a body is meant for cannot be found.
    """
    for task in tasks:
        if task.id in bodies:
            path = tree / task.file
            path.write_bytes(encode(with_body(read_text(path), task.file, task.id, bodies[task.id])))


def _copy(entry: Path, target: Path) -> None:
    if entry.is_dir():
        shutil.copytree(entry, target, ignore=_LEFT_OUT)
    else:
        shutil.copy2(entry, target)
