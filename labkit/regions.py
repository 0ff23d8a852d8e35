"""Task regions: the holes in a product's files, between ``# TASK 1.2: title`` and ``# END TASK 1.2``.

The markers are comments, so a region can sit in any file whose comments begin with ``#``, ``//`` or ``--``. Texts are
handled as they stand in the file (line ends, a byte order mark and bytes that are no UTF-8 included): what is spliced
changes the lines between two markers and nothing else.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from labkit.errors import LabsError
from labkit.tasks import Task

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_LEAD = r"\ufeff?(?P<indent>[ \t]*)(?P<lead>#|//|--)[ \t]*"
_START = re.compile(_LEAD + r"TASK (?P<task>\d+\.\d+): (?P<title>\S.*?)\s*")
_END = re.compile(_LEAD + r"END TASK (?P<task>\d+\.\d+)\s*")
# Whatever looks as if it were meant as a marker has to be one: with a colon forgotten, a region would be missed.
_ALIKE = re.compile(_LEAD + r"(?:END[ \t]+)?TASK[ \t]*\d+\.\d+.*\s*")
# The line of equal signs between them is also how a heading is underlined; these two are nothing else.
_CONFLICT = re.compile(r"(?:<{7}|>{7}) .*\s*")


@dataclass(frozen=True, slots=True)
class Region:
    """A task's region in a file.

    Attributes
    ----------
    task, title : what the opening marker says.
    start, end : the markers' line numbers; the first line of a file is 1.
    indent, lead : what stands before the opening marker's words: white space, and the sign of a comment.
    body : the lines between the markers, with their line ends.
    """

    task: str
    title: str
    start: int
    end: int
    indent: str
    lead: str
    body: str


class MarkerError(LabsError):
    """The markers in a file do not enclose what they should; the message names the file and the line."""

    def __init__(self, path: Path | str, line: int | None, problem: str, task: str) -> None:
        self.path, self.line, self.problem, self.task = Path(path), line, problem, task
        super().__init__(f"{path}{'' if line is None else f':{line}'}: {problem}")
        self.remedy = (
            f"Put it right by hand, or rebuild the file: labs reset {lab_of(task)} --task {task} "
            "(your version is kept, and the command says where)."
        )


def lab_of(task: str) -> str:
    """Return the id of the lab that a task belongs to: ``01`` for ``1.2``."""
    return task.partition(".")[0].zfill(2)


def read_text(path: Path) -> str:
    """Return a file's text such that ``encode`` gives back its very bytes."""
    return decode(path.read_bytes())


