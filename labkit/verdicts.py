"""What came of the checks: a verdict on each, the report that a learner reads, and the same as data."""

import contextlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["passed", "failed", "not_run"]
MARKS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "not_run": "–"}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one check.

    Attributes
    ----------
    task : the id of the task that it asks about.
    name : the test function's.
    line : what it asks, in one line: its docstring.
    sent, got, wanted, look_at : what a check that failed has found.
    at : the place in the learner's code that it happened at, as ``file:line  `code```.
    printed : what the code wrote while the check ran, shortened.
    reason : why it was not run, or why it failed without having found something.
    seconds : how long it took.
    """

    task: str
    name: str
    line: str
    outcome: Outcome
    sent: str = ""
    got: str = ""
    wanted: str = ""
    look_at: str = ""
    at: str = ""
    printed: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def headline(self) -> str:
        return f"{MARKS[self.outcome]} {self.task} {self.line}"

    @property
    def found(self) -> tuple[str, ...]:
        return self.sent, self.got, self.wanted, self.look_at, self.at, self.reason

    @property
    def found_but_for_numbers(self) -> tuple[str, ...]:
        """What was found, whatever numbers were drawn; the line that it happened at counts."""
        *texts, at, reason = self.found
        return *(_NUMBER.sub("#", text) for text in texts), at, _NUMBER.sub("#", reason)

    def __str__(self) -> str:
        """Return the verdict as the learner reads it: one line, and what was found below it."""
        lines = [self.headline]
        if self.outcome == "passed":
            return lines[0]
        if self.reason:
            lines += _field("not run" if self.outcome == "not_run" else "because", self.reason)
        found = (("sent", self.sent), ("got", self.got), ("wanted", self.wanted), ("at", self.at))
        for name, value in (*found, ("look at", self.look_at)):
            lines += _field(name, value) if value else []
        if self.outcome == "failed":
            lines[-1] += f"        (labs hint {self.task})"
        if self.printed:
            lines += ["    your code printed", *(f"      {line}" for line in self.printed.splitlines())]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What came of a lab's checks, in the order of its tasks.

    Attributes
    ----------
    seed : what the checks drew their values with.
    seconds : how long it took in all.
    """

    checks: tuple[Verdict, ...]
    seed: int
    seconds: float

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome == outcome for verdict in self.checks)

    @property
    def exit_code(self) -> int:
        """0 only if every check has passed; 1 if one failed; 3 if none did, but not all were run."""
        if self.count("failed"):
            return 1
        return 0 if self.checks and self.count("passed") == len(self.checks) else 3

    @property
    def summary(self) -> str:
        return f"{self.count('passed')} passed, {self.count('failed')} failed, {self.count('not_run')} not run"

    def of(self, task: str) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.checks if verdict.task == task)

    def passed(self, task: str) -> bool:
        """Say whether a task has checks and all of them passed."""
        return has_passed(self.of(task))

    def report(self) -> list[tuple[Outcome, str]]:
        """Return the texts on the checks, each with its outcome.

        A task of which there is one thing to say, that it is open, say, is one text; and one mistake often stops
        several checks, so that what was found is told once.
        """
        texts: list[tuple[Outcome, str]] = []
        told: dict[tuple[str, ...], Verdict] = {}
        for task, group in groupby(self.checks, key=lambda verdict: verdict.task):
            verdicts = list(group)
            first = verdicts[0]
            if first.reason and {(verdict.outcome, *verdict.found) for verdict in verdicts} == {
                (first.outcome, "", "", "", "", "", first.reason)
            }:
                number = f"({len(verdicts)} check{'s' if len(verdicts) > 1 else ''})"
                said = (
                    f"{MARKS[first.outcome]} {task} {'not run: ' if first.outcome == 'not_run' else ''}{first.reason}"
                )
                hint = f"        (labs hint {task})" if first.outcome == "failed" else ""
                texts.append((first.outcome, f"{said} {number}{hint}"))
                continue
            texts += [(verdict.outcome, text_of(verdict, told)) for verdict in verdicts]
        return texts

    def __str__(self) -> str:
        """Return the report and how many checks there are of each outcome."""
        return "\n".join([*(text for _, text in self.report()), self.summary])

    def as_data(self) -> dict[str, Any]:
        """Return the same for JSON."""
        counts: dict[str, Any] = {outcome: self.count(outcome) for outcome in MARKS}
        checks = [asdict(verdict) for verdict in self.checks]
        return {"seed": self.seed, "seconds": round(self.seconds, 3), **counts, "checks": checks}


def text_of(verdict: Verdict, told: dict[tuple[str, ...], Verdict]) -> str:
    """Return the text on a verdict: what was found already is told once, also where only its numbers differ.

    Parameters
    ----------
    told : by what was found so far, but for its numbers, the first verdict that found it; this one is added.
    """
    first = told.setdefault(verdict.found_but_for_numbers, verdict)
    if not verdict.got or first is verdict:
        return str(verdict)
    numbers = "" if first.found == verdict.found else ", with other numbers"
    return f"{verdict.headline}\n    as for “{first.line}”, above{numbers}"


def has_passed(verdicts: Iterable[Verdict]) -> bool:
    """Say whether there are verdicts, and none but passed ones."""
    outcomes = {verdict.outcome for verdict in verdicts}
    return outcomes == {"passed"}


def remember(root: Path, lab: str, verdicts: Verdicts) -> None:
    """Keep the verdicts for those who ask later; tasks that were not asked about keep their last ones."""
    asked = {verdict.task for verdict in verdicts.checks}
    others = [verdict for verdict in recall(root, lab) if verdict.task not in asked]
    path = _memory(root, lab)
    path.parent.mkdir(exist_ok=True)
    # Always the same name: what a check that was killed has left there, the next one takes along.
    staged = path.with_name(f"{path.name}.new")
    staged.write_text(json.dumps([asdict(verdict) for verdict in (*others, *verdicts.checks)]), encoding="utf-8")
    with contextlib.suppress(FileNotFoundError):  # another check has put it there already
        staged.replace(path)


def recall(root: Path, lab: str) -> tuple[Verdict, ...]:
    """Return the last verdicts on each task of a lab; none if it has not been checked, or they cannot be read."""
    try:
        return tuple(Verdict(**each) for each in json.loads(_memory(root, lab).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()


def _memory(root: Path, lab: str) -> Path:
    return root / ".labs" / f"last-check-{lab}.json"


def _field(name: str, value: str) -> list[str]:
    first, *others = value.splitlines() or [""]
    return [f"    {name:<8} {first}", *(f"    {'':<8} {line}" for line in others)]
