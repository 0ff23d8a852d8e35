"""Grade a learner's tree on trusted ground.

The checks, the lab.toml and the product come from a commit of the trusted tree, laid out in a temporary folder. From
the learner's tree come the bodies of the task regions, read as data (``labkit.submission``). They are checked in child
processes that know nothing of who runs the grader, with limits on time and memory, and the folder is removed.
"""

import io
import os
import platform
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from labkit.assembly import splice
from labkit.catalog import NEEDS, Lab, find_lab, load_labs
from labkit.checking import check_lab
from labkit.environment import ensure_installed
from labkit.errors import NotRun, WrongUsage
from labkit.git import git, head, words
from labkit.project import Project
from labkit.regions import find, read_text, same_lines, stub
from labkit.scorecard import LabGrade, Scorecard
from labkit.started import STARTED, read_started, references_at
from labkit.submission import Submission, Unreadable, printable, read_regular_file, read_started_labs, read_submission
from labkit.verdicts import Verdict, Verdicts

# What the checks may know of the machine: where its programs are, and how it writes.
_PASSED_ON = ("PATH", "LANG")
# And how it reaches what its caller has said that it may use.
_WAY_TO = {"docker": ("DOCKER_HOST",), "cluster": ("KUBECONFIG", "LABS_KUBE_CONTEXT")}


def grade(
    project: Project,
    tree: Path,
    *,
    trusted: Path | None = None,
    only: Collection[str] = (),
    require: Collection[str] = (),
    tell: Callable[[Verdict], None] = lambda verdict: None,
) -> Scorecard:
    """Return the grade of a learner's tree.

    Parameters
    ----------
    project : in whose environment the checks run; what the graded labs need is installed there.
    tree : the learner's folder, which is only read.
    trusted : a clone whose last commit is believed, by default the project; its working tree is not looked at.
    only : the ids of the labs to grade; otherwise those that the learner has started.
    require : needs of tasks (``labkit.tasks.NEEDS``) that the learner's code may use here, and that have to be there.
    tell : is called with each verdict as it comes.

    Raises
    ------
    WrongUsage : there is no such folder or no such lab.
    NotRun : the trusted tree is no clone, or the learner has not started a lab.
    SetUpFailed : what a lab needs could not be installed.
    """
    trusted = trusted or project.root
    for folder in (tree, trusted):
        if not folder.is_dir():
            raise WrongUsage(f"There is no folder {folder}.", "Name the top folder of a clone.")
    commit = head(trusted)
    started, problem = read_started_labs(tree)
    with tempfile.TemporaryDirectory(prefix="labs-grade-", ignore_cleanup_errors=True) as name:
        copy = Path(name).resolve() / "tree"
        lay_out(trusted, commit, copy)
        labs = load_labs(copy)
        remarks = _remarks(trusted, labs, started or {})
        if only:
            chosen = [find_lab(labs, lab) for lab in dict.fromkeys(only)]
        elif started is None:
            remarks.append(f"{printable(problem)}; graded were the labs in which a region does not hold the reference")
            chosen = [lab for lab in labs if _has_work(tree, copy, lab)]
        else:
            chosen = [lab for lab in labs if lab.id in started]
        if not chosen:
            raise NotRun(f"No lab was started in {tree}.", "--lab 01 grades one all the same.")
        grades = []
        for lab in chosen:
            ensure_installed(project, lab.requirements)
            skipped = started[lab.id].skipped if started and lab.id in started else ()
            grades.append(_grade_lab(project.python, copy, tree, lab, labs, skipped, require, tell))
    return Scorecard(commit, platform.python_version(), tuple(grades), tuple(remarks))


def lay_out(root: Path, commit: str, target: Path) -> None:
    """Write the files of a commit, with the reference in each task region, into a new folder."""
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", commit))) as archive:
        # Pythons before 3.11.4 know no filters, and extract what git has made all the same.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(target)
    labs = {lab.id: lab for lab in load_labs(target)}
    # Where somebody grades with their own clone as the trusted one, their labs may be half-solved in it.
    for lab, entry in read_started(target).items():
        if lab in labs:
            tasks = labs[lab].tasks
            known = references_at(root, entry.base, tasks)
            splice(target, {task: region.body for task, region in known.items()}, tasks)


