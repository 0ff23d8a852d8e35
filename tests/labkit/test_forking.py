"""Checks in a process that is a copy of one with the libraries come out as in one of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from labkit.channel import LOST
from labkit.forking import Copies, Copy, libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries on macOS do not bear a fork")
RUN = f"""
import sys, tempfile
tempfile.gettempdir()
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from labkit.forking import serve
from tests.labkit.test_forking import do
serve(int(sys.argv[1]), sys.argv[2:], do)
"""


def do() -> NoReturn:
    """Be a copy: run what the first line of stdin says."""
    exec(sys.stdin.readline())
    sys.stdout.flush()
    os._exit(0)


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    command = [sys.executable, "-P", "-c", RUN]
    with Copies(command, os.environ | {"SHOP": "the server's"}, ["wave", "no_such_module"]) as copies:
        yield copies


def run(copies: Copies, program: str, folder: Path, environment: dict[str, str] | None = None) -> tuple[Copy, str]:
    """Let a copy run a line of Python, and return it with what it printed, when it has ended."""
    stdin, told = os.pipe()
    printed, output = os.pipe()
    copy = copies.start(folder, environment or {}, stdin, output, [])
    os.close(stdin)
    os.close(output)
    with os.fdopen(told, "w") as asked, os.fdopen(printed) as answer:
        asked.write(program + "\n")
        asked.flush()
        text = answer.read()
    copy.wait(timeout=10)
    return copy, text


def test_a_copy_has_the_modules_and_what_it_was_given(copies: Copies, tmp_path: Path) -> None:
    given = {"SHOP": "its own", "PYTHONPATH": f"/first{os.pathsep}/second", "TMPDIR": str(tmp_path)}
    program = (
        "import os, sys, tempfile; print('wave' in sys.modules, dict(os.environ), os.getcwd(), sys.path[:2], "
        "tempfile.gettempdir(), os.getsid(0) == os.getpid(), file=sys.stderr)"
    )
    copy, printed = run(copies, program, tmp_path, given)
    assert printed == f"True {given} {tmp_path} ['/first', '/second'] {tmp_path} True\n"
    assert copy.poll() == copy.wait() == 0


def test_a_copy_knows_nothing_of_another(copies: Copies, tmp_path: Path) -> None:
    run(copies, "import wave, os; wave.left = os.environ['LEFT'] = 'behind'", tmp_path)
    _, printed = run(copies, "import wave, os; print(hasattr(wave, 'left'), dict(os.environ))", tmp_path)
    assert printed == "False {}\n"


def test_a_copy_has_no_files_open_but_its_own(copies: Copies, tmp_path: Path) -> None:
    _, printed = run(copies, "import os; print(sorted(os.listdir('/proc/self/fd')))", tmp_path)
    assert printed == "['0', '1', '2', '3']\n"  # 3 lists the folder


@pytest.mark.parametrize("swapped", [False, True])
def test_files_come_in_under_their_numbers(copies: Copies, tmp_path: Path, swapped: bool) -> None:
    stdin, told = os.pipe()
    ends = [os.pipe(), os.pipe()]
    kept = [writing for _, writing in ends]
    copy = copies.start(tmp_path, {}, stdin, 2, kept[::-1] if swapped else kept)
    os.write(told, f"import os; [os.write(end, b'%d' % end) for end in {kept}]\n".encode())
    assert copy.wait(timeout=10) == 0
    for end in (stdin, told, *kept):
        os.close(end)
    for reading, writing in ends:
        with os.fdopen(reading) as answer:
            assert answer.read() == str(writing)


@pytest.mark.parametrize(
    ("program", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 11)", -11), ("os.kill(0, 9)", -9)]
)
def test_how_a_copy_ended_is_told(copies: Copies, tmp_path: Path, program: str, status: int) -> None:
    copy, _ = run(copies, f"import os; {program}", tmp_path)
    assert copy.poll() == status


def test_a_copy_can_be_waited_for_and_ended(copies: Copies, tmp_path: Path) -> None:
    stdin, told = os.pipe()
    copy = copies.start(tmp_path, {}, stdin, 2, [])
    os.write(told, b"import time; time.sleep(60)\n")
    assert copy.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        copy.wait(timeout=0.05)
    os.killpg(copy.pid, signal.SIGKILL)
    assert copy.wait(timeout=10) == -signal.SIGKILL
    os.close(stdin)
    os.close(told)


def test_how_a_copy_ended_may_be_lost(copies: Copies, tmp_path: Path) -> None:
    """when who waits for it is killed"""
    stdin, told = os.pipe()
    printed, output = os.pipe()
    copy = copies.start(tmp_path, {}, stdin, output, [])
    os.write(told, b"import os, time; print(os.getppid(), flush=True); time.sleep(60)\n")
    os.kill(int(os.read(printed, 100)), signal.SIGKILL)
    assert copy.wait(timeout=10) == LOST
    os.killpg(copy.pid, signal.SIGKILL)
    for end in (stdin, told, printed, output):
        os.close(end)


def test_numbers_of_files_may_be_those_that_others_come_in_under(tmp_path: Path) -> None:
    """as where all numbers are small: here those of an interpreter that has just started"""
    program = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from labkit.forking import Copies
with Copies([sys.executable, "-P", "-c", {RUN!r}], os.environ, []) as copies:
    stdin, told = os.pipe()
    ends = [os.pipe() for _ in range(4)]
    kept = [writing for _, writing in ends][::-1]
    copy = copies.start(Path("/"), {{}}, stdin, 2, kept)
    os.write(told, f"import os; [os.write(end, b'%d' % end) for end in {{kept}}]\\n".encode())
    assert copy.wait(timeout=10) == 0
    for reading, writing in ends:
        assert os.read(reading, 10) == b"%d" % writing, (reading, writing)
"""
    subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, check=True, timeout=60)


def test_the_interpreter_ends_with_who_asked_for_it(tmp_path: Path) -> None:
    with Copies([sys.executable, "-P", "-c", RUN], os.environ, []) as copies:
        copy, _ = run(copies, "import os; print(os.getppid())", tmp_path)
        server = copies._server.pid
    assert copy.poll() == 0
    assert not Path(f"/proc/{server}").exists()


def test_a_control_c_does_not_reach_the_interpreter(copies: Copies) -> None:
    assert os.getsid(copies._server.pid) != os.getsid(0)


def test_who_asks_an_interpreter_that_has_ended_is_told(tmp_path: Path) -> None:
    with Copies([sys.executable, "-c", ""], os.environ, []) as copies:
        copies._server.wait(timeout=10)
        with pytest.raises((RuntimeError, BrokenPipeError)):
            copies.start(tmp_path, {}, 0, 2, [])


def test_libraries_are_what_files_import_wherever(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import os.path, labkit.checks\nfrom . import b\nfrom .c import d\nfrom numpy.linalg import inv\n"
    )
    (tmp_path / "b.py").write_text("def f():\n    import pandas as pd\n    from house_prices.model import rules\n")
    found = libraries([tmp_path / "a.py", tmp_path / "b.py"], {"labkit", "house_prices"})
    assert found == ["os.path", "numpy.linalg", "pandas"]
