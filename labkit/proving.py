"""Prove that a lab's checks tell right from wrong.

Four kinds of cases, each run in a copy of the project: the reference passes every check, whatever the seed; a task
passes with nothing in all others but those that it comes after; it fails with nothing in its own region either; and
each wrong answer fails its task with exactly the diagnosis that was recorded for it.

Checks that ask an engine or a cluster take long, so they are not asked what other seeds draw.

Cases that have nothing to do with each other are asked in one tree. Whichever does not come out as it must is asked
again, alone, and only that counts.
"""

import contextlib
import difflib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from labkit import checking
from labkit.assembly import assemble
from labkit.catalog import Lab
from labkit.expected import InvalidChecks, find_checks
from labkit.forking import Copies, libraries
from labkit.project import Project
from labkit.regions import MarkerError, find, read_text, stub
from labkit.rules import broken_rules, depends_on, marker_problems
from labkit.tasks import Task
from labkit.verdicts import Outcome, Verdicts
from labkit.wrong_answers import Diagnosis, WrongAnswer, read_diagnosis, read_wrong_answers, write_diagnosis

# A diagnosis holds what was drawn, so what is drawn has to be the same each time; the reference is asked more often.
SEED = 1
FURTHER_SEEDS = (2, 3)
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Case:
    """A tree to check, and what must come of it.

    Attributes
    ----------
    bodies : by task, what its region holds instead of the reference.
    asked : the tasks whose checks count.
    task : the one that it is about; None if it is about all.
    """

    kind: Literal["reference", "alone", "blank", "wrong answer"]
    asked: tuple[str, ...]
    seed: int = SEED
    bodies: Mapping[str, str] = field(default_factory=dict)
    task: Task | None = None
    answer: WrongAnswer | None = None

    @property
    def name(self) -> str:
        if self.answer:
            return f"wrong answer {self.answer.name}"
        if self.task:
            return f"{self.task.id} {'blanked' if self.kind == 'blank' else 'alone'}"
        return f"reference, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case.

    Attributes
    ----------
    wanted, got : where it did not come out as it must, in words.
    updated : the change to the recorded diagnosis, as a diff, if it was renewed.
    seconds : how long it took.
    """

    case: Case
    outcome: Outcome
    seconds: float
    wanted: str = ""
    got: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a lab's cases, and the rules that its files break."""

    lab: Lab
    broken: tuple[str, ...]
    results: tuple[Result, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        outcomes = {result.outcome for result in self.results}
        if self.broken or "failed" in outcomes:
            return 1
        return 0 if outcomes <= {"passed"} else 3


def prove(
    project: Project,
    lab: Lab,
    labs: Iterable[Lab],
    *,
    update: bool = False,
    tools: bool | None = None,
    jobs: int | None = None,
    tell: Callable[[Result, int, int], None] = lambda result, done, total: None,
) -> Proof:
    """Run all of a lab's cases, several at a time.

    Parameters
    ----------
    labs : all that there are; those before this one come along, with their reference.
    update : record what wrong answers were told where it is not what was recorded.
    tools : only the cases of tasks that need a tool, or only those of tasks that need none; by default all.
    jobs : how many cases run at a time; by default as many as there are processors.
    tell : is called with each result as it comes, how many there are by now, and how many there will be.
    """
    started = time.monotonic()
    answers, problems = read_wrong_answers(project.root, lab)
    try:
        checks = find_checks(_tests(project.root, lab), lab.tasks)
    except InvalidChecks as error:
        return Proof(lab, (str(error), *problems), (), time.monotonic() - started)
    broken = (*broken_rules(project.root, lab, (c.task for c in checks), (a.task.id for a in answers)), *problems)
    # Without markers that can be read there is nothing to splice into.
    asked = {task.id for task in lab.tasks if tools is None or tools == bool(task.needs)}
    cases = [] if marker_problems(project.root, lab) else _of_tasks(asked, cases_of(project.root, lab, answers))
    before = tuple(each for each in labs if each.id <= lab.id)
    results: dict[str, Result] = {}
    with _copies(project, before if cases else ()) as copies, ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        running = [pool.submit(_run, project, lab, before, some, update, copies) for some in _together(lab, cases)]
        try:
            for future in as_completed(running):
                for result in future.result():
                    results[result.case.name] = result
                    tell(result, len(results), len(cases))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    in_order = tuple(results[case.name] for case in cases)
    return Proof(lab, broken, in_order, time.monotonic() - started)


def cases_of(root: Path, lab: Lab, answers: Iterable[WrongAnswer]) -> list[Case]:
    """Return a lab's cases, those that take longest first.

    Raises
    ------
    MarkerError : a task's region cannot be found.
    """
    without_tools = tuple(task.id for task in lab.tasks if not task.needs)
    with_tools = tuple(task.id for task in lab.tasks if task.needs)
    cases = [Case("reference", (*without_tools, *with_tools))]
    stubs = {task.id: stub(task, find(read_text(root / task.file), task.file, task.id)) for task in lab.tasks}
    if without_tools:
        cases += [Case("reference", without_tools, seed) for seed in FURTHER_SEEDS]
    for task in lab.tasks:
        before = {other.id for other in lab.tasks if task.id in depends_on(lab.tasks, other.id)} - {task.id}
        blank = {other: text for other, text in stubs.items() if other not in before}
        others = {other: text for other, text in blank.items() if other != task.id}
        cases.append(Case("blank", (task.id,), bodies=blank, task=task))
        cases.append(Case("alone", (task.id,), bodies=others, task=task))
    for answer in answers:
        # A wrong answer is only asked what its own task asks: the rest of the lab holds the reference.
        own = answer.task
        cases.append(Case("wrong answer", (own.id,), bodies={own.id: answer.body}, task=own, answer=answer))
    return cases


def _of_tasks(tasks: Collection[str], cases: Iterable[Case]) -> list[Case]:
    """Return the cases in which one of these tasks is asked; of the others nothing is asked there."""
    asked = ((case, tuple(task for task in case.asked if task in tasks)) for case in cases)
    return [replace(case, asked=some) for case, some in asked if some]


def _copies(project: Project, labs: Collection[Lab]) -> contextlib.AbstractContextManager[Copies | None]:
    """Start what most cases' processes are copies of, with all libraries that the labs and their checks import."""
    if sys.platform != "linux" or not labs:
        return contextlib.nullcontext()
    files = [file for lab in labs for folder in (lab.folder, _tests(project.root, lab)) for file in _python(folder)]
    own = {"labkit"} | {package.name for lab in labs for package in lab.folder.iterdir() if package.is_dir()}
    return checking.start_copies(libraries(files, own), SEED, project.python)


def _together(lab: Lab, cases: Iterable[Case]) -> list[list[Case]]:
    """Gather cases that can share a tree: with the same regions blanked, or with wrong answers that do not meet.

    Those are of tasks in different files, none of which comes after another. That the checks of such a task do not run
    another's region is what the case shows in which it stands alone.
    """
    batches: list[list[Case]] = []
    for case in cases:
        fitting = (batch for batch in batches if all(_apart(lab, case, other) for other in batch))
        if batch := next(fitting, None):
            batch.append(case)
        else:
            batches.append([case])
    return batches


def _apart(lab: Lab, one: Case, other: Case) -> bool:
    if one.kind == other.kind == "blank":
        return one.bodies == other.bodies
    if not (one.answer and other.answer):
        return False
    first, second = one.answer.task, other.answer.task
    dependent = second.id in depends_on(lab.tasks, first.id) or first.id in depends_on(lab.tasks, second.id)
    return first.file != second.file and first.needs == second.needs and not dependent


def _run(
    project: Project, lab: Lab, labs: tuple[Lab, ...], cases: list[Case], update: bool, copies: Copies | None
) -> list[Result]:
    """Run cases in one tree, and again, each by itself, those that do not come out as they must."""
    started = time.monotonic()
    alone = len(cases) == 1
    with tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        try:
            found = _without_folders(_check(project, lab, labs, cases, folder, copies), folder)
            judged = [_judge(case, found, update and alone) for case in cases]
        except MarkerError as error:
            judged = [("failed", "a body that can stand in its region", error.problem, "")] * len(cases)
    seconds = (time.monotonic() - started) / len(cases)
    results = []
    for case, (outcome, wanted, got, updated) in zip(cases, judged, strict=True):
        if alone or outcome == "passed":
            results.append(Result(case, outcome, seconds, wanted, got, updated))
        else:
            results += _run(project, lab, labs, [case], update, copies)
    return results


def _check(
    project: Project, lab: Lab, labs: tuple[Lab, ...], cases: list[Case], folder: Path, copies: Copies | None
) -> Verdicts:
    tree, scratch = folder / "tree", folder / "tmp"
    tree.mkdir()
    scratch.mkdir()
    bodies = {task: body for case in cases for task, body in case.bodies.items()}
    asked = [task for case in cases for task in case.asked]
    seed = cases[0].seed
    return checking.check_lab(
        _tests(project.root, lab),
        lab.tasks,
        root=tree,
        paths=assemble(project.root, tree, bodies, labs),
        only=asked,
        # What is asked does not come after them, or they hold the reference.
        skipped=[task.id for task in lab.tasks if task.id not in asked],
        seed=seed,
        python=project.python,
        # Other seeds ask for interpreters of their own, and so show that nothing works only in a copy.
        copies=copies if seed == SEED else None,
        # pytest's numbered folders are shared by all that runs on a machine; cases must not meet in them.
        environment=os.environ | {"TMPDIR": str(scratch)},
    )


def _without_folders(verdicts: Verdicts, folder: Path) -> Verdicts:
    """Write paths in a case's temporary folder such that they read the same in each run, as ``tmp/test_…``."""
    random = re.compile(re.escape(f"{folder}/") + r"(tmp/pytest-of-[^/\s]+/pytest-\d+/)?")

    def settled(text: str) -> str:
        return random.sub(lambda found: "tmp/" if found[1] else "", text)

    checks = (
        replace(
            verdict,
            sent=settled(verdict.sent),
            got=settled(verdict.got),
            printed=settled(verdict.printed),
            reason=settled(verdict.reason),
        )
        for verdict in verdicts.checks
    )
    return replace(verdicts, checks=tuple(checks))


def _judge(case: Case, verdicts: Verdicts, update: bool) -> tuple[Outcome, str, str, str]:
    if case.answer and case.task:
        return _judge_answer(case.answer, verdicts, update)
    if case.task and case.kind == "blank":
        return _judge_blank(case.task, verdicts)
    if verdicts.exit_code == 0:
        return "passed", "", "", ""
    wanted = "every check passes"
    if case.task:
        wanted += f" of task {case.task.id}, with nothing in any other but those that it comes after in lab.toml"
    outcome: Outcome = "failed" if verdicts.count("failed") or not verdicts.checks else "not_run"
    return outcome, wanted, _report(v for v in verdicts.checks if v.outcome != "passed"), ""


def _judge_blank(task: Task, verdicts: Verdicts) -> tuple[Outcome, str, str, str]:
    own = {verdict.outcome for verdict in verdicts.of(task.id)}
    if "failed" in own:
        return "passed", "", "", ""
    if "not_run" in own:
        return "not_run", f"a check of task {task.id} fails", _report(verdicts.of(task.id)), ""
    return "failed", f"a check of task {task.id} fails", "all of them pass with nothing in the region", ""


def _judge_answer(answer: WrongAnswer, verdicts: Verdicts, update: bool) -> tuple[Outcome, str, str, str]:
    own = verdicts.of(answer.task.id)
    failed = [verdict for verdict in own if verdict.outcome == "failed"]
    if not failed:
        wanted = f"a check of task {answer.task.id} fails ({answer.thought})"
        if any(verdict.outcome == "not_run" for verdict in own):
            return "not_run", wanted, _report(own), ""
        return "failed", wanted, "all of them pass", ""
    report = _report(failed)
    recorded = read_diagnosis(answer.diagnosis)
    if recorded and recorded.agrees_with(report, PYTHON):
        return "passed", "", "", ""
    before = recorded.report if recorded else ""
    if update:
        write_diagnosis(answer.diagnosis, Diagnosis(PYTHON, report))
        lines = difflib.unified_diff(before.splitlines(), report.splitlines(), "recorded", "now", lineterm="")
        return "passed", "", "", "\n".join(lines)
    return (
        "failed",
        before or f"a recorded diagnosis, {answer.diagnosis.name} (labs prove --update writes it)",
        report,
        "",
    )


def as_data(proof: Proof) -> dict[str, Any]:
    """Return a proof for JSON."""
    return {
        "lab": proof.lab.id,
        "proven": proof.exit_code == 0,
        "python": PYTHON,
        "seconds": round(proof.seconds, 1),
        "broken_rules": list(proof.broken),
        "cases": [
            {
                "case": result.case.name,
                "kind": result.case.kind,
                "task": result.case.task.id if result.case.task else None,
                "outcome": result.outcome,
                "wanted": result.wanted,
                "got": result.got,
                "updated": result.updated,
                "seconds": round(result.seconds, 1),
            }
            for result in proof.results
        ],
    }


def _tests(root: Path, lab: Lab) -> Path:
    return root / "tests" / f"lab_{lab.id}"


def _python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _report(verdicts: Iterable[object]) -> str:
    return "".join(f"{verdict}\n" for verdict in verdicts)
