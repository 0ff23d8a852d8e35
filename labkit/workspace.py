"""What start, reset, solution and skip do to a learner's files.

Each of them reads all that it needs first, keeps what it would overwrite, and then writes: a call that fails has
changed nothing, and a call that was killed can be made again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from labkit.catalog import Lab
from labkit.errors import LabsError
from labkit.git import asks, file_at, head
from labkit.keeping import keep, only_writer, replace_all
from labkit.regions import (
    MarkerError,
    Region,
    decode,
    encode,
    find,
    is_open,
    read_text,
    readable_bodies,
    same_lines,
    stub,
    with_body,
)
from labkit.started import STARTED, NotStarted, Started, format_started, read_started, references, references_at
from labkit.tasks import Task

State = Literal["open", "written", "reference", "skipped", "broken"]


@dataclass(frozen=True, slots=True)
class TaskState:
    """How far a learner is with a task.

    Attributes
    ----------
    state : open (nothing written yet), written (by the learner), reference (as it came), skipped, or broken (its
        region cannot be read).
    problem : what is broken.
    """

    task: Task
    state: State
    problem: MarkerError | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a command did.

    Attributes
    ----------
    tasks : those whose regions hold something else now.
    kept : the folder with the files as they were, if anything of the learner's was overwritten.
    rebuilt : files that were made anew from the base, because their markers could not be read.
    """

    tasks: tuple[Task, ...]
    kept: Path | None = None
    rebuilt: tuple[str, ...] = ()


class NotCommitted(LabsError):
    """The lab's files are not as in the last commit, which is to become the place that the reference is read from."""


def states(root: Path, lab: Lab) -> tuple[TaskState, ...]:
    """Return how far the learner is with each task of a lab.

    Raises
    ------
    NotRun, NoReference : the reference cannot be read.
    """
    started = read_started(root).get(lab.id)
    if not started:
        return tuple(TaskState(task, "reference") for task in lab.tasks)
    known = references_at(root, started.base, lab.tasks)
    return tuple(_state(root, task, known[task.id], started) for task in lab.tasks)


def files_with_open_tasks(root: Path, labs: Iterable[Lab]) -> tuple[str, ...]:
    """Return the files in which a task is open; of those that cannot be read it is not known."""
    files = dict.fromkeys(task.file for lab in labs for task in lab.tasks if _is_open_in(root, task))
    return tuple(files)


def start(root: Path, lab: Lab) -> Change:
    """Open a lab: record the commit that holds its reference, and leave each region that holds it with a stub.

    A lab that has been started is left as it is, unless that call was killed half-way: then it is finished.

    Raises
    ------
    NotRun, NoReference : git is missing, or does not have the reference.
    NotCommitted : the lab's files are not as in the last commit.
    MarkerError : a region cannot be read.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    with only_writer(root, f"labs start {lab.id}"):
        started = read_started(root)
        entry = started.get(lab.id)
        if entry and not entry.opening:
            return Change(())
        if not entry:
            entry = Started(base=head(root), opening=True)
            _require_committed(root, lab)
        known = references_at(root, entry.base, lab.tasks)
        # Recorded before anything is blanked: whatever happens now, the way to the reference is known.
        _record(root, started | {lab.id: entry})
        untouched = [task for task in lab.tasks if same_lines(_region(root, task).body, known[task.id].body)]
        replace_all(root, _spliced(root, untouched, {task.id: stub(task, known[task.id]) for task in untouched}))
        _record(root, started | {lab.id: replace(entry, opening=False)})
        return Change(tuple(untouched))


def reset(root: Path, lab: Lab, wanted: Iterable[Task]) -> Change:
    """Put tasks of a lab back to their stubs.

    A file whose markers cannot be read, or that is gone, is made anew from the base, with the bodies of the other
    tasks that can be read.

    Raises
    ------
    NotStarted : the lab's regions still hold the reference.
    NotRun, NoReference : it cannot be read.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    wanted = tuple(wanted)
    with only_writer(root, f"labs reset {lab.id}"):
        started = read_started(root).get(lab.id)
        if not started:
            raise NotStarted(lab.id)
        known = references_at(root, started.base, lab.tasks)
        stubs = {task.id: stub(task, known[task.id]) for task in lab.tasks}
        rebuilt = [file for file in _files(wanted) if not _is_readable(root, lab, file)]
        in_order = [task for task in wanted if task.file not in rebuilt]
        bodies = {task.id: _region(root, task).body for task in in_order}
        changed = [task for task in in_order if not same_lines(bodies[task.id], stubs[task.id])]
        contents = _spliced(root, changed, stubs)
        for file in rebuilt:
            contents[root / file] = _rebuild(root, started.base, lab, file, stubs, blank=[task.id for task in wanted])
        own = {task.file for task in changed if not same_lines(bodies[task.id], known[task.id].body)}
        kept = keep(root, [root / file for file in sorted({*own, *rebuilt})], f"reset-{lab.id}")
        replace_all(root, contents)
        return Change((*changed, *(task for task in wanted if task.file in rebuilt)), kept, tuple(rebuilt))


