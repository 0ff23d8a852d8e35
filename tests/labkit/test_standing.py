"""How a learner stands with a task, whatever has become of it since it passed."""

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.catalog import Lab, load_labs
from labkit.progress import record
from labkit.standing import achievements, standings
from labkit.verdicts import Outcome, Verdict, Verdicts, remember
from labkit.workspace import skip, start
from tests.labkit.toy import SHOP, make_toy

VERDICT = Verdict("1.1", "test_a", "a question", "passed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "toy")


@pytest.fixture
def lab(root: Path) -> Lab:
    return load_labs(root)[0]


@pytest.fixture
def shop(root: Path, lab: Lab) -> Path:
    """The file of task 1.1, which is solved in it; the lab has been started."""
    start(root, lab)
    path = root / lab.tasks[0].file
    path.write_text(SHOP)
    return path


def check(root: Path, *outcomes: Outcome) -> None:
    """Let the last check of task 1.1 have come out so, and note it where it has passed."""
    remember(root, "01", Verdicts(tuple(replace(VERDICT, outcome=outcome) for outcome in outcomes), 1, 0.0))
    if set(outcomes) == {"passed"}:
        record(root, ["1.1"])


@pytest.mark.parametrize(
    ("outcomes", "standing", "state"),
    [
        ([], "unchecked", "unchecked"),
        (["passed", "passed"], "passed", "solved"),
        (["passed", "failed"], "failed", "failed"),
        (["passed", "not_run"], "not run", "not run"),
    ],
)
def test_the_last_check_of_what_is_written(
    root: Path, lab: Lab, shop: Path, outcomes: list[Outcome], standing: str, state: str
) -> None:
    check(root, *outcomes)
    assert standings(root, lab) == {"1.1": standing, "1.2": "open"}
    assert [each.state for each in achievements(root, lab)] == [state, "open"]


def test_what_had_passed_and_does_no_longer_is_not_solved_and_keeps_its_date(root: Path, lab: Lab, shop: Path) -> None:
    check(root, "passed")
    passed = achievements(root, lab)[0].passed
    assert passed
    check(root, "failed")
    assert achievements(root, lab)[0].state == "failed"
    shop.write_text(SHOP.replace("# END TASK 1.1", ""))
    assert achievements(root, lab)[0].state == "broken"
    shop.unlink()
    assert achievements(root, lab)[0].state == "broken"
    skip(root, lab, lab.tasks[0])
    assert achievements(root, lab)[0].state == "skipped"
    assert achievements(root, lab)[0].passed == passed


def test_what_is_open_again_is_open_whatever_was_seen_before(root: Path, lab: Lab, shop: Path) -> None:
    check(root, "passed")
    shop.write_text(SHOP[: SHOP.index("    shop = ")] + SHOP[SHOP.index("    # END") :])
    assert achievements(root, lab)[0].state == "open"


def test_what_has_passed_counts_where_the_last_check_is_lost(root: Path, lab: Lab, shop: Path) -> None:
    check(root, "passed")
    (root / ".labs/last-check-01.json").unlink()
    assert achievements(root, lab)[0].state == "solved"


def test_the_reference_is_nobodys_achievement(root: Path, lab: Lab) -> None:
    remember(root, "01", Verdicts((VERDICT,), 1, 0.0))
    assert standings(root, lab) == {"1.1": "passed", "1.2": "unchecked"}
    assert {each.state for each in achievements(root, lab)} == {"not started"}
