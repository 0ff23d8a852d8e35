"""Notice when a file is saved."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_Stamps = list[tuple[int, int] | None]


def saves(paths: Iterable[Path], pause: float = 0.2) -> Iterator[None]:
    """Yield at once, and then each time that one of the files has been changed.

    It looks instead of being told, because that works everywhere: over a network, in a container, on any system.

    Parameters
    ----------
    pause : how long to wait between two looks, in seconds.
    """
    paths = tuple(paths)
    seen = _look_at(paths)
    yield
    while True:
        time.sleep(pause)
        now = _look_at(paths)
        if now == seen:
            continue
        # Many editors remove a file and put another one in its place: wait until that is done.
        while now != (later := _look_at_after(pause / 4, paths)):
            now = later
        seen = now
        yield


def _look_at_after(seconds: float, paths: Iterable[Path]) -> _Stamps:
    time.sleep(seconds)
    return _look_at(paths)


def _look_at(paths: Iterable[Path]) -> _Stamps:
    stamps: _Stamps = []
    for path in paths:
        try:
            status = path.stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except OSError:
            stamps.append(None)
    return stamps
