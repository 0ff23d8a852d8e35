"""Read the commands of a lesson, run them in order, and compare what a lesson shows with what there is to see.

A lesson is a README. What counts in it:

``sh`` block
    commands, run as one script; every one of them has to succeed.
``console`` block
    ``$ command`` (continued by ``> ``), then what it prints. ``…`` stands for anything within a line, and on a
    line of its own for any lines. Numbers, times and digests may differ; a percentage by half a point.
``diff`` block
    an edit that the lesson asks for, applied with ``git apply``.
``python`` block whose first line is ``# artifacts/name.py``
    a file that the lesson asks to be saved. Other Python is only shown.
``<!-- exit: 1 -->``
    the last command of the next block ends with this code.
``<!-- needs: cluster -->``
    the next block is for readers who have that beside Python; others are told that it was not run.
``<!-- solved: 1.2 1.3 -->``
    from here on the reader has solved these tasks: the references stand in for their answers.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

LANGUAGES = {"sh", "console", "diff", "python", "text", "toml", "json"}
SECONDS = 300

FENCE = re.compile(r"^```(?P<language>\S*) *$")
SAVED = re.compile(r"^# (artifacts/\w+\.py)$")
DIRECTIVE = re.compile(
    r"^<!-- (?:(?P<name>exit|solved): (?P<value>[\d. ]+)|needs: (?P<needs>docker|cluster|docker cluster)) -->$"
)


class BadLesson(Exception):
    """A lesson cannot be read."""


class Deviation(AssertionError):
    """Reality is not what a lesson shows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a reader does.

    Attributes
    ----------
    line : of the lesson, where its block begins.
    command : for the shell; may have several lines.
    given : what it reads from stdin.
    shown : the output in the lesson, None where none is shown.
    code : the exit code that is right.
    needs : what it needs beside Python: ``docker``, ``cluster``.
    """

    line: int
    command: str
    given: str = ""
    shown: tuple[str, ...] | None = None
    code: int = 0
    needs: tuple[str, ...] = ()


def read_steps(text: str) -> Iterator[Step]:
    """Give the steps of a lesson in their order.

    Raises
    ------
    BadLesson : a block is not closed or says no language that is known, an output has no command, or a directive stands
        before nothing. The message names the line.
    """
    lines = iter(enumerate(text.splitlines(), start=1))
    code = 0
    needs: tuple[str, ...] = ()
    for number, line in lines:
        if directive := DIRECTIVE.match(line):
            if directive["needs"]:
                needs = tuple(directive["needs"].split())
                continue
            if directive["name"] == "exit":
                code = int(directive["value"])
                continue
            for task in directive["value"].split():
                lab = task.partition(".")[0].zfill(2)
                yield Step(number, f".venv/bin/labs solution {lab} --task {task} --apply")
        elif fence := FENCE.match(line):
            steps = _steps_of(fence["language"], number, list(_body(lines, number)))
            if (code or needs) and not steps:
                raise BadLesson(f"line {number}: a directive stands before a block that is not run")
            yield from (replace(step, needs=needs) for step in steps[:-1])
            yield from (replace(last, code=code, needs=needs) for last in steps[-1:])
        elif line.startswith("<!-- ") or (line and (code or needs)):
            raise BadLesson(f"line {number}: no directive, or one before something that is no block: {line}")
        else:
            continue
        code, needs = 0, ()


def _body(lines: Iterator[tuple[int, str]], opened: int) -> Iterator[str]:
    for _, line in lines:
        if line == "```":
            return
        yield line
    raise BadLesson(f"line {opened}: this block is not closed")


def _steps_of(language: str, line: int, body: Sequence[str]) -> list[Step]:
    if language not in LANGUAGES:
        raise BadLesson(f"line {line}: a block in {language or 'no language'}; one of {', '.join(sorted(LANGUAGES))}")
    match language:
        case "sh":
            return [Step(line, "set -e\n" + "\n".join(body))]
        case "diff":
            return [Step(line, "git apply", given="\n".join([*body, ""]))]
        case "console":
            return _commands_with_output(line, body)
        case "python" if body and (file := SAVED.match(body[0])):
            return [Step(line, f"mkdir -p artifacts && cat > {file[1]}", given="\n".join([*body, ""]))]
    return []


def _commands_with_output(line: int, body: Sequence[str]) -> list[Step]:
    steps: list[Step] = []
    command: list[str] = []
    shown: list[str] = []
    for text in [*body, "$ "]:
        if text.startswith("$ "):
            if command:
                steps.append(Step(line, "\n".join(command), shown=tuple(shown)))
            command, shown = [text[2:]], []
        elif not command:
            raise BadLesson(f"line {line}: an output before any command: {text}")
        elif text.startswith("> ") and not shown:
            command.append(text[2:])
        else:
            shown.append(text)
    return steps


def take(step: Step, folder: Path, environment: Mapping[str, str]) -> None:
    """Do what a step says.

    Raises
    ------
    Deviation : it ends with another code, or prints something else than the lesson shows.
    """
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=folder,
        env=environment,
        input=step.given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    printed = done.stdout.replace(str(folder), "…").splitlines()
    told = f"line {step.line}: {step.command}\n"
    if done.returncode != step.code:
        raise Deviation(f"{told}ended with {done.returncode} instead of {step.code}:\n" + "\n".join(printed))
    if step.shown is not None and (missing := first_difference(step.shown, printed)) is not None:
        raise Deviation(f"{told}does not print\n    {missing}\nhere, but\n" + "\n".join(printed))


NUMBER = re.compile(r"\d+([,.:–-]\d+)*")
DIGEST = re.compile(r"\b(?=\w*\d)[0-9a-f]{7,64}\b")
PERCENTAGE = re.compile(r"(\d+\.\d) ?%")
HALF_A_POINT = 0.5


def first_difference(shown: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first line of a lesson that the output does not have in its place; None if they agree."""
    runs = [(free, list(run)) for free, run in groupby(_plain(shown), lambda line: line == "…")]
    rest = _plain(printed)
    free = False
    for is_free, run in runs:
        if is_free:
            free = True
            continue
        at = _find(run, rest) if free else 0
        if at is None or not _agree(run, rest[at : at + len(run)]):
            there = rest[: len(run)]
            return next((line for line, got in zip(run, there, strict=False) if free or not _same(line, got)), run[-1])
        rest = rest[at + len(run) :]
        free = False
    return None if free or not rest else "(the end)"


def _plain(lines: Sequence[str]) -> list[str]:
    """Return the lines without what tells nothing: runs of blanks, frames of tables, empty lines."""
    plain = (re.sub(r"[\s─-╿]+", " ", line).strip() for line in lines)
    return [line for line in plain if line]


def _find(run: Sequence[str], lines: Sequence[str]) -> int | None:
    return next((at for at in range(len(lines) - len(run) + 1) if _agree(run, lines[at : at + len(run)])), None)


def _agree(shown: Sequence[str], printed: Sequence[str]) -> bool:
    return len(shown) == len(printed) and all(map(_same, shown, printed))


def _same(shown: str, printed: str) -> bool:
    pattern = re.escape(_masked(shown)).replace("…", ".*")
    if not re.fullmatch(pattern, _masked(printed)):
        return False
    pairs = zip(PERCENTAGE.findall(shown), PERCENTAGE.findall(printed), strict=False)
    return all(abs(float(ours) - float(theirs)) <= HALF_A_POINT for ours, theirs in pairs)


def _masked(line: str) -> str:
    return NUMBER.sub("#", DIGEST.sub("#", line))
