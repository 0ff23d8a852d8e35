"""What comes of checks, whatever the learner's code does to the process that they run in."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from labkit import doctor
from labkit.checking import Limits, check_lab, start_copies
from labkit.expected import InvalidChecks, find_checks
from labkit.tasks import Task
from labkit.verdicts import Verdict, Verdicts

FILE = "labs/01_toy/toy_product/shop.py"
TASKS = (
    Task("1.1", "greet", FILE, why="", timeout=10),
    Task("1.2", "say goodbye", FILE, why="", after=("1.1",), timeout=10),
    Task("1.3", "count", "labs/01_toy/toy_product/till.py", why="", timeout=10),
)
QUICK = Limits(seconds=1)  # for code that never ends; all else may take its time on a busy machine
SHOP = """
def greet(guest):
    # TASK 1.1: greet
    return f"Welcome, {guest}."
    # END TASK 1.1


def part(guest):
    # TASK 1.2: say goodbye
    return f"Goodbye, {guest}."
    # END TASK 1.2
"""
TILL = """
def count(coins):
    # TASK 1.3: count
    return sum(coins)
    # END TASK 1.3
"""
SHOP_CHECKS = '''
import pytest
from labkit.checks import expect, equal, seed

@pytest.fixture
def shop():
    from toy_product import shop
    return shop

@pytest.mark.task("1.1")
def test_greeting(shop, guest):
    """a greeting names the guest"""
    got = shop.greet(guest)
    expect(len(got) > 0 and guest in got, sent=guest, got=got, wanted="a name", look_at="the return")

@pytest.mark.task("1.2")
def test_parting(shop, guest):
    """a goodbye names the guest"""
    got = shop.part(guest)
    expect(guest in got, sent=guest, got=got, look_at="the return")
'''
TILL_CHECKS = '''
import pytest
from labkit.checks import equal, expect, seed
from toy_product.till import count

@pytest.mark.task("1.3")
def test_sum():
    """the coins are added up"""
    got = count([seed(), 1])
    expect(equal(got, seed() + 1), sent=[seed(), 1], got=got, look_at="the sum")
'''
CONFTEST = """
import pytest

@pytest.fixture
def guest():
    return "Ada"
"""

Write = Callable[..., None]
Check = Callable[..., Verdicts]


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    folder = tmp_path / "tests" / "lab_01"
    folder.mkdir(parents=True)
    (folder / "test_shop.py").write_text(SHOP_CHECKS)
    (folder / "test_till.py").write_text(TILL_CHECKS)
    (folder / "conftest.py").write_text(CONFTEST)
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the learner's files, with other lines in a region where they are given."""
    folder = tmp_path / "labs/01_toy/toy_product"
    folder.mkdir(parents=True)

    def write(body: str = "", *, top: str = "", till: str = "return sum(coins)\n") -> None:
        region, own = '    return f"Welcome, {guest}."\n', textwrap.dedent(body).strip() + "\n"
        shop = SHOP.replace(region, textwrap.indent(own, "    ")) if body else SHOP
        (folder / "shop.py").write_text(textwrap.dedent(top) + shop)
        (folder / "till.py").write_text(TILL.replace("    return sum(coins)\n", textwrap.indent(till, "    ")))

    write()
    return write


@pytest.fixture
def check(tmp_path: Path, tests: Path, write: Write) -> Check:
    def check(*only: str, **options: object) -> Verdicts:
        settings: dict[str, object] = {"seed": 7} | options
        paths = [tmp_path / "labs/01_toy"]
        return check_lab(tests, TASKS, root=tmp_path, paths=paths, only=only, **settings)  # type: ignore[arg-type]

    return check


def outcomes(verdicts: Verdicts) -> dict[str, str]:
    return {verdict.task: verdict.outcome for verdict in verdicts.checks}


def first(verdicts: Verdicts) -> Verdict:
    """Return the verdict on task 1.1, after a look at the others: only 1.2, which needs it, may have suffered."""
    assert outcomes(verdicts) == {"1.1": "failed", "1.2": "not_run", "1.3": "passed"}
    assert "Traceback" not in str(verdicts)
    return verdicts.checks[0]


