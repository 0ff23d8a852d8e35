"""Overwrite files of the learner's without ever losing a line: one writer at a time, a copy first, then all or nothing.

What a command is about to overwrite is copied to ``.labs/kept/<time>-<command>/`` and is on the disk before the file is
touched. New contents are written in full beside it, under ``.labs/staged/``, and only renamed into place once all of
them are there: a disk that is full, or a process that is killed, leaves each file as it was or as it should be.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from labkit.errors import LabsError

SECONDS_OF_PATIENCE = 5.0


class CannotWrite(LabsError):
    """The disk is full, or the files cannot be written; the message says what has been changed."""


class Busy(LabsError):
    """Another command that writes is at work."""


@contextlib.contextmanager
def only_writer(root: Path, command: str, patience: float = SECONDS_OF_PATIENCE) -> Iterator[None]:
    """Let one command at a time change the learner's files.

    Parameters
    ----------
    command : what others are told that is in their way.
    patience : how long to wait for another one, in seconds.

    Raises
    ------
    Busy : another command was still at work after that time.
    """
    folder = root / ".labs"
    with _named_failures("Nothing was changed."):
        folder.mkdir(exist_ok=True)
        # Not truncated on opening: it may hold the name of the command that is at work.
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        # A git that outlives this process still writes: then it holds the lock.
        os.set_inheritable(lock, True)
    try:
        _wait_for(lock, patience)
        with _named_failures("Nothing was changed."):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{command} (process {os.getpid()})".encode(), 0)
            shutil.rmtree(folder / "staged", ignore_errors=True)  # of a command that was killed
        yield
    finally:
        os.close(lock)  # and the lock with it; the system does so too when the process is killed


def keep(root: Path, paths: Iterable[Path], command: str) -> Path | None:
    """Copy files to a folder of their own under ``.labs/kept`` and return it, or None if none of them exists.

    Raises
    ------
    CannotWrite : they could not be copied.
    """
    there = [path for path in paths if path.is_file()]
    if not there:
        return None
    with _named_failures("Nothing was changed."):
        folder = _new_folder(root / ".labs" / "kept", f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{command}")
        for path in there:
            copy = folder / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _write(copy, path.read_bytes(), 0o644)
            _sync(copy.parent)
        return folder


def replace_all(root: Path, contents: Mapping[Path, bytes]) -> None:
    """Give files new contents, each atomically, and none before all of them are on the disk. Their modes are kept.

    Raises
    ------
    CannotWrite : the new contents could not be written. Nothing was changed, or the message says which files were.
    """
    staged: dict[Path, Path] = {}
    changed: list[Path] = []
    folder = root / ".labs" / "staged"
    try:
        with _named_failures("Nothing was changed."):
            folder.mkdir(parents=True, exist_ok=True)
            for number, (path, content) in enumerate(contents.items()):
                # A link in the tree stays one: what it points to is replaced.
                target = path.resolve()
                target.parent.mkdir(parents=True, exist_ok=True)
                mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
                staged[target] = folder / str(number)
                _write(staged[target], content, mode)
        for target, new in staged.items():
            already = f"Changed before that: {', '.join(map(str, changed))}." if changed else "Nothing was changed."
            with _named_failures(already):
                os.replace(new, target)
                _sync(target.parent)
            changed.append(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(lock: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                who = os.pread(lock, 200, 0).decode(errors="replace") or "Another labs command"
                raise Busy(f"{who} is at work on these files.", "Wait for it to end, and try again.") from None
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def _named_failures(consequence: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        problem = "The disk is full" if full else f"{error.filename or 'A file'} cannot be written ({error.strerror})"
        raise CannotWrite(f"{problem}. {consequence}", "Make room, or let it be written, and try again.") from error


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            _sync(parent)
            return folder


def _write(path: Path, content: bytes, mode: int) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder as durable as the files behind them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
