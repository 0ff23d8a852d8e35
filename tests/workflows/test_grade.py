"""grade.yml as it is, but for the commit that it pins: it grades the toy lab, with the grader of this project."""

import json
import re
import sys
from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.workspace import start
from tests.labkit.toy import DOCKERFILE, SHOP, commit, git, make_toy
from tests.workflows.github import PIN, WORKFLOWS, GitHub, Job, documented_workflow, need_python

UPSTREAM, ADA, GRACE, TEACHER = "upstream/mlops-labs", "ada/mlops-labs", "grace/mlops-labs", "teacher/grades"
SHOP_FILE = "labs/01_toy/toy_product/shop.py"
BODY = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
RIGHT = '    return f"Good day, {guest}."\n'
WRONG = '    print(f"Good day, {guest}.")\n'

# What stands for bootstrap.py: the environment is that of the tests, and nothing has to be installed.
BOOTSTRAP = """
import os, sys
places = f"Path({os.path.dirname(os.path.abspath(__file__))!r}), Path({VENV!r})"
program = f"from pathlib import Path; from labkit.cli import Project, main; main(Project({places}))"
print("Python %d.%d" % sys.version_info[:2], flush=True)
os.execv(PYTHON, [PYTHON, "-c", program, *sys.argv[1:]])
"""


