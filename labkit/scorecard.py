"""What a grade says, in three forms: JSON for programs, JUnit XML for CI, Markdown for people.

Half of what stands in a scorecard was written by the person who is graded: what their code printed, raised and
returned. So nothing of it may be taken for the grader's own words: in Markdown it is indented code, in which no sign
means anything, and in XML it is escaped text.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from labkit.catalog import Lab
from labkit.submission import printable
from labkit.tasks import Task
from labkit.verdicts import MARKS, Outcome, Verdict, Verdicts, has_passed

MEANING = (
    "A verdict says that the submitted task regions behave as the checks of the trusted commit ask. It does not say "
    "who wrote them (the reference solutions are public), and code that sets out to deceive is held by the machine "
    "that runs the grader, not by the grader."
)
UNCHANGED = "the region holds the reference, to the letter"
JSON_FILE, JUNIT_FILE, MARKDOWN_FILE = "result.json", "junit.xml", "scorecard.md"


@dataclass(frozen=True, slots=True)
class LabGrade:
    """What came of one lab.

    Attributes
    ----------
    verdicts : on each of its checks.
    remarks : what was found in the submission beside its task regions, and ignored.
    unchanged : the tasks whose regions hold the reference, to the letter.
    """

    lab: Lab
    verdicts: Verdicts
    remarks: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def outcome(self, task: Task) -> Outcome:
        """Return passed if all the task's checks did, failed if one did, and not_run otherwise."""
        verdicts = self.verdicts.of(task.id)
        if has_passed(verdicts):
            return "passed"
        return "failed" if any(verdict.outcome == "failed" for verdict in verdicts) else "not_run"

    @property
    def passed(self) -> bool:
        return bool(self.lab.tasks) and all(self.outcome(task) == "passed" for task in self.lab.tasks)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A submission's grade.

    Attributes
    ----------
    commit : the trusted commit, whose checks asked.
    python : the version that they ran with.
    labs : what was graded.
    remarks : what there is to say about the submission as a whole.
    """

    commit: str
    python: str
    labs: tuple[LabGrade, ...]
    remarks: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 only if every check of every graded lab has passed; 1 if one failed; 3 if none did, but not all ran."""
        if any(grade.verdicts.count("failed") for grade in self.labs):
            return 1
        return 0 if self.labs and all(grade.passed for grade in self.labs) else 3

    @property
    def summary(self) -> str:
        tasks = [grade.outcome(task) for grade in self.labs for task in grade.lab.tasks]
        counts = ", ".join(f"{tasks.count(outcome)} {outcome.replace('_', ' ')}" for outcome in MARKS)
        return f"{len(tasks)} tasks: {counts}"


def write(scorecard: Scorecard, folder: Path) -> None:
    """Write all three forms into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON_FILE).write_text(json.dumps(as_data(scorecard), indent=2) + "\n", encoding="utf-8")
    (folder / JUNIT_FILE).write_bytes(as_junit(scorecard))
    (folder / MARKDOWN_FILE).write_text(as_markdown(scorecard), encoding="utf-8")


def as_data(scorecard: Scorecard) -> dict[str, Any]:
    """Return a scorecard for JSON; docs/grading.md describes the fields."""
    return {
        "version": 1,
        "meaning": MEANING,
        "passed": scorecard.exit_code == 0,
        "exit_code": scorecard.exit_code,
        "summary": scorecard.summary,
        "commit": scorecard.commit,
        "python": scorecard.python,
        "remarks": list(scorecard.remarks),
        "labs": [
            {
                "lab": grade.lab.id,
                "title": grade.lab.title,
                "passed": grade.passed,
                "tasks": [
                    {
                        "task": task.id,
                        "title": task.title,
                        "outcome": grade.outcome(task),
                        "remark": UNCHANGED if task.id in grade.unchanged else "",
                    }
                    for task in grade.lab.tasks
                ],
                "remarks": list(grade.remarks),
                **grade.verdicts.as_data(),
            }
            for grade in scorecard.labs
        ],
    }


def as_junit(scorecard: Scorecard) -> bytes:
    """Return a scorecard as JUnit XML, in which a check is a test case and what was not run is skipped."""
    root = ElementTree.Element("testsuites", {"name": "labs grade"} | _counts(_all(scorecard.labs)))
    for grade in scorecard.labs:
        checks = grade.verdicts.checks
        suite = ElementTree.SubElement(root, "testsuite", {"name": f"lab {grade.lab.id}"} | _counts(checks))
        for verdict in checks:
            named = {"classname": f"task {verdict.task}", "name": printable(verdict.line)}
            case = ElementTree.SubElement(suite, "testcase", named | {"time": f"{verdict.seconds:.3f}"})
            if verdict.outcome == "failed":
                message = printable(verdict.got or verdict.reason).partition("\n")[0]
                ElementTree.SubElement(case, "failure", message=message).text = printable(str(verdict))
            elif verdict.outcome == "not_run":
                ElementTree.SubElement(case, "skipped", message=printable(verdict.reason))
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def as_markdown(scorecard: Scorecard) -> str:
    """Return a scorecard for people: a table of the tasks, and below it what the checks that did not pass found."""
    result = {0: "everything passed", 1: "not everything passed"}.get(scorecard.exit_code, "not everything was run")
    lines = [f"# Scorecard: {result}", "", f"{scorecard.summary}.", ""]
    for grade in scorecard.labs:
        lines += [f"## Lab {grade.lab.id}: {grade.lab.title}", "", "| | Task | |", "|---|---|---|"]
        for task in grade.lab.tasks:
            outcome = grade.outcome(task)
            remark = f"; {UNCHANGED}" if task.id in grade.unchanged else ""
            lines.append(f"| {MARKS[outcome]} | {task.id} {_cell(task.title)} | {outcome.replace('_', ' ')}{remark} |")
        lines.append("")
        lines += _code(str(verdict) for verdict in grade.verdicts.checks if verdict.outcome != "passed")
        if grade.remarks:
            lines += ["Outside the task regions, and ignored:", "", *_code(grade.remarks)]
    if scorecard.remarks:
        lines += ["Of the submission as a whole:", "", *_code(scorecard.remarks)]
    seeds = ", ".join(dict.fromkeys(str(grade.verdicts.seed) for grade in scorecard.labs)) or "none"
    source = f"Asked by the checks of commit `{scorecard.commit}` with Python {scorecard.python}, seed {seeds}."
    return "\n".join([*lines, source, "", MEANING, ""])


def _all(grades: Iterable[LabGrade]) -> tuple[Verdict, ...]:
    return tuple(verdict for grade in grades for verdict in grade.verdicts.checks)


def _counts(verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    outcomes = [verdict.outcome for verdict in verdicts]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": "0",
        "skipped": str(outcomes.count("not_run")),
        "time": f"{sum(verdict.seconds for verdict in verdicts):.3f}",
    }


def _code(texts: Iterable[str]) -> list[str]:
    """Return texts as indented code; no line of it can end the code, as a fence in it could."""
    lines = [f"    {line}" for text in texts for line in printable(text).splitlines()]
    return [*lines, ""] if lines else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
