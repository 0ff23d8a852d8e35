"""The lessons are true: each command does what the text says, in its order, in a fresh clone."""

import os
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from labkit.doctor import NEED_CHECKS
from tests.lessons.conftest import ROOT, Clone
from tests.lessons.lessons import Deviation, Step, read_steps, take

LESSONS = [ROOT / "README.md", *sorted((ROOT / "labs").glob("*/README.md"))]
NAMES = [lesson.relative_to(ROOT).as_posix() for lesson in LESSONS]
LARGEST_PICTURE = 60_000

# The tests cannot run themselves. `.ci/run` calls this, and a test below makes sure that it does.
RUN_BY_CI = "make test"

# One process for all of them, and so one clone: a lesson begins where the one before it has ended.
pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("lessons")]


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_true(clone: Clone, name: str) -> None:
    steps = list(read_steps((clone.folder / name).read_text(encoding="utf-8")))
    lacking = {need for need in {*chain(*(step.needs for step in steps))} if not NEED_CHECKS[need]().ok}
    required = lacking.intersection(os.environ.get("LABS_REQUIRE", "").split(","))
    assert not required, f"LABS_REQUIRE names {', '.join(required)}, and it is not there"
    left_out = [step.line for step in steps if lacking.intersection(step.needs)]
    for step in steps:
        if lacking.intersection(step.needs):
            continue
        try:
            take(_without_ourselves(step), clone.folder, clone.with_tools if step.needs else clone.environment)
        except Deviation as deviation:
            pytest.fail(f"{name}, {deviation}", pytrace=False)
    if left_out:
        blocks = ", ".join(map(str, dict.fromkeys(left_out)))
        pytest.skip(f"{name} is true but for what was not run, as there is no {' and no '.join(lacking)}: {blocks}")


def _without_ourselves(step: Step) -> Step:
    lines = [line for line in step.command.splitlines() if line != RUN_BY_CI]
    return replace(step, command="\n".join(lines))


def test_what_is_left_out_here_is_run_by_ci() -> None:
    assert f"step offline . alone {RUN_BY_CI}\n" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=NAMES[1:])
def test_the_pictures_of_a_lesson_are_those_in_its_folder(lesson: Path) -> None:
    pictures = lesson.parent / "pictures"
    shown = re.findall(r"!\[[^\]]{40,}\]\(pictures/([\w.]+)\)", lesson.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in pictures.glob("*.png"))
    assert [path.name for path in pictures.glob("*") if path.stat().st_size > LARGEST_PICTURE] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_links_within_the_project_lead_somewhere(lesson: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", lesson.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    dangling = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        if name.startswith("http"):
            continue
        file = lesson.parent / name if name else lesson
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            dangling.append(target)
    assert dangling == []


def _anchors(file: Path) -> set[str]:
    """Return the names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