def place(line: int, code: str) -> str:
    return f"{FILE}:{line}  `{code}`"


def test_what_works_passes(check: Check) -> None:
    verdicts = check()
    assert str(verdicts).splitlines() == [
        "✓ 1.1 a greeting names the guest",
        "✓ 1.2 a goodbye names the guest",
        "✓ 1.3 the coins are added up",
        "3 passed, 0 failed, 0 not run",
    ]
    assert verdicts.exit_code == 0
    assert verdicts.seed == 7


def test_a_wrong_answer_is_told_what_was_sent_and_seen(check: Check, write: Write) -> None:
    write('return "Welcome."')
    assert str(first(check())).splitlines() == [
        "✗ 1.1 a greeting names the guest",
        "    sent     Ada",
        "    got      Welcome.",
        "    wanted   a name",
        "    look at  the return        (labs hint 1.1)",
    ]


def test_a_task_after_one_that_failed_is_not_run(check: Check, write: Write) -> None:
    write('return "Welcome."')
    verdicts = check()
    assert verdicts.checks[1].reason == "task 1.1 has not passed"
    assert verdicts.summary == "1 passed, 1 failed, 1 not run"
    assert verdicts.exit_code == 1


def test_a_task_alone_is_reported_alone_but_waits_for_those_before(check: Check, write: Write) -> None:
    assert outcomes(check("1.2")) == {"1.2": "passed"}
    write('return "Welcome."')
    verdicts = check("1.2")
    assert outcomes(verdicts) == {"1.2": "not_run"}
    assert verdicts.exit_code == 3


def test_a_skipped_task_is_not_run_and_holds_up_nothing(check: Check, write: Write) -> None:
    write('raise NotImplementedError("Task 1.1: greet")')
    verdicts = check(skipped=["1.1"])
    assert outcomes(verdicts) == {"1.1": "not_run", "1.2": "passed", "1.3": "passed"}
    assert verdicts.exit_code == 3


def test_an_open_task_is_called_open(check: Check, write: Write) -> None:
    write('raise NotImplementedError("Task 1.1: greet")')
    assert first(check()).reason == "open: not written yet"


@pytest.mark.parametrize("body", ["{stub}\nreturn guest", "print(guest)\n{stub}"])
def test_a_stub_that_was_left_beside_a_solution_is_named_by_its_line(check: Check, write: Write, body: str) -> None:
    write(body.format(stub='raise NotImplementedError("Task 1.1: greet")'))
    line = 4 + body.splitlines().index("{stub}")
    assert first(check()).reason == f"the raise of line {line} still stands"


def test_the_stub_of_another_task_that_was_left_beside_its_solution_is_named_too(check: Check, write: Write) -> None:
    write('raise NotImplementedError("Task 1.3: count")')
    assert first(check()).reason == "task 1.3: the raise of line 4 still stands"


def test_the_comment_that_marks_a_hole_has_to_go(tmp_path: Path, tests: Path, write: Write) -> None:
    """where nothing raises, the product takes the task for open by it, though all else may be right"""
    (tmp_path / "Dockerfile").write_text("# TASK 1.3: count\n# Task 1.3: count\nFROM scratch\n# END TASK 1.3\n")
    count = replace(TASKS[2], file="Dockerfile")
    verdicts = check_lab(tests, (*TASKS[:2], count), root=tmp_path, paths=[tmp_path / "labs/01_toy"], only=["1.3"])
    (verdict,) = verdicts.checks
    assert (verdict.outcome, verdict.reason) == ("failed", "line 2 of Dockerfile still marks the hole: remove it")


