"""Wrong answers and their diagnoses, as files."""

from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.wrong_answers import Diagnosis, folder_of, read_diagnosis, read_wrong_answers, write_diagnosis
from tests.labkit.toy import make_toy


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "toy")


@pytest.fixture
def folder(root: Path) -> Path:
    return folder_of(root, load_labs(root)[0])


def problems(root: Path) -> tuple[str, ...]:
    return read_wrong_answers(root, load_labs(root)[0])[1]


def test_they_are_read_with_what_a_beginner_thinks(root: Path) -> None:
    answers, problems = read_wrong_answers(root, load_labs(root)[0])
    assert problems == ()
    assert [(answer.task.id, answer.name, answer.thought) for answer in answers] == [
        ("1.1", "1.1_printed", "prints the greeting, and returns nothing"),
        ("1.2", "1.2_root", "names the user that it was"),
    ]
    assert answers[1].body == "# wrong: names the user that it was\nUSER root\n"
    assert answers[1].diagnosis.name == "1.2_root.diagnosis.txt"


def test_a_first_line_that_does_not_say_what_is_wrong(root: Path, folder: Path) -> None:
    (folder / "1.1_shouted.py").write_text('    return "HELLO"\n')
    assert problems(root) == (
        "tests/wrong_answers/lab_01/1.1_shouted.py:1: must be a comment that says “wrong: ” and what a beginner thinks",
    )


@pytest.mark.parametrize("name", ["1.9_unknown.py", "random.py", "2.1_other_lab.py"])
def test_a_name_without_a_task_of_the_lab(root: Path, folder: Path, name: str) -> None:
    (folder / name).write_text("# wrong: ?\n")
    (problem,) = problems(root)
    assert problem.endswith(f"{name}: must be called after a task of this lab, as in 1.2_random_split.py")


def test_two_of_one_name(root: Path, folder: Path) -> None:
    (folder / "1.2_root.Dockerfile").write_text("# wrong: ?\n")
    (problem,) = problems(root)
    assert problem.endswith("1.2_root.txt: another wrong answer is called 1.2_root too")


def test_a_diagnosis_that_is_left_over(root: Path, folder: Path) -> None:
    (folder / "1.2_gone.diagnosis.txt").write_text("# Python 3.11\n")
    (problem,) = problems(root)
    assert problem.endswith("1.2_gone.diagnosis.txt: the wrong answer that it belongs to is gone")


def test_a_diagnosis_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "1.1_x.diagnosis.txt"
    assert read_diagnosis(path) is None
    written = Diagnosis("3.11", "✗ 1.1 a greeting names the guest\n    got      1.5\n")
    write_diagnosis(path, written)
    assert path.read_text().startswith("# Python 3.11\n✗ 1.1")
    assert read_diagnosis(path) == written
    path.write_text("✗ 1.1\n")
    assert read_diagnosis(path) is None


def test_a_diagnosis_is_exact_on_its_own_python_only() -> None:
    recorded = Diagnosis("3.11", "got 11.83 % of 1,000 rows\n")
    assert recorded.agrees_with("got 11.83 % of 1,000 rows\n", "3.11")
    assert not recorded.agrees_with("got 11.84 % of 1,000 rows\n", "3.11")
    assert recorded.agrees_with("got 9.1e-05 % of 998 rows\n", "3.13")
    assert not recorded.agrees_with("got 11.83 % of 1,000 columns\n", "3.13")
