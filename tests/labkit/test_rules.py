"""What a maintainer has to keep, broken one by one."""

from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.rules import broken_rules, depends_on, marker_problems
from tests.labkit.toy import make_toy

SHOP_FILE = "labs/01_toy/toy_product/shop.py"
TASKS = ("1.1", "1.2")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "toy")


def broken(root: Path, checked: tuple[str, ...] = TASKS, answered: tuple[str, ...] = TASKS) -> list[str]:
    return broken_rules(root, load_labs(root)[0], checked, answered)


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def test_the_toy_keeps_all_rules(root: Path) -> None:
    assert broken(root) == []


def test_a_task_without_a_check(root: Path) -> None:
    assert broken(root, checked=("1.1",)) == ["task 1.2 has no check"]


def test_a_task_without_a_wrong_answer(root: Path) -> None:
    assert broken(root, answered=("1.2",)) == ["task 1.1 has no wrong answer"]


def test_a_task_without_hints(root: Path) -> None:
    change(root, "labs/01_toy/lab.toml", 'hints = ["Who are you in there?", "docs.docker.com: USER.", ', "hints = [")
    assert broken(root) == ["task 1.2 has 1 hints; 3 are wanted"]


def test_a_hint_that_gives_a_line_of_the_reference_away(root: Path) -> None:
    change(root, "labs/01_toy/lab.toml", "One line, which names", "As in  return f'Welcome to {shop}, {guest}.', say,")
    change(root, SHOP_FILE, 'return f"Welcome to {shop}, {guest}."', "return  f'Welcome to {shop}, {guest}.'")
    assert broken(root) == [
        "hint 3 of task 1.1 gives away a line of the reference: return f'Welcome to {shop}, {guest}.'"
    ]


def test_a_comment_of_the_reference_may_stand_in_a_hint(root: Path) -> None:
    change(
        root, "labs/01_toy/lab.toml", "One line, which names", "# The sign may be that of another shop: one line with"
    )
    change(root, SHOP_FILE, "    shop = ", "    # The sign may be that of another shop:\n    shop = ")
    assert broken(root) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    # END TASK 1.1\n", "", "shop.py:9: task 1.1 is not closed"),
        ("    # END TASK 1.1\n", "    # END TASK 1.1\n    # END TASK 1.1\n", "shop.py:13: END TASK 1.1 closes a task"),
        ("    shop =", "    # TASK 1.2: x\n    shop =", "shop.py:10: task 1.2 begins inside task 1.1"),
        ("if __name__", "# TASK 1.1: x\n# END TASK 1.1\nif __name__", "shop.py:15: task 1.1 begins a second time"),
        ("if __name__", "# TASK 1.7: x\n# END TASK 1.7\nif __name__", "shop.py:15: there is no task 1.7 in lab.toml"),
        (
            "if __name__",
            "# TASK 1.2: x\n# END TASK 1.2\nif __name__",
            "Dockerfile:4: task 1.2 is in labs/01_toy/toy_product/shop.py too",
        ),
        (
            "greet whoever comes in",
            "greet",
            "shop.py:9: the title in lab.toml is 'greet whoever comes in', not 'greet'",
        ),
    ],
)
def test_markers(root: Path, old: str, new: str, told: str) -> None:
    change(root, SHOP_FILE, old, new)
    assert any(told in line for line in marker_problems(root, load_labs(root)[0])), marker_problems(
        root, load_labs(root)[0]
    )


def test_an_open_task_is_no_reference(root: Path) -> None:
    change(root, "labs/01_toy/Dockerfile", "USER 1000", "")
    assert broken(root) == ["labs/01_toy/Dockerfile:4: task 1.2 is open; the reference must be here"]


def test_a_file_that_is_not_there(root: Path) -> None:
    (root / "labs/01_toy/Dockerfile").unlink()
    assert "labs/01_toy/Dockerfile: lab.toml names this file, and it is not there" in broken(root)


def test_a_region_in_a_file_that_lab_toml_does_not_name(root: Path) -> None:
    (root / "labs/01_toy/Makefile").write_text("# TASK 1.9: forgotten\n# END TASK 1.9\n")
    assert broken(root) == ["labs/01_toy/Makefile:1: there is no task 1.9 in lab.toml."]


def test_a_lesson_may_show_markers(root: Path) -> None:
    (root / "labs/01_toy/README.md").write_text("# TASK 1.9: an example\n")
    assert broken(root) == []


def test_what_depends_on_a_task(root: Path) -> None:
    tasks = load_labs(root)[0].tasks
    assert depends_on(tasks, "1.1") == {"1.1", "1.2"}
    assert depends_on(tasks, "1.2") == {"1.2"}