def test_another_open_task_that_stands_in_the_way_is_named(check: Check, write: Write) -> None:
    write(till='raise NotImplementedError("Task 1.9: else")\n')
    assert check("1.3").checks[0].reason == "task 1.9 is open: not written yet"


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("raise ValueError('Grüße 🏠')", "ValueError: Grüße 🏠"),
        ("return greet(guest)", "RecursionError: maximum recursion depth exceeded"),
        ("return bytearray(10**10)", "MemoryError: more than the 2 GB that a check may use"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt, raised by your code"),
        ("raise SystemExit('bye')", "sys.exit(bye): your code ended the program, where it should return or raise"),
        ("import pytest; pytest.skip('no')", "pytest.skip(…): your code ended the check, where it should"),
        ("import pytest; pytest.exit('no', 0)", "pytest.exit(…): your code ended the check, where it should"),
        ("import pytest; pytest.xfail('no')", "pytest.xfail(…): your code ended the check, where it should"),
        ("import os; os._exit(0)", "your code ended Python: os._exit(0)"),
        ("import ctypes; ctypes.string_at(0)", "your code ended Python: it crashed by SIGSEGV"),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_what_the_code_does_to_python_is_its_failure_at_its_line(
    check: Check, write: Write, body: str, got: str
) -> None:
    write(body)
    verdict = first(check())
    assert verdict.got.startswith(got)
    assert verdict.at == place(4, body)


@pytest.mark.parametrize(
    ("top", "got"),
    [
        ("import sys; sys.exit(0)", "sys.exit(0): your code ended the program"),
        ("import os; os._exit(0)", "your code ended Python: os._exit(0)"),
        ("import pytest; pytest.skip('no', allow_module_level=True)", "pytest.skip(…): your code ended the check"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt, raised by your code"),
    ],
)
def test_what_the_code_does_while_it_is_imported_too(
    check: Check, write: Write, tests: Path, top: str, got: str
) -> None:
    (tests / "test_shop.py").write_text("from toy_product import shop as _\n" + SHOP_CHECKS)
    write('return f"Welcome, {guest}."', top=top + "\n")
    verdict = first(check())
    assert verdict.got.startswith(got)
    assert verdict.at == place(1, top)


DEEPER = """
    def deeper(words):
        return words.upper()
"""


def test_an_error_is_placed_in_the_tasks_region_where_it_passed_through_it(check: Check, write: Write) -> None:
    write("return deeper(7)", top=DEEPER)
    verdict = first(check())
    assert (verdict.got, verdict.at) == (
        "AttributeError: 'int' object has no attribute 'upper'",
        place(7, "return deeper(7)"),
    )


def test_an_error_that_did_not_pass_through_the_region_is_placed_where_it_was_raised(
    check: Check, write: Write, tests: Path
) -> None:
    (tests / "test_shop.py").write_text(SHOP_CHECKS.replace("shop.greet(guest)", "shop.deeper(7)"))
    write("return guest", top=DEEPER)
    assert first(check()).at == place(3, "return words.upper()")


def test_a_breakpoint_is_called_one_and_placed(check: Check, write: Write) -> None:
    write('breakpoint()\nreturn "Ada"')
    verdict = first(check())
    assert verdict.got == (
        "BdbQuit: your code called breakpoint(), and a check has no keyboard; what your code prints is shown"
    )
    # Up to Python 3.12 the debugger stops at the next line.
    assert verdict.at in (place(4, "breakpoint()"), place(5, 'return "Ada"'))


def test_a_missing_return_is_named(check: Check, write: Write) -> None:
    write('f"Welcome, {guest}."')
    verdict = first(check())
    assert verdict.got == "None, and so TypeError: object of type 'NoneType' has no len()"
    assert verdict.look_at == "what your function returns: does every way through it end with a return?"


def test_what_a_check_says_of_an_error_is_told_with_the_place_of_the_error(
    check: Check, write: Write, tests: Path
) -> None:
    asked = """
    try:
        got = shop.greet(guest)
    except KeyError as error:
        raise CheckFailed(sent=guest, got="KeyError", look_at="what the key is") from error
"""
    checks = SHOP_CHECKS.replace("import expect", "import CheckFailed, expect")
    (tests / "test_shop.py").write_text(checks.replace("\n    got = shop.greet(guest)\n", asked, 1))
    write("return {}[guest]")
    verdict = first(check())
    assert (verdict.sent, verdict.got, verdict.look_at) == ("Ada", "KeyError", "what the key is")
    assert verdict.at == place(4, "return {}[guest]")


def test_a_syntax_error_is_told_at_its_line_and_other_files_are_checked(check: Check, write: Write) -> None:
    write("return (")
    verdict = first(check())
    assert (verdict.got, verdict.at) == ("SyntaxError: '(' was never closed", place(4, "return ("))


def test_a_syntax_error_beside_the_tasks_is_told_at_its_line(check: Check, write: Write, tmp_path: Path) -> None:
    write('return f"Welcome, {guest}."', top="from toy_product import words\n")
    (tmp_path / "labs/01_toy/toy_product/words.py").write_text("def f(:\n")
    verdict = first(check())
    assert verdict.got == "SyntaxError: invalid syntax"
    assert verdict.at == "labs/01_toy/toy_product/words.py:1  `def f(:`"


def test_broken_markers_are_told_with_their_remedy(check: Check, write: Write, tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text(path.read_text().replace("# END TASK 1.1", ""))
    verdict = first(check())
    assert verdict.reason == f"{FILE}:9: task 1.2 begins inside task 1.1, which is not closed."
    assert "labs reset 01 --task 1.1" in verdict.look_at


def test_a_file_that_is_gone_is_named(check: Check, write: Write, tmp_path: Path) -> None:
    (tmp_path / FILE).unlink()
    assert first(check()).reason == f"{FILE} is gone"


def test_an_endless_loop_ends_and_is_found_even_if_it_will_not_listen(check: Check, write: Write) -> None:
    write("""
        import signal
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True: pass
    """)
    started = time.monotonic()
    verdict = first(check(limits=QUICK))
    assert verdict.got == "your code did not end within 1 s"
    assert verdict.at == place(7, "while True: pass")
    assert time.monotonic() - started < 8


def test_after_a_loop_the_other_checks_of_the_task_do_not_loop_again(check: Check, write: Write, tests: Path) -> None:
    more = SHOP_CHECKS.replace("test_parting", "test_again").replace('"1.2"', '"1.1"').replace("part(", "greet(")
    (tests / "test_more.py").write_text(more.replace("test_greeting", "test_once_more"))
    write("while True: pass")
    reasons = [verdict.reason for verdict in check("1.1", limits=QUICK).checks]
    assert reasons == ["", *["another check of task 1.1 did not end"] * 2]


def test_what_the_code_started_ends_with_it(check: Check, write: Write, tmp_path: Path) -> None:
    write(f"""
        import subprocess
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
        open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
        child.wait()
    """)
    verdict = first(check(limits=QUICK))
    assert (verdict.got, verdict.at) == ("your code did not end within 1 s", place(7, "child.wait()"))
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while _is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(process: int) -> bool:
    """Say whether a process is there and is more than an entry that waits for somebody to ask about it."""
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] not in ("", "Z")


def test_a_slow_import_ends(check: Check, write: Write, tests: Path) -> None:
    (tests / "test_shop.py").write_text("from toy_product import shop as _\n" + SHOP_CHECKS)
    write('return f"Welcome, {guest}."', top="import time; time.sleep(60)\n")
    verdict = first(check(limits=Limits(importing=2)))
    assert verdict.got == "the import of your code did not end within 2 s"
    assert verdict.at == place(1, "import time; time.sleep(60)")


def test_a_flood_of_output_is_shown_shortened(check: Check, write: Write) -> None:
    write("""
        import sys
        print("line 0")
        print("line 1")
        print("x" * 5_000_000)
        print("last words", file=sys.stderr)
        return ""
    """)
    report = str(first(check()))
    assert "your code printed\n      line 0\n      line 1\n" in report
    assert report.endswith("      last words")
    assert len(report) < 1000


def test_only_what_was_printed_in_a_check_is_shown_with_it(check: Check, write: Write) -> None:
    write('print("Hello"); return f"Welcome, {guest}."')
    verdicts = check()
    assert "Hello" not in str(verdicts)
    assert verdicts.exit_code == 0


def test_the_code_cannot_speak_for_the_checks(check: Check, write: Write) -> None:
    write("""
        import os
        for file in range(3, 64):
            try:
                os.write(file, b'garbage\\n{"event": "passed", "number": 5, "check": "test_shop.py::test_greeting"}\\n')
            except OSError:
                pass
        return ""
    """)
    assert first(check()).look_at == "the return"


def test_closing_all_files_is_no_way_out(check: Check, write: Write) -> None:
    write('import os; os.closerange(3, 64); return "Ada"')
    assert first(check()).got == "your code ended Python: it closed files that it had not opened"


def test_what_the_code_replaces_is_not_relied_on(check: Check, write: Write) -> None:
    write("""
        import json, os, time
        json.dumps = os.write = os.read = os.getpid = time.perf_counter = None
        return f"Welcome, {guest}."
    """)
    assert check().exit_code == 0


def test_a_fork_does_not_report_twice(check: Check, write: Write) -> None:
    write("""
        import os
        return "Ada" if os.fork() == 0 else ""
    """)
    assert first(check()).look_at == "the return"


def test_threads_left_running_are_not_waited_for(check: Check, write: Write) -> None:
    write("""
        import threading, time
        threading.Thread(target=time.sleep, args=[60]).start()
        return f"Welcome, {guest}."
    """)
    started = time.monotonic()
    assert check().exit_code == 0
    assert time.monotonic() - started < 8


def test_an_object_that_says_yes_to_everything_does_not_pass(check: Check, write: Write, tests: Path) -> None:
    (tests / "test_shop.py").write_text(SHOP_CHECKS.replace("len(got) > 0 and guest in got", "equal(got, guest)"))
    write(
        "return Yes()",
        top="""
        class Yes:
            __eq__ = __lt__ = __gt__ = __contains__ = lambda self, other: True
            __bool__ = lambda self: True
            __len__ = lambda self: 1
            __repr__ = lambda self: "x" * 10**6
        """,
    )
    verdict = first(check())
    assert len(verdict.got) < 500


def test_nothing_of_the_tree_configures_pytest(check: Check, tests: Path, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only -k nothing\n")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--no-such-option"\n')
    for folder in (tmp_path, tests.parent):
        (folder / "conftest.py").write_text("raise SystemExit(0)\n")
    assert check(environment=os.environ | {"PYTEST_ADDOPTS": "--collect-only"}).exit_code == 0


def test_checks_may_use_temporary_folders_and_the_product_marks_of_pytest(
    check: Check, write: Write, tests: Path
) -> None:
    used = TILL_CHECKS.replace("test_sum()", "test_sum(tmp_path, capsys, monkeypatch)")
    (tests / "test_till.py").write_text(
        used.replace("    got =", "    (tmp_path / 'coins').write_text('1')\n    got =")
    )
    (tests / "test_shop.py").write_text("from toy_product import shop as _\n" + SHOP_CHECKS)
    write('return "Ada"', top="import pytest\n@pytest.mark.skipif(True, reason='')\ndef helper(): pass\n")
    assert check().exit_code == 0


def test_a_warning_is_no_failure_and_nothing_printed(check: Check, write: Write) -> None:
    write('import warnings; warnings.warn("old", FutureWarning); return "Welcome."')
    assert first(check()).printed == ""


def test_a_conftest_that_fails_is_told_in_one_line(check: Check, tests: Path) -> None:
    (tests / "conftest.py").write_text("raise OSError('no data here')\n")
    verdicts = check()
    assert {verdict.reason for verdict in verdicts.checks[:1]} == {"this check could not be run: OSError: no data here"}
    assert verdicts.count("passed") == 0


def test_an_interpreter_without_pytest_passes_nothing(check: Check, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    verdicts = check(python=tmp_path / "bare" / "bin" / "python")
    assert verdicts.count("failed") == 3
    assert "No module named 'pytest'" in verdicts.checks[0].reason


def test_a_missing_tool_is_not_run_unless_it_is_required(
    tests: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = doctor.Check("docker", False, "no engine answers", "start Docker")
    monkeypatch.setitem(doctor.NEED_CHECKS, "docker", lambda: missing)
    tasks = (replace(TASKS[0], needs=("docker",)), *TASKS[1:])
    for require, outcome, exit_code in (((), "not_run", 3), (("docker",), "failed", 1)):
        verdicts = check_lab(tests, tasks, root=tmp_path, paths=[tmp_path / "labs/01_toy"], require=require)
        assert outcomes(verdicts) == {"1.1": outcome, "1.2": "not_run", "1.3": "passed"}
        assert verdicts.checks[0].reason == "needs docker: no engine answers; start Docker"
        assert verdicts.exit_code == exit_code


def test_each_verdict_is_told_as_it_comes(check: Check) -> None:
    told: list[Verdict] = []
    verdicts = check("1.2", "1.3", on_verdict=told.append)
    assert tuple(told) == verdicts.checks


def test_the_seed_is_drawn_anew_unless_it_is_given(check: Check, tests: Path) -> None:
    asks = TILL_CHECKS.replace("equal(got, seed() + 1)", "False")
    (tests / "test_till.py").write_text(asks)
    verdicts = [check("1.3", seed=seed) for seed in (7, None, None)]
    assert verdicts[0].checks[0].got == "8"
    assert [verdict.checks[0].got for verdict in verdicts] == [str(verdict.seed + 1) for verdict in verdicts]
    assert verdicts[1].seed != verdicts[2].seed


def test_a_file_saved_twice_in_a_second_is_read_anew(check: Check, write: Write) -> None:
    outcome = []
    for body in ('return "Ada"', 'return "Bob"'):  # as long as each other, which is how stale bytecode goes unnoticed
        write(body)
        outcome.append(check("1.1").exit_code)
    assert outcome == [0, 1]


def test_a_checker_that_is_killed_leaves_no_endless_loop_behind(write: Write, tests: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    write(f"""
        import os
        open({str(pid)!r}, "w").write(f"{{os.getpid()}}\\n")
        while True: pass
    """)
    entry = (
        "import sys; from tests.labkit.test_checking import *; root = Path(sys.argv[1]); "
        "check_lab(root / 'tests/lab_01', TASKS, root=root, paths=[root / 'labs/01_toy'], limits=QUICK)"
    )
    with subprocess.Popen([sys.executable, "-c", entry, str(tmp_path)], cwd=Path(__file__).parents[2]) as checker:
        deadline = time.monotonic() + 20
        while not (pid.exists() and pid.read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        checker.send_signal(signal.SIGKILL)
    while _is_alive(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('@pytest.mark.task("1.3")\n', "", "test_till.py:6: test_sum must be marked"),
        ('"1.3"', '"1.9"', "test_till.py:7: there is no task 1.9 in lab.toml"),
        ('    """the coins are added up"""\n', "", "test_till.py:7: test_sum has no docstring"),
        ("@pytest", "@pytest.mark.skip\n@pytest", "test_till.py:8: test_sum must be marked"),
        ("import pytest\n", "import (\n", "test_till.py:2: "),
    ],
)
def test_a_check_that_is_none_is_refused(tests: Path, old: str, new: str, problem: str) -> None:
    (tests / "test_till.py").write_text(TILL_CHECKS.replace(old, new, 1))
    with pytest.raises(InvalidChecks) as caught:
        find_checks(tests, TASKS)
    assert problem in str(caught.value)


def test_checks_are_found_in_the_order_of_the_tasks(tests: Path) -> None:
    found = find_checks(tests, (TASKS[2], *TASKS[:2]))
    assert [check.id for check in found] == [
        "test_till.py::test_sum",
        "test_shop.py::test_greeting",
        "test_shop.py::test_parting",
    ]
    assert found[0].line == "the coins are added up"


@pytest.mark.skipif(sys.platform != "linux", reason="libraries on macOS do not bear a fork")
@pytest.mark.parametrize(
    "body",
    [
        'return f"Welcome, {guest}."',
        'print("here"); return 1 / 0',
        "import os; os._exit(0)",
        "import os; os.kill(os.getpid(), 11)",
        "import ctypes; ctypes.string_at(0)",
        "while True: pass",
        "import sys; sys.exit()",
        "import os; [os.close(file) for file in range(3, 50)]",
        "import subprocess, sys; return subprocess.check_output([sys.executable, '-c', 'print(5)'], text=True)",
    ],
)
def test_a_copy_comes_to_the_same_verdicts(check: Check, write: Write, body: str) -> None:
    write(body)
    fresh = check("1.1", limits=QUICK)
    with start_copies(["json"], 7) as parent:
        copied = check("1.1", limits=QUICK, copies=parent)
    assert untimed(copied) == untimed(fresh)


def untimed(verdicts: Verdicts) -> list[Verdict]:
    return [replace(verdict, seconds=0.0) for verdict in verdicts.checks]
