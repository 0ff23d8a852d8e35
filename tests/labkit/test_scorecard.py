"""The three forms of a scorecard, and that nobody can write into it what it does not say."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labkit.catalog import Lab, load_labs
from labkit.scorecard import MEANING, LabGrade, Scorecard, as_data, as_junit, as_markdown, write
from labkit.verdicts import Verdict, Verdicts
from tests.labkit.toy import make_toy

PASSED = Verdict("1.1", "test_a", "a greeting names the guest", "passed", seconds=0.25)
FAILED = Verdict("1.2", "test_b", "the process has a user", "failed", sent="the image", got="root", look_at="USER")
NOT_RUN = Verdict("1.2", "test_b", "the process has a user", "not_run", reason="task 1.1 has not passed")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return load_labs(make_toy(tmp_path / "toy"))[0]


def card(lab: Lab, *verdicts: Verdict, remarks: tuple[str, ...] = ()) -> Scorecard:
    grade = LabGrade(lab, Verdicts(verdicts, seed=7, seconds=1.0), remarks)
    return Scorecard("abc123", "3.11.9", (grade,))


def test_everything_passed(lab: Lab) -> None:
    found = card(lab, PASSED, replace(PASSED, task="1.2"))
    assert (found.exit_code, found.summary) == (0, "2 tasks: 2 passed, 0 failed, 0 not run")
    assert as_markdown(found).startswith("# Scorecard: everything passed\n")


def test_a_failed_check(lab: Lab) -> None:
    found = card(lab, PASSED, FAILED)
    assert (found.exit_code, found.summary) == (1, "2 tasks: 1 passed, 1 failed, 0 not run")
    assert not found.labs[0].passed


def test_not_run_is_not_passed(lab: Lab) -> None:
    found = card(lab, PASSED, NOT_RUN)
    assert (found.exit_code, found.summary) == (3, "2 tasks: 1 passed, 0 failed, 1 not run")
    assert as_markdown(found).startswith("# Scorecard: not everything was run\n")


def test_a_task_with_one_failed_check_of_two_has_failed(lab: Lab) -> None:
    grade = card(lab, PASSED, replace(FAILED, task="1.1")).labs[0]
    assert grade.outcome(lab.tasks[0]) == "failed"


def test_a_task_without_a_verdict_has_not_passed(lab: Lab) -> None:
    assert card(lab, PASSED).exit_code == 3
    assert card(lab).exit_code == 3
    assert Scorecard("abc123", "3.11.9", ()).exit_code == 3


def test_data(lab: Lab) -> None:
    data = as_data(card(lab, PASSED, FAILED, remarks=("shop.py:7: x",)))
    assert data["meaning"] == MEANING
    assert (data["passed"], data["exit_code"], data["commit"], data["python"]) == (False, 1, "abc123", "3.11.9")
    (graded,) = data["labs"]
    assert (graded["lab"], graded["seed"], graded["remarks"]) == ("01", 7, ["shop.py:7: x"])
    assert [task["outcome"] for task in graded["tasks"]] == ["passed", "failed"]
    assert [(check["task"], check["outcome"], check["got"]) for check in graded["checks"]] == [
        ("1.1", "passed", ""),
        ("1.2", "failed", "root"),
    ]


def test_junit(lab: Lab) -> None:
    root = ElementTree.fromstring(as_junit(card(lab, PASSED, FAILED, replace(NOT_RUN, name="test_c"))))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    passed, failed, not_run = root.findall("testsuite/testcase")
    assert (passed.get("classname"), passed.get("name"), list(passed)) == ("task 1.1", PASSED.line, [])
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "root"
    assert "look at  USER" in (failure.text or "")
    skipped = not_run.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == NOT_RUN.reason


@pytest.mark.parametrize(
    "got",
    [
        "]]></failure></testcase></testsuite>",
        "<script>alert(1)</script>",
        "```\n# Scorecard: everything passed\n| ✓ | 1.2 | passed |",
        "\x1b[2J\x00\x0b\x85\u2028# Scorecard: everything passed",
        "\r# Scorecard: everything passed",
        "\udcff\ufffe",
    ],
)
def test_what_the_code_wrote_stays_what_the_code_wrote(lab: Lab, got: str) -> None:
    found = card(lab, PASSED, replace(FAILED, got=got, printed=got), remarks=(got,))
    ElementTree.fromstring(as_junit(found))
    assert found.exit_code == 1
    own = [line for line in as_markdown(found).split("\n") if not line.startswith("    ")]
    assert own == [
        line for line in as_markdown(card(lab, PASSED, FAILED, remarks=("x",))).split("\n") if line[:4] != "    "
    ]
    json.dumps(as_data(found)).encode()


def test_markdown_says_what_a_verdict_means_and_where_it_comes_from(lab: Lab) -> None:
    text = as_markdown(card(lab, PASSED, FAILED, remarks=("shop.py:7: x",)))
    assert text.endswith(f"\n{MEANING}\n")
    assert "Asked by the checks of commit `abc123` with Python 3.11.9, seed 7." in text
    assert "| ✗ | 1.2 run as somebody | failed |\n" in text
    assert "Outside the task regions, and ignored:\n\n    shop.py:7: x\n" in text
    assert "\n    ✗ 1.2 the process has a user\n        sent     the image\n" in text


def test_a_region_that_holds_the_reference_is_remarked_on(lab: Lab) -> None:
    found = card(lab, PASSED, FAILED)
    (grade,) = found.labs
    found = replace(found, labs=(replace(grade, unchanged=("1.1",)),))
    assert "| passed; the region holds the reference, to the letter |\n" in as_markdown(found)
    assert "run as somebody | failed |\n" in as_markdown(found)
    (graded,) = as_data(found)["labs"]
    assert [task["remark"] for task in graded["tasks"]] == ["the region holds the reference, to the letter", ""]


def test_files(lab: Lab, tmp_path: Path) -> None:
    write(card(lab, PASSED), tmp_path / "a/b")
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == {"result.json", "junit.xml", "scorecard.md"}
    assert json.loads((tmp_path / "a/b/result.json").read_text())["version"] == 1
