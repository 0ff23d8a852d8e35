"""The report on checks, the exit code that agrees with it, and what is remembered of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.verdicts import Outcome, Verdict, Verdicts, has_passed, recall, remember

PASSED = Verdict("1.1", "test_a", "it adds", "passed", seconds=0.25)
FAILED = Verdict("1.2", "test_b", "it counts", "failed", sent="1\n2", got="3", at="shop.py:2  `x`", printed="hello\n")
NOT_RUN = Verdict("1.3", "test_c", "it ends", "not_run", reason="task 1.2 has not passed")


def verdicts(*checks: Verdict) -> Verdicts:
    return Verdicts(checks, seed=7, seconds=1.5)


def test_the_report_tells_what_was_found_and_how_many_of_each_there_are() -> None:
    assert str(verdicts(PASSED, FAILED, NOT_RUN)).splitlines() == [
        "✓ 1.1 it adds",
        "✗ 1.2 it counts",
        "    sent     1",
        "             2",
        "    got      3",
        "    at       shop.py:2  `x`        (labs hint 1.2)",
        "    your code printed",
        "      hello",
        "– 1.3 not run: task 1.2 has not passed (1 check)",
        "1 passed, 1 failed, 1 not run",
    ]


def test_the_same_mistake_is_told_once() -> None:
    again = replace(FAILED, task="1.4", name="test_d", line="it goes on")
    other = replace(again, got="nothing")
    report = str(verdicts(FAILED, again, other))
    assert "✗ 1.4 it goes on\n    as for “it counts”, above\n✗ 1.4 it goes on\n    sent " in report


def test_the_same_mistake_with_other_numbers_is_told_once() -> None:
    crashed = replace(FAILED, sent="", got="IndexError: index 2,041 is out of bounds for axis 0 with size 60")
    again = replace(crashed, line="it goes on", got="IndexError: index 7 is out of bounds for axis 0 with size 9.5")
    elsewhere = replace(again, at="shop.py:3  `x`")
    report = str(verdicts(crashed, again, elsewhere))
    assert "✗ 1.2 it goes on\n    as for “it counts”, above, with other numbers\n✗ 1.2 it goes on\n    got " in report


def test_a_task_of_which_there_is_one_thing_to_say_is_one_line() -> None:
    opened = Verdict("1.2", "test_b", "it counts", "failed", reason="open: not written yet")
    assert str(verdicts(PASSED, opened, replace(opened, name="test_c"))).splitlines() == [
        "✓ 1.1 it adds",
        "✗ 1.2 open: not written yet (2 checks)        (labs hint 1.2)",
        "1 passed, 2 failed, 0 not run",
    ]
    assert str(opened) == "✗ 1.2 it counts\n    because  open: not written yet        (labs hint 1.2)"
    other = replace(opened, name="test_d", reason="", got="3")
    assert len(verdicts(opened, other).report()) == 2


@pytest.mark.parametrize(
    ("outcomes", "exit_code"),
    [(["passed"], 0), (["passed", "failed", "not_run"], 1), (["passed", "not_run"], 3), ([], 3)],
)
def test_the_exit_code_is_0_only_if_all_passed(outcomes: list[Outcome], exit_code: int) -> None:
    assert verdicts(*(replace(PASSED, outcome=outcome) for outcome in outcomes)).exit_code == exit_code


def test_a_task_without_checks_has_not_passed() -> None:
    assert verdicts(PASSED).passed("1.1")
    assert not verdicts(PASSED).passed("1.2")
    assert not has_passed([PASSED, NOT_RUN])


def test_the_same_as_data() -> None:
    data = verdicts(PASSED, NOT_RUN).as_data()
    assert (data["seed"], data["passed"], data["failed"], data["not_run"]) == (7, 1, 0, 1)
    assert data["checks"][0]["line"] == "it adds"


def test_what_was_not_asked_again_is_remembered(tmp_path: Path) -> None:
    remember(tmp_path, "01", verdicts(PASSED, FAILED))
    mended = replace(FAILED, outcome="passed")
    remember(tmp_path, "01", verdicts(mended))
    assert recall(tmp_path, "01") == (PASSED, mended)
    assert [path.name for path in (tmp_path / ".labs").iterdir()] == ["last-check-01.json"]


@pytest.mark.parametrize("content", ["", "[", "[{}]", "3", '[{"task": 1, "colour": 2}]', "null"])
def test_what_cannot_be_read_is_not_remembered(tmp_path: Path, content: str) -> None:
    (tmp_path / ".labs").mkdir()
    (tmp_path / ".labs" / "last-check-01.json").write_text(content)
    assert recall(tmp_path, "01") == ()