def decode(content: bytes) -> str:
    return content.decode("utf-8", errors="surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def parse(text: str, path: Path | str, known: Collection[str] | None = None) -> list[Region]:
    """Return the regions of a text, in their order.

    Parameters
    ----------
    path : names the text in errors.
    known : the tasks that there are; None takes any.

    Raises
    ------
    MarkerError : a region is not closed, nested, doubled, closed under another task's number or never opened, its
        task is unknown, a line is almost a marker, or a merge conflict was left in it.
    """
    lines = _LINE.findall(text)
    try:
        regions = _pair(lines, path)
        for region in regions:
            if known is not None and region.task not in known:
                raise MarkerError(path, region.start, f"there is no task {region.task} in lab.toml.", region.task)
    except MarkerError as error:
        # Git writes both versions of a marker line one under the other: then the conflict is what to speak of.
        if conflict := _conflict(lines):
            raise _left_conflict(path, conflict, error.task) from None
        raise
    for region in regions:
        if conflict := _conflict(lines[region.start : region.end - 1]):
            raise _left_conflict(path, region.start + conflict, region.task)
    return regions


def find(text: str, path: Path | str, task: str) -> Region:
    """Return a task's region.

    Raises
    ------
    MarkerError : as for ``parse``, or the text has no such region.
    """
    for region in parse(text, path):
        if region.task == task:
            return region
    raise MarkerError(path, None, f"the lines # TASK {task}: … and # END TASK {task} are gone.", task)


def with_body(text: str, path: Path | str, task: str, body: str) -> str:
    """Return the text with other lines in a task's region, and every other character as it was.

    Parameters
    ----------
    body : whole lines, indented as they should stand; they get the line ends of the region's opening marker.

    Raises
    ------
    MarkerError : as for ``find``, or the body holds a marker or a merge conflict itself.
    """
    region = find(text, path, task)
    for number, line in enumerate(_LINE.findall(body), start=1):
        if _ALIKE.fullmatch(line) or _CONFLICT.fullmatch(line):
            what = f"line {number} of what should go into task {task} reads {line.strip()!r}, which cannot stand there."
            raise MarkerError(path, region.start, what, task)
    lines = _LINE.findall(text)
    line_end = lines[region.start - 1][-2:] if lines[region.start - 1].endswith("\r\n") else lines[region.start - 1][-1]
    inside = "".join(line + line_end for line in split_lines(body))
    return "".join(lines[: region.start]) + inside + "".join(lines[region.end - 1 :])


def around(text: str, path: Path | str) -> list[str]:
    """Return the lines of a text that are in none of its regions, the markers among them.

    Raises
    ------
    MarkerError : as for ``parse``.
    """
    lines = split_lines(text)
    for region in reversed(parse(text, path)):
        del lines[region.start : region.end - 1]
    return lines


def readable_bodies(text: str) -> dict[str, str]:
    """Return the bodies of those regions whose own markers are in order, whatever happened to the rest of the text."""
    bodies: dict[str, str] = {}
    seen: list[str] = []
    lines = _LINE.findall(text)
    markers = [(number, line) for number, line in enumerate(lines) if _ALIKE.fullmatch(line)]
    for (first, opening), (last, closing) in pairwise(markers):
        start, end = _START.fullmatch(opening), _END.fullmatch(closing)
        if start and end and start["task"] == end["task"] and not _conflict(lines[first:last]):
            bodies[start["task"]] = "".join(lines[first + 1 : last])
            seen.append(start["task"])
    return {task: body for task, body in bodies.items() if seen.count(task) == 1}


def same_lines(one: str, other: str) -> bool:
    """Say whether two bodies differ in their line ends at most."""
    return split_lines(one) == split_lines(other)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends, where an end is what Python and editors take for one."""
    lines = _LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def stub(task: Task, region: Region) -> str:
    """Return the body that leaves the task open: it fails in Python, and says what belongs here in other files."""
    words = f"Task {task.id}: {task.title}"
    if task.is_python:
        # A JSON string is a Python string, and the quotes in a title are taken care of.
        return f"{region.indent}raise NotImplementedError({json.dumps(words, ensure_ascii=False)})\n"
    scaffold = [region.indent + line if line else "" for line in task.scaffold.splitlines()]
    return "\n".join([f"{region.indent}{region.lead} {words}", *scaffold, ""])


def is_open(task: Task, region: Region) -> bool:
    """Say whether nothing has been written yet: the region holds its stub, or nothing.

    White space does not count, and in Python neither do comments and the wording of the stub's message: it still
    raises.
    """
    if not task.is_python:
        return region.body.split() in ([], stub(task, region).split())
    code = [line.strip() for line in split_lines(region.body) if line.strip() and not line.strip().startswith("#")]
    return (
        re.fullmatch(rf"raise NotImplementedError\((['\"])Task {re.escape(task.id)}:.*\1,?\)|", "".join(code))
        is not None
    )


def left_over(task: Task, region: Region) -> int | None:
    """Return the line of the file in which the words of the stub still stand beside an answer; None if nowhere.

    In Python the stub raises, so that nobody overlooks it. Elsewhere it is a comment, and whatever meets it there takes
    the task for open.
    """
    if task.is_python or is_open(task, region):
        return None
    words = re.compile(rf"\s*{re.escape(region.lead)}\s*Task {re.escape(task.id)}:")
    lines = enumerate(split_lines(region.body), start=region.start + 1)
    return next((number for number, line in lines if words.match(line)), None)


def _pair(lines: list[str], path: Path | str) -> list[Region]:
    regions: list[Region] = []
    opened: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(lines, start=1):
        if not (alike := _ALIKE.fullmatch(line)):
            continue
        start, end = _START.fullmatch(line), _END.fullmatch(line)
        inside = opened[1]["task"] if opened else None
        if start:
            task = start["task"]
            if inside == task or task in [region.task for region in regions]:
                raise MarkerError(path, number, f"task {task} begins a second time.", task)
            if inside:
                raise MarkerError(
                    path, number, f"task {task} begins inside task {inside}, which is not closed.", inside
                )
            opened = number, start
        elif end:
            task = end["task"]
            if not opened:
                raise MarkerError(path, number, f"END TASK {task} closes a task that was not opened.", task)
            if inside != task:
                raise MarkerError(path, number, f"END TASK {task} stands inside task {inside}.", opened[1]["task"])
            first, marker = opened
            body = "".join(lines[first : number - 1])
            regions.append(Region(task, marker["title"], first, number, marker["indent"], marker["lead"], body))
            opened = None
        else:
            task = _number_in(alike[0])
            form = f"a marker reads “TASK {task}: title” or “END TASK {task}”"
            raise MarkerError(path, number, f"{alike[0].strip()!r} is almost a marker: {form}.", task)
    if opened:
        task = opened[1]["task"]
        raise MarkerError(path, opened[0], f"task {task} is not closed: its END TASK {task} is gone.", task)
    return regions


def _number_in(line: str) -> str:
    found = re.search(r"\d+\.\d+", line)
    assert found  # the pattern that the line was found by has a number in it
    return found[0]


def _conflict(lines: list[str]) -> int | None:
    """Return the number of the first line that Git leaves around a conflict."""
    return next((number for number, line in enumerate(lines, start=1) if _CONFLICT.fullmatch(line)), None)


def _left_conflict(path: Path | str, line: int, task: str) -> MarkerError:
    return MarkerError(path, line, f"a merge conflict was left in or around task {task}.", task)