def apply_solution(root: Path, lab: Lab, task: Task) -> Change:
    """Put the reference into a task's region.

    Raises
    ------
    NotStarted : it is there already.
    NotRun, NoReference : it cannot be read.
    MarkerError : the region cannot be read.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    with only_writer(root, f"labs solution {lab.id}"):
        if lab.id not in read_started(root):
            raise NotStarted(lab.id)
        reference = references(root, lab)[task.id]
        region = _region(root, task)
        if same_lines(region.body, reference.body):
            return Change(())
        own = not same_lines(region.body, stub(task, reference))
        kept = keep(root, [root / task.file] if own else [], f"solution-{task.id}")
        replace_all(root, _spliced(root, [task], {task.id: reference.body}))
        return Change((task,), kept)


def skip(root: Path, lab: Lab, task: Task, *, undo: bool = False) -> None:
    """Record that a task is to count as done by the reference, or no longer.

    Raises
    ------
    NotStarted : the lab's regions still hold the reference.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    with only_writer(root, f"labs skip {task.id}"):
        started = read_started(root)
        if lab.id not in started:
            raise NotStarted(lab.id)
        others = {*started[lab.id].skipped} - {task.id}
        chosen = others if undo else {*others, task.id}
        in_order = tuple(task.id for task in lab.tasks if task.id in chosen)
        _record(root, started | {lab.id: replace(started[lab.id], skipped=in_order)})


def _state(root: Path, task: Task, reference: Region, started: Started) -> TaskState:
    if task.id in started.skipped:
        return TaskState(task, "skipped")
    try:
        region = _region(root, task)
    except MarkerError as error:
        return TaskState(task, "broken", error)
    if is_open(task, region):
        return TaskState(task, "open")
    return TaskState(task, "reference" if same_lines(region.body, reference.body) else "written")


def _is_open_in(root: Path, task: Task) -> bool:
    try:
        return is_open(task, _region(root, task))
    except MarkerError:
        return False


def _region(root: Path, task: Task) -> Region:
    path = root / task.file
    if not path.is_file():
        raise MarkerError(task.file, None, "this file is gone.", task.id)
    return find(read_text(path), task.file, task.id)


def _files(tasks: Iterable[Task]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(task.file for task in tasks))


def _is_readable(root: Path, lab: Lab, file: str) -> bool:
    try:
        for task in lab.tasks:
            if task.file == file:
                _region(root, task)
    except MarkerError:
        return False
    return True


def _spliced(root: Path, tasks: Iterable[Task], bodies: Mapping[str, str]) -> dict[Path, bytes]:
    """Return the contents that the tasks' files get when each task gets its body."""
    texts: dict[str, str] = {}
    for task in tasks:
        text = texts.get(task.file) or read_text(root / task.file)
        texts[task.file] = with_body(text, task.file, task.id, bodies[task.id])
    return {root / file: encode(text) for file, text in texts.items()}


def _rebuild(root: Path, base: str, lab: Lab, file: str, stubs: Mapping[str, str], blank: Collection[str]) -> bytes:
    text = decode(file_at(root, base, file) or b"")
    old = read_text(root / file) if (root / file).is_file() else ""
    if "\r\n" in old:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    readable = readable_bodies(old)
    for task in lab.tasks:
        if task.file == file:
            own = None if task.id in blank else readable.get(task.id)
            text = with_body(text, file, task.id, stubs[task.id] if own is None else own)
    return encode(text)


def _require_committed(root: Path, lab: Lab) -> None:
    # Read from git's own comparison, which knows of line ends that it converts itself.
    changed = [file for file in _files(lab.tasks) if not asks(root, "diff", "--quiet", "HEAD", "--", file)]
    if changed:
        raise NotCommitted(
            f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} not as in the last commit, "
            "which the reference solutions are read from.",
            "Commit the change (git add, git commit), or take it back: git restore " + " ".join(changed),
        )


def _record(root: Path, started: Mapping[str, Started]) -> None:
    content = format_started(started)
    path = root / STARTED
    if not path.exists() or path.read_bytes() != content:
        replace_all(root, {path: content})