@pytest.fixture
def upstream(github: GitHub) -> GitHub:
    """The course: a commit with the toy lab, and one with a grade.yml that pins the former."""
    need_python("3.12")
    venv = github.folder / "venv"
    (venv / "bin").mkdir(parents=True)
    for name, script in {"python": f'exec "{sys.executable}" "$@"', "uv": ""}.items():
        (venv / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (venv / "bin" / name).chmod(0o755)
    root = make_toy(github.repository(UPSTREAM))
    (root / "requirements").mkdir()
    (root / "requirements" / "labs.txt").write_text("")
    (root / "bootstrap.py").write_text(f"PYTHON, VENV = {sys.executable!r}, {str(venv)!r}\n{BOOTSTRAP}")
    pin(root, commit(root, "The course"))
    return github


def pin(root: Path, checker: str) -> None:
    """Commit the project's grade.yml, with the checker that it pins exchanged."""
    text, count = PIN.subn(checker, (WORKFLOWS / "grade.yml").read_text())
    assert count == 1
    (root / ".github/workflows").mkdir(parents=True, exist_ok=True)
    (root / ".github/workflows/grade.yml").write_text(text)
    commit(root, "Grade")


def fork(github: GitHub, name: str, body: str | None = None) -> Path:
    """Make a fork, in which the lab is started and task 1.1 has this body; without one, nothing was touched."""
    root = github.repository(name)
    root.parent.mkdir(exist_ok=True)
    git(root.parent, "clone", "-q", str(github.repository(UPSTREAM)), str(root))
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    # As on GitHub, where a commit can be asked for by its digest.
    git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
    if body is not None:
        start(root, load_labs(root)[0])
        (root / SHOP_FILE).write_text(SHOP.replace(BODY, body))
        (root / "labs/01_toy/Dockerfile").write_text(DOCKERFILE)
        commit(root)
    return root


def push(github: GitHub, name: str = ADA) -> Job:
    """Push to a fork, and return the one job that this starts."""
    jobs = github.push(name, "grade.yml", fork=True)
    assert [*jobs] == [f"Grade/Grade {name}"]
    return jobs[f"Grade/Grade {name}"]


def test_a_right_answer_is_green_and_the_summary_has_the_scorecard(upstream: GitHub) -> None:
    root = fork(upstream, ADA, RIGHT)
    job = push(upstream)
    assert job.result == "success"
    learner, checker = git(root, "rev-parse", "HEAD"), git(upstream.repository(UPSTREAM), "rev-parse", "HEAD~1")
    assert job.summary.startswith(f"{ADA}, commit {learner}\n# Scorecard: everything passed\n")
    assert "| ✓ | 1.1 greet whoever comes in | passed |\n" in job.summary
    assert "| ✓ | 1.2 run as somebody | passed; the region holds the reference, to the letter |\n" in job.summary
    assert f"Asked by the checks of commit `{checker}`" in job.summary
    assert "Python 3.12\n" in job.log
    artifact = upstream.artifact("scorecard-ada.mlops-labs")
    assert sorted(path.name for path in artifact.iterdir()) == ["junit.xml", "result.json", "scorecard.md"]
    assert json.loads((artifact / "result.json").read_text())["commit"] == checker


def test_a_wrong_answer_is_red_and_the_summary_names_it_whatever_the_forks_own_checks_say(upstream: GitHub) -> None:
    root = fork(upstream, ADA, WRONG)
    (root / "tests/lab_01/test_shop.py").write_text("def test_all_is_well(): pass\n")
    commit(root)
    job = push(upstream)
    assert job.result == "failure"
    assert "# Scorecard: not everything passed\n" in job.summary
    assert "| ✗ | 1.1 greet whoever comes in | failed |\n| – | 1.2 run as somebody | not run; " in job.summary
    assert "    ✗ 1.1 a greeting names the guest\n        sent     a guest\n        got      no name\n" in job.summary
    assert "    tests/lab_01/test_shop.py: not as in the trusted tree\n" in job.summary
    result = json.loads((upstream.artifact("scorecard-ada.mlops-labs") / "result.json").read_text())
    assert (result["passed"], result["exit_code"]) == (False, 1)


def test_a_fork_that_has_started_nothing_is_not_red_and_gets_no_scorecard(upstream: GitHub) -> None:
    fork(upstream, ADA)
    job = push(upstream)
    assert job.result == "success"
    assert job.summary.endswith("\nNo lab has been started, so there is nothing to grade.\n")
    assert not upstream.artifact("scorecard-ada.mlops-labs").exists()


def test_a_skipped_task_is_not_green(upstream: GitHub) -> None:
    root = fork(upstream, ADA, RIGHT)
    with (root / "labs/started.toml").open("a") as file:
        file.write('skipped = ["1.2"]\n')
    commit(root)
    job = push(upstream)
    assert job.result == "failure"
    assert "# Scorecard: not everything was run\n" in job.summary


def test_a_checker_that_cannot_be_set_up_is_red(upstream: GitHub) -> None:
    root = upstream.repository(UPSTREAM)
    (root / "bootstrap.py").write_text("raise SystemExit(4)\n")
    pin(root, commit(root))
    fork(upstream, ADA, RIGHT)
    job = push(upstream)
    assert job.result == "failure"
    assert "nothing to grade" not in job.summary


def test_nothing_is_graded_upstream(upstream: GitHub) -> None:
    assert upstream.push(UPSTREAM, "grade.yml", fork=False) == {}


def test_a_teachers_repository_grades_a_list_of_forks(upstream: GitHub) -> None:
    """With the workflow that docs/grading.md shows."""
    fork(upstream, ADA, RIGHT)
    fork(upstream, GRACE, WRONG)
    jobs = push_as_teacher(upstream)
    assert {name: job.result for name, job in jobs.items()} == {ADA: "success", GRACE: "failure"}
    assert jobs[ADA].summary.splitlines()[1] == "# Scorecard: everything passed"
    assert "    ✗ 1.1 a greeting names the guest\n" in jobs[GRACE].summary
    passed = {
        path.parent.name: json.loads(path.read_text())["passed"]
        for path in sorted((upstream.folder / "artifacts").glob("*/result.json"))
    }
    assert passed == {"scorecard-ada.mlops-labs": True, "scorecard-grace.mlops-labs": False}


def test_the_labs_that_a_teacher_names_are_graded_whatever_the_fork_says_of_them(upstream: GitHub) -> None:
    for name in (ADA, GRACE):
        root = fork(upstream, name, WRONG)
        (root / "labs/started.toml").write_text("")
        commit(root)
    assert push(upstream).result == "success"
    jobs = push_as_teacher(upstream)
    assert {name: job.result for name, job in jobs.items()} == {ADA: "failure", GRACE: "failure"}


def push_as_teacher(github: GitHub) -> dict[str, Job]:
    """Run the workflow of docs/grading.md, and return its jobs by the fork that they grade."""
    root = github.repository(TEACHER)
    (root / ".github/workflows").mkdir(parents=True)
    text = documented_workflow()
    (root / ".github/workflows/grades.yml").write_text(text.replace("on: workflow_dispatch", "on: push"))
    (called,) = re.findall(r"uses: (\S+)/\.github/workflows/grade\.yml@([0-9a-f]{40})$", text, flags=re.MULTILINE)
    github.called["@".join(called)] = github.repository(UPSTREAM)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Teacher")
    git(root, "config", "user.email", "teacher@example.org")
    commit(root)
    return {name.rpartition("Grade ")[2]: job for name, job in github.push(TEACHER, "grades.yml").items()}
