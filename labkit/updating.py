"""Bring a newer upstream into a tree in which labs are half-solved.

A plain merge would meet a conflict in every region that upstream has touched. So the merge is made elsewhere, in a work
tree under ``.labs/``, from a version of the learner's tree in which each region holds the reference again: there git
merges what both sides did outside the regions. Then the learner's bodies go back into the result, and it becomes a
merge commit on the learner's branch. Only that last step touches the learner's files. It begins from a clean tree, so
that each line is in a commit, and a journal says how to undo it.
"""

import contextlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from labkit.errors import LabsError, WrongUsage
from labkit.git import GitFailed, asks, fetch, file_at, git, head, words
from labkit.keeping import keep, only_writer, replace_all
from labkit.regions import MarkerError, Region, decode, encode, find, is_open, read_text, same_lines, stub, with_body
from labkit.started import STARTED, Started, format_started, read_started
from labkit.tables import Table
from labkit.tasks import Task, read_tasks

UPSTREAM = "upstream"
_JOURNAL = ".labs/updating.json"
_WORK_TREE = ".labs/update"
# The learner's hooks are for the learner's commits.
_QUIETLY = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "advice.detachedHead=false")
_NOBODY = ("-c", "user.name=labs", "-c", "user.email=labs@localhost")


@dataclass(frozen=True, slots=True)
class Update:
    """What came with a newer upstream, and what needs a person.

    Attributes
    ----------
    commit : the upstream commit that the reference is read from now.
    new : tasks that were not there before, in a lab that was started; they are open.
    changed : tasks that the learner has solved and whose reference is another one now.
    removed : tasks that are no more, and that the learner had written something for.
    conflicts : files in which git needs a person to choose; the merge is not committed then.
    unplaced : tasks whose body could not be put back, because of such a conflict.
    kept : the folder with the learner's files of ``removed`` and ``unplaced``.
    current : there was nothing new.
    rolled_back : an earlier update that was interrupted was undone first.
    """

    commit: str
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    kept: Path | None = None
    current: bool = False
    rolled_back: bool = False


class NotClean(LabsError):
    """There is work that is in no commit yet, or a merge under way: nothing should be merged into that."""


class NoUpstream(WrongUsage):
    """It is not known where a newer version would come from."""


@dataclass(slots=True)
class _Plan:
    """What the regions hold, and are to hold after the merge."""

    bodies: dict[str, str] = field(default_factory=dict)  # what the learner wrote, by task
    files: dict[str, str] = field(default_factory=dict)  # where that was
    open: set[str] = field(default_factory=set)
    restored: dict[str, str] = field(default_factory=dict)  # contents by file, with the reference in the regions
    references: dict[str, str] = field(default_factory=dict)  # the reference so far, by task


def update(root: Path, ref: str | None = None) -> Update:
    """Merge a commit of upstream, keep what the learner wrote in the regions, and move the labs' base to that commit.

    Parameters
    ----------
    ref : the commit, by any name that git knows; None means the main branch of the remote ``upstream``, fetched anew.

    Raises
    ------
    NotClean : something is not committed, or a merge is under way.
    NoUpstream : there is no such remote or commit.
    MarkerError : a region of a started lab cannot be read.
    GitFailed : git could not merge; nothing was changed.
    CannotWrite, Busy : as in ``labkit.keeping``.
    """
    with only_writer(root, "labs update"):
        rolled_back = _roll_back(root)
        before = head(root)
        _require_clean(root)
        target = _find(root, ref)
        started = read_started(root)
        shared = _shared_history(root, before, target)
        plan = _plan(root, started, before, shared)
        with _work_tree(root, before) as tree:
            merged = _merge(tree, plan, target)
            result = _put_back(root, tree, plan, started, target)
            if merged:
                git(tree, "add", "--all")
                arrived = _commit(tree, before, target, shared)
                if arrived != before:
                    _move_to(root, before, arrived)
                return replace(result, current=arrived == before, rolled_back=rolled_back)
            conflicts = _paths(git(tree, "diff", "--name-only", "--diff-filter=U", "-z", "--relative"))
            _leave_conflicts(root, tree, before, target, conflicts)
            return replace(result, conflicts=conflicts, rolled_back=rolled_back)


