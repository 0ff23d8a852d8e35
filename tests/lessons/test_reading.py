"""How a lesson is read, and what counts as the same output."""

from pathlib import Path

import pytest

from tests.lessons.lessons import BadLesson, Deviation, Step, first_difference, read_steps, take

pytestmark = pytest.mark.offline


def test_blocks_become_steps_in_their_order() -> None:
    lesson = """
Some words.
```sh
make a
make b
```
<!-- exit: 3 -->
```console
$ first \\
>   continued
its output
…
$ second
```
```text
not run
```
<!-- solved: 1.2 1.3 -->
"""
    assert list(read_steps(lesson)) == [
        Step(3, "set -e\nmake a\nmake b"),
        Step(8, "first \\\n  continued", shown=("its output", "…")),
        Step(8, "second", shown=(), code=3),
        Step(18, ".venv/bin/labs solution 01 --task 1.2 --apply"),
        Step(18, ".venv/bin/labs solution 01 --task 1.3 --apply"),
    ]


def test_what_a_block_needs_is_said_of_each_of_its_steps() -> None:
    lesson = "<!-- needs: docker cluster -->\n<!-- exit: 1 -->\n```console\n$ one\n$ two\n```\n```sh\nthree\n```\n"
    assert [(step.needs, step.code) for step in read_steps(lesson)] == [
        (("docker", "cluster"), 0),
        (("docker", "cluster"), 1),
        ((), 0),
    ]


def test_python_with_a_path_is_saved_and_other_python_is_not() -> None:
    lesson = "```python\n# artifacts/two.py\nprint(2)\n```\n```python\nprint(3)\n```\n"
    (step,) = read_steps(lesson)
    assert (step.command, step.given) == (
        "mkdir -p artifacts && cat > artifacts/two.py",
        "# artifacts/two.py\nprint(2)\n",
    )


def test_an_edit_is_applied(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    lesson = "```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n```\n"
    for step in read_steps(lesson):
        take(step, tmp_path, {"PATH": "/usr/bin:/bin"})
    assert (tmp_path / "a.txt").read_text() == "one\nthree\n"


@pytest.mark.parametrize(
    ("lesson", "message"),
    [
        ("```sh\nmake a\n", "line 1: this block is not closed"),
        ("```\nmake a\n```\n", "line 1: a block in no language"),
        ("```console\nno command\n```\n", "line 1: an output before any command: no command"),
        ("<!-- exit: 1 -->\nwords\n", "line 2: .*one before something that is no block"),
        ("<!-- exit: 1 -->\n```text\nwords\n```\n", "line 2: a directive stands before a block that is not run"),
        ("<!-- solve: 1.2 -->\n", "line 1: no directive"),
    ],
)
def test_a_lesson_that_cannot_be_read_is_refused(lesson: str, message: str) -> None:
    with pytest.raises(BadLesson, match=message):
        list(read_steps(lesson))


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["took 0.8 s"], ["took 1.25 s"]),
        (["Model digest 3beab7faae76…"], ["Model digest 0c079b8625f9…"]),
        (["trained on   model"], ["trained on  model  ", ""]),
        (["2011   11.8 %"], ["2011  11.6 %"]),
        (["…", "b", "…", "d"], ["a", "b", "c", "d"]),
        (["a", "…"], ["a"]),
        (["kept in …/x"], ["kept in .labs/x"]),
        ([], []),
    ],
)
def test_what_may_differ(shown: list[str], printed: list[str]) -> None:
    assert first_difference(shown, printed) is None


@pytest.mark.parametrize(
    ("shown", "printed", "difference"),
    [
        (["took 0.8 s"], ["took long"], "took 0.8 s"),
        (["2011   11.8 %"], ["2011  12.8 %"], "2011 11.8 %"),
        (["a", "c"], ["a", "b", "c"], "c"),
        (["a", "…", "d"], ["a", "b"], "d"),
        (["a"], ["a", "b"], "(the end)"),
        (["a", "b"], ["a"], "b"),
        ([], ["a"], "(the end)"),
        (["1 failed"], ["1 passed"], "1 failed"),
    ],
)
def test_what_may_not(shown: list[str], printed: list[str], difference: str) -> None:
    assert first_difference(shown, printed) == difference


def test_a_command_that_ends_otherwise_is_a_deviation(tmp_path: Path) -> None:
    with pytest.raises(Deviation, match=r"line 4: echo so; exit 2\nended with 2 instead of 0:\nso"):
        take(Step(4, "echo so; exit 2"), tmp_path, {"PATH": "/usr/bin:/bin"})


def test_a_failure_in_the_middle_of_a_script_is_a_deviation(tmp_path: Path) -> None:
    (step,) = read_steps("```sh\nfalse\ntrue\n```\n")
    with pytest.raises(Deviation, match="ended with 1 instead of 0"):
        take(step, tmp_path, {"PATH": "/usr/bin:/bin"})


def test_another_output_is_a_deviation(tmp_path: Path) -> None:
    with pytest.raises(Deviation, match=r"does not print\n    this\nhere, but\nthat"):
        take(Step(1, "echo that", shown=("this",)), tmp_path, {"PATH": "/usr/bin:/bin"})
