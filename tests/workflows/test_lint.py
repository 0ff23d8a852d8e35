"""The workflows, and the one that docs/grading.md shows, have no finding; and what looks for one finds it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.errors import LabsError
from labkit.git import asks, words
from labkit.started import references, references_at
from tests.workflows.github import PIN, PROGRAMS, ROOT, USES, WORKFLOWS, documented_workflow

CI, GRADE = WORKFLOWS / "ci.yml", WORKFLOWS / "grade.yml"
MOVE = "CONTRIBUTING.md, What CI does, says how to move CHECKER"
DIGEST_AND_VERSION = re.compile(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for workflows that are not the project's own."""
    path = tmp_path / ".github" / "workflows"
    path.mkdir(parents=True)
    return path


def actionlint(*files: Path) -> str:
    return findings("actionlint", "-no-color", f"-shellcheck={PROGRAMS / 'shellcheck'}", "-pyflakes=", *files)


def zizmor(*files: Path) -> str:
    return findings("zizmor", "--offline", "--no-progress", "--pedantic", "--strict-collection", *files)


def shellcheck(*files: Path) -> str:
    return findings("shellcheck", "--norc", *files)


def findings(program: str, *arguments: str | Path) -> str:
    """Return what a tool has found: nothing where it is content, and says so by its exit code too."""
    command = [PROGRAMS / program, *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_workflows_are_these_two() -> None:
    assert sorted(WORKFLOWS.iterdir()) == [CI, GRADE]


def test_actionlint_has_no_finding(folder: Path) -> None:
    shown = folder / "grades.yml"
    shown.write_text(documented_workflow())
    assert actionlint(CI, GRADE, shown) == ""


def test_zizmor_has_no_finding(folder: Path) -> None:
    shown = folder / "grades.yml"
    shown.write_text(documented_workflow())
    assert zizmor(CI, GRADE, shown) == ""


def test_shellcheck_has_no_finding() -> None:
    assert shellcheck(ROOT / ".ci" / "run") == ""


@pytest.mark.parametrize(
    ("good", "bad", "finding"),
    [
        ("inputs.repository ||", "inputs.repositry ||", 'property "repositry" is not defined'),
        ('--out "$SCORECARD"', "--out $SCORECARD", "SC2086"),
        ("timeout-minutes: 30", "timeout-minuts: 30", 'unexpected key "timeout-minuts"'),
    ],
)
def test_actionlint_finds(folder: Path, good: str, bad: str, finding: str) -> None:
    assert finding in actionlint(write_worse(folder, good, bad))


@pytest.mark.parametrize(
    ("good", "bad", "finding"),
    [
        ('<<< "$LABS"', '<<< "${{ inputs.labs }}"', "template-injection"),
        ("          persist-credentials: false\n", "", "artipacked"),
        ("permissions: {}\n", "", "excessive-permissions"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@v6", "unpinned-uses"),
    ],
)
def test_zizmor_finds(folder: Path, good: str, bad: str, finding: str) -> None:
    assert f"[{finding}]" in zizmor(write_worse(folder, good, bad))


def write_worse(folder: Path, good: str, bad: str) -> Path:
    """Write grade.yml with something bad in the place of something good."""
    text = GRADE.read_text()
    assert good in text
    (folder / "grade.yml").write_text(text.replace(good, bad))
    return folder / "grade.yml"


@pytest.mark.parametrize("file", [CI, GRADE], ids=lambda file: file.name)
def test_other_peoples_actions_are_pinned_by_digest_and_say_their_version(file: Path) -> None:
    used = [line for line in file.read_text().splitlines() if re.search(r"\buses:", line)]
    assert used
    assert [line for line in used if not DIGEST_AND_VERSION.search(line)] == []


@pytest.mark.parametrize("file", [CI, GRADE], ids=lambda file: file.name)
def test_a_workflow_may_read_the_repository_and_nothing_else(file: Path) -> None:
    text = file.read_text()
    assert "\npermissions: {}\n" in text
    assert set(re.findall(r"[\w-]+: (?:read|write)\b", text)) == {"contents: read"}
    assert "secrets" not in text
    assert text.count("persist-credentials: false\n") == text.count("actions/checkout@")


def test_an_action_has_one_digest() -> None:
    used = {match.group() for file in (CI, GRADE) for match in USES.finditer(file.read_text())}
    assert len(used) == len({use.partition("@")[0] for use in used})


def test_the_pinned_checker_knows_the_tasks_of_this_tree() -> None:
    """Otherwise a fork would be graded by the checks of other tasks, or not at all."""
    (checker,) = PIN.findall(GRADE.read_text())
    if not asks(ROOT, "rev-parse", "--git-dir") or words(ROOT, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("the history is not here")
    assert asks(ROOT, "merge-base", "--is-ancestor", checker, "HEAD"), f"{checker} is not in the history; {MOVE}"
    for lab in load_labs(ROOT):
        here = {task: region.body for task, region in references(ROOT, lab).items()}
        try:
            there = {task: region.body for task, region in references_at(ROOT, checker, lab.tasks).items()}
        except LabsError as error:
            pytest.fail(f"{error}; {MOVE}", pytrace=False)
        assert here == there, f"the references of lab {lab.id} are others than at {checker}; {MOVE}"
