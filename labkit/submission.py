"""Read what a learner handed in: the bodies of task regions, and nothing else.

The tree is data. None of it is imported, run or put on a path; only the files that the trusted lab.toml lists are
opened, each without following a link, and of those only what stands between the markers is used. Whatever cannot be
read so is a remark in words, never an exception: somebody else's file must not be able to stop the grader.
"""

import os
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from labkit.catalog import Lab
from labkit.regions import MarkerError, Region, decode, parse, readable_bodies, split_lines, with_body
from labkit.started import STARTED, InvalidStarted, Started, parse_started

LARGEST_FILE = 1_000_000
LARGEST_BODY = 100_000
LINES_NAMED = 10


class Unreadable(Exception):
    """A file of the submission cannot be taken; the message says why, and reads on from the file's name."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The part of a learner's tree that counts.

    Attributes
    ----------
    bodies : by task, what stands in its region.
    missing : by task, why there is no body to grade.
    remarks : what was found beside and is ignored, one line each.
    """

    bodies: Mapping[str, str]
    missing: Mapping[str, str]
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _File:
    """What one file of the submission gave."""

    bodies: dict[str, str] = field(default_factory=dict)
    problem: str = ""  # with the file as a whole
    refused: dict[str, str] = field(default_factory=dict)  # with one task's region
    remarks: list[str] = field(default_factory=list)


def read_regular_file(tree: Path, file: str, largest: int = LARGEST_FILE) -> bytes:
    """Return the contents of a file in a tree that is not to be trusted.

    Each folder on the way is opened by itself and without following links, so that no path leads out of the tree,
    not even one that is exchanged meanwhile; opening never waits, as it would at a FIFO.

    Parameters
    ----------
    file : from the tree's folder, with forward slashes.
    largest : in bytes.

    Raises
    ------
    Unreadable : it is missing, no regular file, behind a link, or too large.
    """
    *folders, name = PurePosixPath(file).parts
    here = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = inner
        if stat.S_ISLNK(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
            raise Unreadable("is a symbolic link; a submission's files are regular files")
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=here)
    except FileNotFoundError:
        raise Unreadable("is missing") from None
    except OSError as error:
        # Linux tells of a link in a folder's place as ENOTDIR, macOS as ELOOP.
        raise Unreadable(f"is behind a link, or cannot be opened ({error.strerror})") from None
    finally:
        os.close(here)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not a regular file")
        if status.st_size > largest:
            raise Unreadable(f"has {status.st_size:,} bytes; the most is {largest:,}")
        with open(descriptor, "rb", closefd=False) as opened:
            content = opened.read(largest + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)
    if len(content) > largest:  # it grew, or belongs to a file system that knows no sizes
        raise Unreadable(f"has more than {largest:,} bytes")
    return content


def read_submission(tree: Path, trusted: Path, labs: Iterable[Lab]) -> Submission:
    """Return the bodies of the labs' task regions in a learner's tree.

    Parameters
    ----------
    tree : the learner's folder, of which nothing is believed.
    trusted : the folder of the trusted tree, which says how the files read outside their regions.
    labs : those whose tasks are wanted, as the trusted tree describes them.
    """
    bodies: dict[str, str] = {}
    missing: dict[str, str] = {}
    remarks: list[str] = []
    tasks = [task for lab in labs for task in lab.tasks]
    for name in dict.fromkeys(task.file for task in tasks):
        reference = decode((trusted / name).read_bytes())
        wanted = [task.id for task in tasks if task.file == name]
        found = _read_file(tree, name, reference, wanted)
        bodies |= found.bodies
        remarks += found.remarks
        gone = found.problem or f"its region is not in {name}"
        missing |= {task: found.refused.get(task, gone) for task in wanted if task not in found.bodies}
    return Submission(bodies, missing, tuple(remarks))


def read_started_labs(tree: Path) -> tuple[dict[str, Started] | None, str]:
    """Return which labs a learner's tree says were started, or None and why that is not known."""
    try:
        text = read_regular_file(tree, STARTED).decode("utf-8", errors="replace")
        return parse_started(text), ""
    except Unreadable as error:
        return None, f"{STARTED} {error}"
    except InvalidStarted as error:
        return None, str(error)


def differences_outside(text: str, reference: str, name: str) -> list[str]:
    """Name the lines of a text that differ from a reference outside the task regions of both.

    The parts between regions are compared one by one, and of each the first and the last line that differs are
    found: that takes time in proportion to the file, whatever somebody has written into it.

    Raises
    ------
    MarkerError : the regions of either cannot be told.
    """
    ours, theirs = _outside(text, name), _outside(reference, name)
    if len(ours) != len(theirs):
        return [f"{name}: its regions are not those of the trusted file"]
    told = []
    for (first, lines), (_, expected) in zip(ours, theirs, strict=True):
        if lines == expected:
            continue
        head = _equal(lines, expected)
        tail = _equal(lines[head:][::-1], expected[head:][::-1])
        changed = lines[head : len(lines) - tail]
        if not changed:
            gone = len(expected) - len(lines)
            told.append(f"{name}:{first + head}: {gone} line{'s' if gone > 1 else ''} taken out before this line")
        elif len(changed) == 1:
            told.append(f"{name}:{first + head}: {_shorten(changed[0].strip())}")
        else:
            told.append(f"{name}:{first + head}-{first + head + len(changed) - 1}: {_shorten(changed[0].strip())}")
    return told[:LINES_NAMED]


def printable(text: str) -> str:
    """Return a text of unknown origin without what would steer a terminal or break XML; lines and tabs stay."""
    return "".join(char if char in "\n\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _read_file(tree: Path, name: str, reference: str, wanted: Collection[str]) -> _File:
    try:
        text = decode(read_regular_file(tree, name))
    except Unreadable as error:
        return _File(problem=f"{name} {error}")
    found = _File()
    known = [region.task for region in parse(reference, name)]
    try:
        read = {region.task: region.body for region in parse(text, name, known)}
        found.remarks += differences_outside(text, reference, name)
    except MarkerError as error:
        # What is wrong with one task's markers is no reason to throw away the others.
        read = readable_bodies(text)
        found.problem = printable(str(error))
    for task in wanted:
        if task not in read:
            continue
        try:
            found.bodies[task] = _checked(read[task], reference, name, task)
        except Unreadable as error:
            found.refused[task] = f"the region in {name} {error}"
        except MarkerError as error:
            found.refused[task] = printable(error.problem)
    return found


def _checked(body: str, reference: str, name: str, task: str) -> str:
    size = len(body.encode("utf-8", errors="surrogateescape"))
    if size > LARGEST_BODY:
        raise Unreadable(f"has {size:,} bytes; the most is {LARGEST_BODY:,}")
    with_body(reference, name, task, body)  # refuses what cannot stand in a region
    return body


def _outside(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the lines before, between and after the regions, each part with the number of its first line."""
    lines = split_lines(text.removeprefix("\ufeff"))
    regions: list[Region] = parse(text, name)
    starts = [1, *(region.end for region in regions)]
    ends = [*(region.start for region in regions), len(lines)]
    return [(start, lines[start - 1 : end]) for start, end in zip(starts, ends, strict=True)]


def _equal(one: list[str], other: list[str]) -> int:
    """Return how many lines at the beginning are the same."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))


def _shorten(line: str) -> str:
    line = printable(line)
    return line if len(line) <= 80 else f"{line[:79]}…"
