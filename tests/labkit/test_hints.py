from dataclasses import replace
from pathlib import Path

import pytest

from labkit.catalog import Lab, load_labs
from labkit.errors import WrongUsage
from labkit.hints import FILE, first_to_solve, next_hint
from labkit.verdicts import Verdict, Verdicts, remember
from labkit.workspace import skip, start
from tests.labkit.toy import SHOP, make_toy

PASSED = Verdict("1.1", "test_a", "a question", "passed")
FAILED = Verdict("1.1", "test_b", "another question", "failed", got="no name")
NOT_RUN = Verdict("1.2", "test_c", "a third question", "not_run", reason="task 1.1 has not passed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "toy")


@pytest.fixture
def lab(root: Path) -> Lab:
    return load_labs(root)[0]


def keep(root: Path, *verdicts: Verdict) -> None:
    remember(root, "01", Verdicts(verdicts, seed=1, seconds=0.0))


def test_hints_come_one_at_a_time_and_the_last_one_stays(root: Path, lab: Lab) -> None:
    task = lab.tasks[0]
    given = [next_hint(root, lab, task) for _ in range(4)]
    assert [hint.text for hint in given] == [*task.hints, task.hints[-1]]
    assert [hint.number for hint in given] == [1, 2, 3, 3]
    assert [hint.is_last for hint in given] == [False, False, True, True]


def test_each_task_has_a_count_of_its_own(root: Path, lab: Lab) -> None:
    next_hint(root, lab, lab.tasks[0])
    assert next_hint(root, lab, lab.tasks[1]).number == 1
    assert next_hint(root, lab, lab.tasks[0]).number == 2


def test_a_hint_starts_from_the_first_failure_seen(root: Path, lab: Lab) -> None:
    assert next_hint(root, lab, lab.tasks[0]).seen is None
    keep(root, PASSED, FAILED, replace(FAILED, name="test_z"), NOT_RUN)
    assert next_hint(root, lab, lab.tasks[0]).seen == FAILED
    assert next_hint(root, lab, lab.tasks[1]).seen is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"1.1": "many"}', b'{"1.1": null}', b"\xff"])
def test_a_count_that_cannot_be_read_is_begun_anew(root: Path, lab: Lab, content: bytes) -> None:
    (root / ".labs").mkdir()
    (root / FILE).write_bytes(content)
    assert [next_hint(root, lab, lab.tasks[0]).number for _ in range(2)] == [1, 2]


def test_a_count_out_of_range_is_brought_back(root: Path, lab: Lab) -> None:
    (root / ".labs").mkdir()
    (root / FILE).write_text('{"1.1": 99, "1.2": -4}')
    assert next_hint(root, lab, lab.tasks[0]).number == 3
    assert next_hint(root, lab, lab.tasks[1]).number == 1


def test_a_task_without_hints_is_refused(root: Path, lab: Lab) -> None:
    with pytest.raises(WrongUsage, match=r"^Task 1\.1 has no hints\.$"):
        next_hint(root, lab, replace(lab.tasks[0], hints=()))


def test_what_has_not_passed_is_to_be_solved(root: Path, lab: Lab) -> None:
    assert first_to_solve(root, lab) == lab.tasks[0]
    keep(root, PASSED, FAILED, NOT_RUN)
    assert first_to_solve(root, lab) == lab.tasks[0]
    keep(root, PASSED)
    assert first_to_solve(root, lab) == lab.tasks[1]
    keep(root, replace(PASSED, task="1.2"))
    assert first_to_solve(root, lab) is None


def test_what_is_open_again_is_to_be_solved_whatever_was_seen_before(root: Path, lab: Lab) -> None:
    keep(root, PASSED, replace(PASSED, task="1.2"))
    start(root, lab)
    assert first_to_solve(root, lab) == lab.tasks[0]
    (root / lab.tasks[0].file).write_text(SHOP)
    assert first_to_solve(root, lab) == lab.tasks[1]
    (root / lab.tasks[0].file).unlink()
    assert first_to_solve(root, lab) == lab.tasks[0]


def test_what_was_skipped_is_not_to_be_solved(root: Path, lab: Lab) -> None:
    start(root, lab)
    skip(root, lab, lab.tasks[0])
    assert first_to_solve(root, lab) == lab.tasks[1]
    skip(root, lab, lab.tasks[1])
    assert first_to_solve(root, lab) is None