def _find(root: Path, ref: str | None) -> str:
    if ref is None:
        if UPSTREAM not in words(root, "remote").split():
            raise NoUpstream(
                "There is no remote called upstream, where a newer version would come from.",
                "git remote add upstream URL-OF-THE-ORIGINAL, or name a commit: labs update REF",
            )
        fetch(root, UPSTREAM)
        ref = next((r for r in (f"{UPSTREAM}/HEAD", f"{UPSTREAM}/main") if _commit_of(root, r)), f"{UPSTREAM}/master")
    if not ref.startswith("-") and (commit := _commit_of(root, ref)):
        return commit
    raise NoUpstream(f"git knows no commit called {ref}.", "git branch --all shows the names that there are.")


def _commit_of(root: Path, ref: str) -> str | None:
    try:
        return words(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    except GitFailed:
        return None


def _require_clean(root: Path) -> None:
    if any((root / words(root, "rev-parse", "--git-path", name)).exists() for name in _UNDER_WAY):
        raise NotClean("A merge or a rebase is under way.", "Finish it (git commit), or give it up: git merge --abort")
    # Renames would be two paths; what matters here is that there is anything.
    changed = _paths(git(root, "diff", "--name-only", "--no-renames", "-z", "--relative", "HEAD"))
    untracked = (root / STARTED).exists() and not asks(root, "ls-files", "--error-unmatch", STARTED)
    if untracked:
        changed = (*changed, STARTED)
    if changed:
        raise NotClean(
            f"Not everything is committed: {', '.join(changed[:3])}{' …' if len(changed) > 3 else ''}.",
            "Commit first, so that no line can be lost: git add --all && git commit -m 'Before the update'",
        )


_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def _shared_history(root: Path, before: str, target: str) -> str:
    try:
        return words(root, "merge-base", before, target)
    except GitFailed as error:
        raise NoUpstream(
            f"{target[:12]} and this tree have no commit in common.",
            "If this is a shallow clone: git fetch --unshallow. Otherwise it is no fork of that project.",
        ) from error


def _plan(root: Path, started: Mapping[str, Started], before: str, shared: str) -> _Plan:
    plan = _Plan()
    now = _tasks_at(root, before)
    for lab, entry in started.items():
        earlier = {task.id: task for task in _tasks_at(root, entry.base).get(lab, ())}
        for task in {**{task.id: task for task in now.get(lab, ())}, **earlier}.values():
            # Where both sides parted is what git compares with; a task that is only in the base is the learner's own.
            reference = _region_at(root, shared, task) or _region_at(root, entry.base, task)
            if reference is None or not (root / task.file).is_file():
                continue
            text = plan.restored.get(task.file) or read_text(root / task.file)
            region = find(text, task.file, task.id)
            based = _region_at(root, entry.base, task) or reference
            if is_open(task, region):
                plan.open.add(task.id)
            elif not any(same_lines(region.body, known.body) for known in (based, reference)):
                plan.bodies[task.id], plan.files[task.id] = region.body, task.file
            elif task.id not in earlier:
                plan.open.add(task.id)  # it came by a merge by hand, after the lab was started
            plan.references[task.id] = based.body
            plan.restored[task.file] = with_body(text, task.file, task.id, reference.body)
    return plan


def _tasks_at(root: Path, commit: str) -> dict[str, tuple[Task, ...]]:
    """Return the tasks of each lab at a commit; keys that a newer labkit has brought along are not looked at."""
    known = {field.name for field in fields(Task)}
    tasks = {}
    for path in _paths(git(root, "ls-tree", "-r", "-z", "--name-only", commit, "labs/")):
        if re.fullmatch(r"labs/[^/]+/lab\.toml", path):
            where = f"{path} at commit {commit[:12]}"
            content = tomllib.loads((file_at(root, commit, path) or b"").decode())
            lab = Table(content, where).take("id", str)
            described = [{key: task[key] for key in task if key in known} for task in content.get("task", [])]
            tasks[lab] = read_tasks(tuple(Table(task, where) for task in described), lab)
    return tasks


def _region_at(root: Path, commit: str, task: Task) -> Region | None:
    try:
        return find(decode(file_at(root, commit, task.file) or b""), task.file, task.id)
    except MarkerError:
        return None


@contextlib.contextmanager
def _work_tree(root: Path, commit: str) -> Iterator[Path]:
    """Give a work tree of the same repository, with a commit checked out, and return the project's folder in it."""
    folder = root / _WORK_TREE
    _remove_work_tree(root)
    try:
        git(root, *_QUIETLY, "worktree", "add", "--quiet", "--detach", "--force", str(folder), commit)
        yield folder / words(root, "rev-parse", "--show-prefix")
    finally:
        _remove_work_tree(root)


def _remove_work_tree(root: Path) -> None:
    shutil.rmtree(root / _WORK_TREE, ignore_errors=True)
    git(root, "worktree", "prune")


def _merge(tree: Path, plan: _Plan, target: str) -> bool:
    """Merge with the reference in the regions; return whether git could do it alone."""
    for file, text in plan.restored.items():
        (tree / file).write_bytes(encode(text))
    git(tree, "add", "--update")
    git(tree, *_QUIETLY, *_NOBODY, "commit", "--quiet", "--allow-empty", "--message", "With the reference in place")
    try:
        git(tree, *_QUIETLY, *_NOBODY, "merge", "--quiet", "--no-commit", "--no-ff", target)
    except GitFailed:
        if not git(tree, "ls-files", "--unmerged"):
            raise
        return False
    return True


def _put_back(root: Path, tree: Path, plan: _Plan, started: Mapping[str, Started], target: str) -> Update:
    """Put what the learner wrote into the merged files, leave new tasks open, and move the base."""
    at_target = _tasks_at(root, target)
    new, changed, unplaced, present = [], [], [], set()
    moved = dict(started)
    for lab, entry in started.items():
        if lab not in at_target:
            continue
        present |= {task.id for task in at_target[lab]}
        for task in at_target[lab]:
            reference = _region_at(root, target, task)
            if reference is None:
                raise WrongUsage(f"{task.file} at commit {target[:12]} has no region of task {task.id}.")
            body = plan.bodies.get(task.id)
            if task.id not in plan.references:
                new.append(task.id)
            elif body is not None and not same_lines(reference.body, plan.references[task.id]):
                changed.append(task.id)
            if body is None and (task.id in plan.open or task.id not in plan.references):
                body = stub(task, reference)
            if body is None:
                continue
            path = tree / task.file
            try:
                path.write_bytes(encode(with_body(read_text(path), task.file, task.id, body)))
            except (MarkerError, FileNotFoundError):
                unplaced.append(task.id)
        skipped = tuple(task for task in entry.skipped if task in present)
        moved[lab] = replace(entry, base=target, skipped=skipped)
    if moved != started:
        (tree / STARTED).write_bytes(format_started(moved))
        git(tree, "add", STARTED)
    removed = [task for task in plan.bodies if task not in present]
    lost = {plan.files[task] for task in (*removed, *unplaced) if task in plan.files}
    kept = keep(root, [root / file for file in sorted(lost)], "update")
    return Update(target, tuple(new), tuple(changed), tuple(removed), unplaced=tuple(unplaced), kept=kept)


def _commit(tree: Path, before: str, target: str, shared: str) -> str:
    """Return the commit that the learner's branch should move to; ``before`` itself if nothing is new."""
    content = words(tree, "write-tree")
    if shared == target and content == words(tree, "rev-parse", f"{before}^{{tree}}"):
        return before
    parents = ["-p", before, *([] if shared == target else ["-p", target])]
    return words(tree, "commit-tree", content, *parents, "-m", f"Update to upstream {target[:12]}")


def _move_to(root: Path, before: str, arrived: str) -> None:
    """Move the learner's branch and files on to a commit, or not at all."""
    changed = {
        path: _blob(root, arrived, path)
        for path in _paths(git(root, "diff", "--name-only", "--no-renames", "-z", "--relative", before, arrived))
    }
    _refuse_untracked(root, before, changed)
    _write_journal(root, before, arrived, changed)
    try:
        git(root, *_QUIETLY, "merge", "--quiet", "--ff-only", arrived)
    except GitFailed:
        _roll_back(root)
        raise
    (root / _JOURNAL).unlink()


def _leave_conflicts(root: Path, tree: Path, before: str, target: str, conflicts: tuple[str, ...]) -> None:
    """Leave the learner's tree as a merge of git's leaves it: with conflicts in the files and in the index."""
    git(tree, "add", "--", *(path for path in _modified(tree) if path not in conflicts))
    changed = _paths(git(tree, "diff", "--name-only", "--no-renames", "--cached", "-z", "--relative", before))
    clean = [path for path in changed if path not in conflicts]
    staged = _paths(git(tree, "ls-files", "--stage", "-z", "--full-name", "--", *changed))
    prefix = words(root, "rev-parse", "--show-prefix")
    # First each changed path leaves the index, then what the merge has for it comes in, stage by stage.
    entries = [f"0 {'0' * 40}\t{prefix}{path}" for path in changed]
    for entry in staged:
        about, _, path = entry.partition("\t")
        mode, blob, stage = about.split()
        if stage == "2":  # "ours" is the learner's file, not the one with the reference in it
            blob = _blob(root, before, path.removeprefix(prefix)) or blob
        entries.append(f"{mode} {blob} {stage}\t{path}")
    contents = {root / path: (tree / path).read_bytes() for path in conflicts if (tree / path).is_file()}
    blobs = {path: words(tree, "hash-object", "--path", path, path) for path in changed if (tree / path).is_file()}
    _refuse_untracked(root, before, changed)
    _write_journal(root, before, None, {path: blobs.get(path) for path in changed})
    git(root, "update-index", "-z", "--index-info", stdin="".join(entry + "\0" for entry in entries).encode())
    there = [path for path in clean if path in blobs]
    git(
        root,
        "checkout-index",
        "--force",
        "--index",
        "-z",
        "--stdin",
        stdin="".join(path + "\0" for path in there).encode(),
    )
    for path in set(changed) - set(blobs):
        (root / path).unlink(missing_ok=True)
    replace_all(root, contents)
    for name, text in (
        ("MERGE_MSG", f"Update to upstream {target[:12]}\n"),
        ("MERGE_MODE", "no-ff"),
        ("MERGE_HEAD", target),
    ):
        (root / words(root, "rev-parse", "--git-path", name)).write_text(text + "\n")
    (root / _JOURNAL).unlink()


def _modified(tree: Path) -> tuple[str, ...]:
    return _paths(git(tree, "diff", "--name-only", "--no-renames", "-z", "--relative"))


def _refuse_untracked(root: Path, before: str, changed: Iterable[str]) -> None:
    in_the_way = [path for path in changed if (root / path).exists() and _blob(root, before, path) is None]
    if in_the_way:
        raise NotClean(
            f"Upstream brings files that are here already, and in no commit: {', '.join(in_the_way)}.",
            "Move them away, or commit them.",
        )


def _write_journal(root: Path, before: str, arrived: str | None, changed: Mapping[str, str | None]) -> None:
    content = json.dumps({"before": before, "arrived": arrived, "changed": changed}).encode()
    replace_all(root, {root / _JOURNAL: content})


def _roll_back(root: Path) -> bool:
    """Undo an update that was interrupted while it changed the learner's files; return whether there was one.

    Files that are neither as before nor as the update wrote them were edited since: they are kept first.
    """
    journal = root / _JOURNAL
    if not journal.exists():
        return False
    content = json.loads(journal.read_bytes())
    before: str = content["before"]
    changed: dict[str, str | None] = content["changed"]
    # On another commit the learner has gone on by other means, or the update was done but for the journal.
    undo = head(root) == before
    if undo:
        was = {path: _blob(root, before, path) for path in changed}
        edited = [
            root / path
            for path, new in changed.items()
            if (root / path).is_file() and words(root, "hash-object", "--path", path, path) not in (was[path], new)
        ]
        keep(root, edited, "update")
        git(root, "reset", "--quiet")
        for path, blob in was.items():
            if blob is None:
                (root / path).unlink(missing_ok=True)
        tracked = "".join(path + "\0" for path, blob in was.items() if blob)
        git(root, "checkout-index", "--force", "--index", "-z", "--stdin", stdin=tracked.encode())
    journal.unlink()
    return undo


def _blob(root: Path, commit: str, path: str) -> str | None:
    try:
        return words(root, "rev-parse", "--verify", "--quiet", f"{commit}:./{path}")
    except GitFailed:
        return None


def _paths(output: bytes) -> tuple[str, ...]:
    return tuple(path.decode(errors="surrogateescape") for path in output.split(b"\0") if path)
