import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labkit.watching import saves

PAUSE = 0.04


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "split.py"
    path.write_text("one")
    return path


def after(seconds: float, work: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.start()
    return timer


def seconds_until(saved: Iterator[None]) -> float:
    began = time.monotonic()
    next(saved)
    return time.monotonic() - began


def test_the_first_look_is_at_once(file: Path) -> None:
    assert seconds_until(saves([file], pause=5)) < 1


def test_it_waits_until_a_file_is_saved(file: Path) -> None:
    saved = saves([file], pause=PAUSE)
    next(saved)
    after(0.3, lambda: file.write_text("another"))
    assert 0.25 < seconds_until(saved) < 2


def test_the_same_length_is_a_change_as_well(file: Path) -> None:
    saved = saves([file], pause=PAUSE)
    next(saved)
    after(0.1, lambda: file.write_text("two"))
    assert seconds_until(saved) < 2


def test_what_is_saved_during_a_check_is_not_missed(file: Path) -> None:
    saved = saves([file], pause=PAUSE)
    next(saved)
    file.write_text("during the check")
    assert seconds_until(saved) < 1


def test_a_file_that_is_replaced_in_steps_is_waited_for(file: Path) -> None:
    saved = saves([file], pause=0.4)  # while it changes, it is looked at every 0.1 seconds
    next(saved)

    def replace() -> None:
        file.unlink()
        for _ in range(30):
            time.sleep(0.02)
            with file.open("a") as out:
                out.write(".")

    after(0.1, replace)
    next(saved)
    assert len(file.read_text()) == 30


def test_any_of_the_files_counts_and_one_may_be_missing(file: Path) -> None:
    other = file.with_name("sales.py")
    saved = saves([file, other], pause=PAUSE)
    next(saved)
    after(0.1, lambda: other.write_text("new"))
    assert seconds_until(saved) < 2
    after(0.1, lambda: os.remove(other))
    assert seconds_until(saved) < 2
