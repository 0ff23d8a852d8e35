"""A lab and a task of it, as they are typed."""

from pathlib import Path

import pytest

from labkit.errors import WrongUsage
from labkit.naming import find_named, find_named_task
from labkit.project import Project
from tests.labkit.toy import LAB_TOML, make_toy


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = make_toy(tmp_path / "toy")
    return Project(root, root / ".venv")


@pytest.mark.parametrize("words", [("01",), ("1",)])
def test_a_lab_alone(project: Project, words: tuple[str, ...]) -> None:
    lab, task = find_named(project, *words)
    assert (lab.id, task) == ("01", None)


@pytest.mark.parametrize("words", [("01", "1.2"), ("1", "1.2"), ("1.2",), ("1.2", "1.2")])
def test_a_task_of_it(project: Project, words: tuple[str, ...]) -> None:
    lab, task = find_named_task(project, *words)
    assert (lab.id, task) == ("01", lab.tasks[1])
    assert find_named(project, *words) == (lab, task)


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        (("09",), "There is no lab 09.", "These are here: 01."),
        (("9.1",), "There is no lab 9.", "These are here: 01."),
        (("1.9",), "Lab 01 has no task 1.9.", "These are there: 1.1, 1.2."),
        (("01", "2.1"), "Lab 01 has no task 2.1.", "These are there: 1.1, 1.2."),
        (("1.1", "1.2"), "1.1 and --task 1.2 name two tasks.", "Name one of them."),
    ],
)
def test_what_there_is_not(project: Project, words: tuple[str, ...], message: str, remedy: str) -> None:
    with pytest.raises(WrongUsage) as refusal:
        find_named(project, *words)
    assert (str(refusal.value), refusal.value.remedy) == (message, remedy)


def test_a_lab_where_a_task_is_wanted(project: Project) -> None:
    with pytest.raises(WrongUsage, match="Lab 01 was named, and none of its tasks") as refusal:
        find_named_task(project, "01")
    assert refusal.value.remedy == "These are there: 1.1, 1.2."


def test_a_lab_without_tasks(project: Project) -> None:
    (project.root / "labs/01_toy/lab.toml").write_text(LAB_TOML.partition("[[task]]")[0])
    with pytest.raises(WrongUsage, match=r"^Lab 01 has no tasks\.$"):
        find_named(project, "01")
