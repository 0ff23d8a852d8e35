import subprocess
import sys
from pathlib import Path

import pytest

from labkit.module_runner import STOPPED, Stop, find_stop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "__init__.py").write_text("")
    (tmp_path / "work" / "half.py").write_text(
        "import sys\n"
        "def solve():\n    raise NotImplementedError('Task 1.4: train on the log price')\n"
        "print(__name__, sys.argv[1:])\n"
        "if sys.argv[1] == 'wrapped':\n"
        "    try:\n        solve()\n"
        "    except NotImplementedError as error:\n        raise ValueError('no model') from error\n"
        "if sys.argv[1] == 'exit':\n    sys.exit(7)\n"
        "if sys.argv[1] == 'other':\n    raise NotImplementedError('a base class')\n"
        "if sys.argv[1] == 'open':\n    solve()\n"
    )
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labkit.module_runner", "work.half", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", ["open", "wrapped"])
def test_a_run_stops_at_an_open_task_and_says_where(folder: Path, how: str) -> None:
    result = run(folder, how, "--more")
    assert result.returncode == STOPPED
    assert result.stdout == f"__main__ ['{how}', '--more']\n"
    assert result.stderr == (
        "stopped at task 1.4: train on the log price\n"
        "  Write it in work/half.py:3, then: labs check 01 --task 1.4 (labs hint 1.4)\n"
    )


def test_all_else_is_as_without_it(folder: Path) -> None:
    assert run(folder, "done").returncode == 0
    assert run(folder, "exit").returncode == 7
    other = run(folder, "other")
    assert other.returncode == 1
    assert other.stderr.endswith("NotImplementedError: a base class\n")


def test_no_stop_is_seen_in_another_error() -> None:
    assert find_stop(ValueError("Task 1.4: x")) is None
    assert Stop("1.4", "a title", "a.py", 3).next.startswith("Write it in a.py:3")