def scrubbed_environment(home: Path, require: Collection[str] = ()) -> dict[str, str]:
    """Return what the checks' processes see of the environment: nothing that says who runs them.

    Parameters
    ----------
    home : an empty folder.
    require : what they may use; the way there is passed on.
    """
    scratch = home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    passed_on = (*_PASSED_ON, *(name for need in require for name in _WAY_TO[need]))
    kept = {name: os.environ[name] for name in passed_on if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"LANG": "C.UTF-8"} | kept | {"HOME": str(home), "TMPDIR": str(scratch)} | threads


def _grade_lab(
    python: Path,
    copy: Path,
    tree: Path,
    lab: Lab,
    labs: Iterable[Lab],
    skipped: Collection[str],
    require: Collection[str],
    tell: Callable[[Verdict], None],
) -> LabGrade:
    submission = read_submission(tree, copy, [lab])
    reference = {task.id: find(read_text(copy / task.file), task.file, task.id) for task in lab.tasks}
    passed_over = {task.id for task in lab.tasks} & {*skipped}
    bodies = {
        task.id: submission.bodies.get(task.id, stub(task, reference[task.id]))
        for task in lab.tasks
        if task.id not in passed_over
    }
    splice(copy, bodies, lab.tasks)
    try:
        verdicts = check_lab(
            copy / "tests" / f"lab_{lab.id}",
            lab.tasks,
            root=copy,
            paths=[each.folder for each in labs if each.id <= lab.id],
            skipped=passed_over,
            require=require,
            withheld={
                need: f"labs grade --require {need} lets the code use it" for need in NEEDS if need not in require
            },
            python=python,
            environment=scrubbed_environment(copy.parent / "home", require),
            on_verdict=tell,
        )
    finally:
        # Each lab is graded on its own work; the labs before it hold the reference.
        splice(copy, {task: region.body for task, region in reference.items()}, lab.tasks)
    remarks = (*submission.remarks, *_edited(tree, copy, lab))
    unchanged = tuple(task for task, body in bodies.items() if same_lines(body, reference[task].body))
    return LabGrade(lab, _with_missing(verdicts, submission, passed_over), remarks, unchanged)


def _with_missing(verdicts: Verdicts, submission: Submission, skipped: Collection[str]) -> Verdicts:
    """Say of tasks that could not be read why they fail, whatever their stub has come to."""
    checks = [
        replace(verdict, outcome="failed", reason=f"nothing to grade: {submission.missing[verdict.task]}")
        if verdict.task in submission.missing and verdict.task not in skipped
        else verdict
        for verdict in verdicts.checks
    ]
    return replace(verdicts, checks=tuple(checks))


def _remarks(trusted: Path, labs: tuple[Lab, ...], started: Iterable[str]) -> list[str]:
    """Return what there is to say before anything has been graded."""
    there = {lab.id for lab in labs}
    remarks = [f"{STARTED} names lab {printable(lab)}, which there is not" for lab in started if lab not in there]
    if words(trusted, "status", "--porcelain", "--untracked-files=no"):
        remarks.append("the trusted tree has changes that are not committed: they were not used")
    return remarks


def _has_work(tree: Path, copy: Path, lab: Lab) -> bool:
    """Say whether a region holds something else than the reference."""
    bodies = read_submission(tree, copy, [lab]).bodies
    reference = {task.id: find(read_text(copy / task.file), task.file, task.id) for task in lab.tasks}
    return any(not same_lines(body, reference[task].body) for task, body in bodies.items())


def _edited(tree: Path, copy: Path, lab: Lab) -> list[str]:
    """Name the files beside the tasks' own that matter to a grade and read differently in the learner's tree."""
    own = [lab.folder / "lab.toml", *sorted((copy / "tests" / f"lab_{lab.id}").rglob("*.py"))]
    told = []
    for path in own:
        name = path.relative_to(copy).as_posix()
        try:
            if read_regular_file(tree, name).replace(b"\r\n", b"\n") != path.read_bytes():
                told.append(f"{name}: not as in the trusted tree")
        except Unreadable as error:
            told.append(f"{name} {error}")
    return told
