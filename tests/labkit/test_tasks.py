from pathlib import Path

import pytest

from labkit.catalog import InvalidLab, load_labs
from tests.labkit.toy import WRITTEN_BY_A_MAINTAINER, make_toy


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path)


def test_a_lab_lists_its_tasks(root: Path) -> None:
    (lab,) = load_labs(root)
    assert [task.id for task in lab.tasks] == ["1.1", "1.2"]
    assert lab.tasks[0].is_python
    assert not lab.tasks[1].is_python
    assert lab.tasks[1].after == ("1.1",)
    assert lab.tasks[1].timeout == 20


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "greet whoever comes in"\n', "", "task 1: title is missing"),
        ('title = "run as somebody"\n', "title = 1\n", "task 2: title must be a text, not 1"),
        ('title = "run as somebody"\n', 'title = "a\\nb"\n', "task 2: title must be one line, not 'a\\nb'"),
        ('id = "1.2"', 'id = "2.2"', "task 2: id must be 1. and a number, not '2.2'"),
        ('id = "1.2"', 'id = "1.1"', "task 2: id is '1.1', as in an earlier task"),
        ('"labs/01_toy/Dockerfile"', '"/etc/passwd"', "task 2: file must be a path from the project's folder"),
        ('"labs/01_toy/Dockerfile"', '"labs/../../x"', "task 2: file must be a path from the project's folder"),
        ('after = ["1.1"]', 'after = ["1.2"]', "task 2: after names '1.2', which is no earlier task of this lab"),
        ('after = ["1.1"]', 'needs = ["gpu"]', "task 2: needs knows docker, cluster, not 'gpu'"),
        ('after = ["1.1"]', "timeout = 0", "task 2: timeout must be a number above zero, not 0"),
        ('after = ["1.1"]', 'hint = "x"', "task 2: hint is not a key that labkit knows"),
        ("why = ", 'scaffold = "pass"\nwhy = ', "task 1: scaffold is for files that are not Python"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(root: Path, old: str, new: str, complaint: str) -> None:
    lab_toml = root / "labs/01_toy/lab.toml"
    lab_toml.write_text(lab_toml.read_text().replace(old, new, 1))
    with pytest.raises(InvalidLab) as refusal:
        load_labs(root)
    assert str(refusal.value).startswith(f"{lab_toml}: {complaint}")


@pytest.mark.parametrize(
    ("tasks", "complaint"),
    [("task = {}", "task must be a list"), ("task = [1]", "task must be tables, each under [[task]]")],
)
def test_tasks_are_tables_of_an_array(root: Path, tasks: str, complaint: str) -> None:
    lab_toml = root / "labs/01_toy/lab.toml"
    lab_toml.write_text(lab_toml.read_text().partition("[[task]]")[0] + tasks)
    with pytest.raises(InvalidLab) as refusal:
        load_labs(root)
    assert str(refusal.value).startswith(f"{lab_toml}: {complaint}")


def test_two_tasks_are_forty_lines_of_work() -> None:
    written = [line for text in WRITTEN_BY_A_MAINTAINER.values() for line in text.splitlines() if line.strip()]
    markers = 2 * 2
    assert len(written) + markers <= 40
