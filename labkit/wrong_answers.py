"""Wrong answers: what beginners write into a task's region, and what the checks must tell them.

``tests/wrong_answers/lab_01/1.2_random_split.py`` is a region's body as a learner would leave it; its first line says
what they think (``# wrong: …``). Beside it, ``1.2_random_split.diagnosis.txt`` is the report that they get. It is exact
on the Python that its first line names; on others numbers may differ, because libraries there round or draw otherwise.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from labkit.catalog import Lab
from labkit.regions import decode, encode, read_text, split_lines
from labkit.tasks import Task

DIAGNOSIS = ".diagnosis.txt"
_FOLDER = "tests/wrong_answers"
_NAME = re.compile(r"(?P<task>\d+\.\d+)_(?P<what>\w+)(?:\.\w+)?")
_THOUGHT = re.compile(r"\s*(?:#|//|--)\s*wrong:\s*(?P<thought>\S.*)")
_PYTHON = re.compile(r"# Python (?P<version>\d+\.\d+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A body that must fail its task's checks.

    Attributes
    ----------
    path : the file that it is in.
    thought : one line, what a beginner thinks who writes it.
    """

    task: Task
    path: Path
    thought: str
    body: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def diagnosis(self) -> Path:
        return self.path.with_name(self.name + DIAGNOSIS)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A report that was recorded, and the Python that gave it, as ``3.11``."""

    python: str
    report: str

    def agrees_with(self, report: str, python: str) -> bool:
        """Say whether a report is this one: to the letter on the same Python, up to its numbers on another."""
        if python == self.python:
            return report == self.report
        return _NUMBER.sub("#", report) == _NUMBER.sub("#", self.report)


def folder_of(root: Path, lab: Lab) -> Path:
    """Return where a lab's wrong answers are."""
    return root / _FOLDER / f"lab_{lab.id}"


def read_wrong_answers(root: Path, lab: Lab) -> tuple[tuple[WrongAnswer, ...], tuple[str, ...]]:
    """Return a lab's wrong answers by name, and one line for each file that is none and should not be there."""
    tasks = {task.id: task for task in lab.tasks}
    answers: dict[str, WrongAnswer] = {}
    problems: list[str] = []
    files = sorted(path for path in folder_of(root, lab).glob("*") if path.is_file() and path.name[0] != ".")
    for path in files:
        where = path.relative_to(root).as_posix()
        if path.name.endswith(DIAGNOSIS):
            continue
        named = _NAME.fullmatch(path.name)
        if not named or named["task"] not in tasks:
            problems.append(f"{where}: must be called after a task of this lab, as in 1.2_random_split.py")
            continue
        text = read_text(path)
        thought = _THOUGHT.fullmatch(next(iter(split_lines(text)), ""))
        if not thought:
            problems.append(f"{where}:1: must be a comment that says “wrong: ” and what a beginner thinks")
        elif path.stem in answers:
            problems.append(f"{where}: another wrong answer is called {path.stem} too")
        else:
            answers[path.stem] = WrongAnswer(tasks[named["task"]], path, thought["thought"].strip(), text)
    known = {answer.diagnosis for answer in answers.values()}
    orphans = [path for path in files if path.name.endswith(DIAGNOSIS) and path not in known]
    problems += [
        f"{path.relative_to(root).as_posix()}: the wrong answer that it belongs to is gone" for path in orphans
    ]
    return tuple(answers.values()), tuple(problems)


def read_diagnosis(path: Path) -> Diagnosis | None:
    """Return a recorded diagnosis, or None if there is none that can be read."""
    if not path.is_file():
        return None
    first, _, report = decode(path.read_bytes()).partition("\n")
    python = _PYTHON.fullmatch(first)
    return Diagnosis(python["version"], report) if python else None


def write_diagnosis(path: Path, diagnosis: Diagnosis) -> None:
    path.write_bytes(encode(f"# Python {diagnosis.python}\n{diagnosis.report}"))
