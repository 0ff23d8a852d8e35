"""What a learner types and reads, from a lab that is opened to one that is half-solved."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import labkit
from labkit.keeping import only_writer
from labkit.project import Project
from tests.labkit.conftest import Labs
from tests.labkit.toy import SHOP, commit, make_toy

SHOP_FILE = "labs/01_toy/toy_product/shop.py"
REFERENCE = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
STUB = '    raise NotImplementedError("Task 1.1: greet whoever comes in")\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The toy lab; what it requires counts as installed."""
    root = make_toy(tmp_path / "toy")
    (root / ".gitignore").write_text("/.labs/\n/.venv/\n/artifacts/\n__pycache__/\n")
    (root / "requirements").mkdir()
    (root / "requirements/labs.txt").write_text("")
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").symlink_to(sys.executable)
    uv = root / ".venv/bin/uv"
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    commit(root)
    return Project(root=root, venv=root / ".venv")


@pytest.fixture
def shop(project: Project) -> Path:
    return project.root / SHOP_FILE


def run(labs: Labs, *arguments: str) -> tuple[int, str, str]:
    folders = [labs.project.root / "labs/01_toy", labs.project.root / "labs/02_toy", Path(labkit.__file__).parents[1]]
    done = labs(*arguments, PYTHONPATH=os.pathsep.join(map(str, folders)))
    return done.returncode, done.stdout, done.stderr


def test_start_says_what_is_open_and_what_comes_next(labs: Labs) -> None:
    code, said, _ = run(labs, "start", "01")
    assert code == 0
    assert f"  1.1 open  greet whoever comes in {SHOP_FILE}\n" in said
    assert "git commit -m 'Start lab 01'" in said
    assert "Next: labs check 01 --task 1.1, labs hint 1.1\n" in said
    assert "Lab 01 has been started before; nothing was changed.\n" in run(labs, "start", "1")[1]


def test_reset_says_where_the_work_is_kept(labs: Labs, project: Project, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP.replace(REFERENCE, "    return guest\n"))
    code, said, _ = run(labs, "reset", "01", "--task", "1.1")
    assert code == 0
    assert f"  1.1 is open again  {SHOP_FILE}\n" in said
    kept = project.root / said.rpartition("Your version was kept: ")[2].strip()
    assert "return guest\n" in (kept / SHOP_FILE).read_text()
    assert run(labs, "reset", "01")[1] == "It was so already; nothing was changed.\n"
    shop.unlink()
    assert "was made anew" in run(labs, "reset", "01", "--task", "1.1")[1]


def test_a_mistake_is_one_clear_line(labs: Labs) -> None:
    code, _, trouble = run(labs, "reset", "01")
    assert (code, trouble) == (
        2,
        "✗ Lab 01 has not been started: its tasks still hold the reference.\n  labs start 01\n",
    )
    assert run(labs, "solution", "01", "--task", "1.9")[2].startswith("✗ Lab 01 has no task 1.9.\n")


def test_solution_shows_and_applies_the_reference(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    code, said, beside = run(labs, "solution", "01", "--task", "1.1")
    assert (code, said, beside) == (0, REFERENCE, f"{SHOP_FILE}, task 1.1: greet whoever comes in\n")
    assert STUB in shop.read_text()
    assert run(labs, "solution", "01", "--task", "1.1", "--apply")[1] == f"  1.1 holds the reference  {SHOP_FILE}\n"
    assert shop.read_text() == SHOP


def test_a_run_of_a_half_solved_lab_stops_at_the_open_task(labs: Labs) -> None:
    assert run(labs, "run", "01")[0] == 0
    run(labs, "start", "01")
    code, said, trouble = run(labs, "run", "01")
    assert code == 5
    assert said == ""
    assert trouble == (
        "✗ stopped at task 1.1: greet whoever comes in\n"
        f"  Write it in {SHOP_FILE}:10, then: labs check 01 --task 1.1 (labs hint 1.1)\n"
    )
    assert '"status": "stopped"' in run(labs, "run", "01", "--json")[1]


def test_a_run_that_meets_an_open_task_of_another_file_names_that_file(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(shop.read_text() + '    raise NotImplementedError("Task 1.2: run as somebody")\n')
    run(labs, "solution", "01", "--task", "1.1", "--apply")
    assert run(labs, "run", "01")[2].endswith(
        "✗ stopped at task 1.2: run as somebody\n"
        "  Write it in labs/01_toy/Dockerfile:5, then: labs check 01 --task 1.2 (labs hint 1.2)\n"
    )


def test_the_reference_stands_in_for_a_skipped_task(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    code, said, _ = run(labs, "skip", "1.1")
    assert (code, said) == (0, "Task 1.1 is skipped: the reference stands in for it. Undo: labs skip 1.1 --undo\n")
    code, said, trouble = run(labs, "run", "01")
    assert code == 0
    assert "The sign reads: Welcome to the toy shop, Ada.\n" in said
    assert trouble.endswith("Running with the reference for task 1.1, skipped in your files.\n")
    assert STUB in shop.read_text()
    assert run(labs, "skip", "1.1", "--undo")[1] == "Task 1.1 is yours again.\n"
    assert run(labs, "run", "01")[0] == 5


def test_a_later_lab_runs_with_the_reference_for_open_tasks_of_an_earlier_one(labs: Labs, project: Project) -> None:
    second = project.root / "labs/02_toy"
    shutil.copytree(project.root / "labs/01_toy", second)
    (second / "toy_product").rename(second / "second")
    (second / "second/shop.py").write_text(
        "import os, pathlib, toy_product.shop\npathlib.Path('artifacts').mkdir(exist_ok=True)\n"
        "pathlib.Path('artifacts/sign').write_text(toy_product.shop.greet('Bo'))\n"
        "print(pathlib.Path('artifacts/sign').read_text())\n"
    )
    toml = (second / "lab.toml").read_text().partition("[[task]]")[0].replace('"01"', '"02"')
    (second / "lab.toml").write_text(
        toml.replace("toy_product.shop", "second.shop").replace("artifacts/lab-01/sign.txt", "artifacts/sign")
    )
    commit(project.root)
    run(labs, "start", "01")
    code, said, trouble = run(labs, "run", "02")
    assert code == 0
    assert "Welcome to the toy shop, Bo.\n" in said
    assert trouble.endswith("Running with the reference for tasks 1.1, 1.2, open in your files.\n")
    assert run(labs, "start", "02")[2] == "✗ Lab 02 has no tasks.\n"


def test_update_without_an_upstream_says_how_to_have_one(labs: Labs, project: Project) -> None:
    code, _, trouble = run(labs, "update")
    assert code == 2
    assert "git remote add upstream" in trouble
    assert run(labs, "update", "HEAD")[1].startswith("There is nothing newer than ")
    assert not (project.root / ".labs/update").exists()


def test_control_c_ends_with_130_and_no_traceback(labs: Labs, project: Project) -> None:
    # A lock that another process holds is a moment that is long enough to interrupt.
    with only_writer(project.root, "the test"):
        child = subprocess.Popen(
            labs.command("start", "01"),
            cwd=project.root,
            env=labs.environment(PYTHONPATH=str(Path(labkit.__file__).parents[1])),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        said, trouble = child.communicate(timeout=10)
    assert child.returncode == 130
    assert "Traceback" not in trouble
    assert said == ""
