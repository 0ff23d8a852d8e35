"""check, hint, watch and progress as a learner types them, for the toy lab."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import labkit
from labkit.progress import read_progress
from labkit.project import Project
from labkit.verdicts import recall
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
    # A link would run without the packages of the environment that these tests run in.
    (root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / ".venv/bin/python").chmod(0o755)
    (root / ".venv/bin/uv").write_text("#!/bin/sh\n")
    (root / ".venv/bin/uv").chmod(0o755)
    commit(root)
    return Project(root=root, venv=root / ".venv")


@pytest.fixture
def shop(project: Project) -> Path:
    return project.root / SHOP_FILE


def environment(labs: Labs) -> dict[str, str]:
    return labs.environment(PYTHONPATH=str(Path(labkit.__file__).parents[1]))


def run(labs: Labs, *arguments: str, **more: str) -> tuple[int, str, str]:
    done = labs(*arguments, PYTHONPATH=str(Path(labkit.__file__).parents[1]), **more)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_reference_passes_and_that_is_nobodys_progress(labs: Labs, project: Project) -> None:
    code, said, _ = run(labs, "check", "01")
    assert (code, said) == (
        0,
        "✓ 1.1 a greeting names the guest\n"
        "✓ 1.2 the container's process is not root's\n"
        "2 passed, 0 failed, 0 not run\n",
    )
    assert read_progress(project.root) == {}


def test_an_open_lab_fails_at_its_first_task_and_asks_no_further(labs: Labs, project: Project) -> None:
    run(labs, "start", "01")
    code, said, _ = run(labs, "check", "1")
    assert code == 1
    assert "✗ 1.1 a greeting names the guest\n" in said
    assert "open: not written yet" in said
    assert "task 1.1 has not passed" in said
    assert said.endswith("0 passed, 1 failed, 1 not run\n")
    assert [verdict.outcome for verdict in recall(project.root, "01")] == ["failed", "not_run"]


def test_what_is_solved_is_noted_once(labs: Labs, project: Project, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP)
    code, said, _ = run(labs, "check", "01", "--task", "1.1")
    assert (code, said) == (0, "✓ 1.1 a greeting names the guest\n1 passed, 0 failed, 0 not run\n")
    first = read_progress(project.root)
    assert list(first) == ["1.1"]
    run(labs, "check", "01", "--task", "1.1")
    assert read_progress(project.root) == first


def test_the_same_seed_asks_the_same(labs: Labs, shop: Path) -> None:
    shop.write_text(SHOP.replace(REFERENCE, "    print(guest)\n    return 'Hello.'\n"))
    code, said, _ = run(labs, "check", "01", "--seed", "4711")
    assert code == 1
    assert "      guest 4711\n" in said
    assert "The same values again: labs check 01 --seed 4711\n" in said
    drawn = {re.search("guest [0-9]+", run(labs, "check", "01")[1])[0] for _ in range(2)}  # type: ignore[index]
    assert len(drawn) == 2
    assert run(labs, "check", "01", "--seed", "-1")[0] == 2


def test_the_result_as_json_is_alone_on_stdout(labs: Labs, shop: Path) -> None:
    shop.write_text(SHOP.replace(REFERENCE, "    return 'Hello.'\n"))
    code, said, trouble = run(labs, "check", "01", "--json", "--seed", "3")
    assert code == 1
    data = json.loads(said)
    assert (data["lab"], data["seed"], data["passed"], data["failed"], data["not_run"]) == ("01", 3, 0, 1, 1)
    assert data["checks"][0] | {"seconds": 0} == {
        "task": "1.1",
        "name": "test_the_guest_is_named",
        "line": "a greeting names the guest",
        "outcome": "failed",
        "sent": "a guest",
        "got": "no name",
        "wanted": "",
        "look_at": "the return",
        "at": "",
        "printed": "",
        "reason": "",
        "seconds": 0,
    }
    assert trouble.endswith("0 passed, 1 failed, 1 not run\n")


def test_a_syntax_error_is_told_in_the_learners_file(labs: Labs, shop: Path) -> None:
    shop.write_text(SHOP.replace(REFERENCE, "    return (\n"))
    code, said, _ = run(labs, "check", "01")
    assert code == 1
    assert f"{SHOP_FILE}:10" in said
    assert "SyntaxError" in said


def test_a_mistake_that_stops_several_checks_is_told_once(labs: Labs, project: Project, shop: Path) -> None:
    checks = project.root / "tests/lab_01/test_shop.py"
    first = checks.read_text().partition("@pytest")[2].partition("@pytest")[0]
    again = "\n\n@pytest" + first.replace("test_the_guest", "test_a_guest").replace("a greeting", "each greeting")
    checks.write_text(checks.read_text() + again)
    shop.write_text(SHOP.replace(REFERENCE, "    return (\n"))
    said = run(labs, "check", "1.1")[1]
    assert said.count("SyntaxError") == 1
    assert "✗ 1.1 each greeting names the guest\n    as for “a greeting names the guest”, above\n" in said


def test_a_broken_marker_is_told_with_its_remedy_and_other_files_are_checked(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP.replace("    # END TASK 1.1\n", ""))
    code, said, trouble = run(labs, "check", "01")
    assert code == 1
    assert f"{SHOP_FILE}:9: task 1.1 is not closed: its END TASK 1.1 is gone." in said
    assert "labs reset 01 --task 1.1" in said
    assert said.endswith("0 passed, 1 failed, 1 not run\n")
    assert "✗" not in trouble


def test_a_task_that_is_no_python_is_open_too(labs: Labs) -> None:
    run(labs, "start", "01")
    run(labs, "solution", "01", "--task", "1.1", "--apply")
    code, said, _ = run(labs, "check", "01", "--task", "1.2")
    assert code == 1
    assert "✗ 1.2 the container's process is not root's\n    because  open: not written yet" in said


def test_a_skipped_task_is_not_run_and_those_after_it_are(labs: Labs, project: Project) -> None:
    run(labs, "start", "01")
    run(labs, "skip", "1.1")
    run(labs, "solution", "01", "--task", "1.2", "--apply")
    code, said, _ = run(labs, "check", "01")
    assert code == 3
    assert "skipped: the reference stands in for it" in said
    assert "✓ 1.2" in said
    assert said.endswith("1 passed, 0 failed, 1 not run\n")
    assert list(read_progress(project.root)) == ["1.2"]


def test_what_was_changed_outside_the_tasks_is_said_to_be_lost_on_a_grader(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(shop.read_text().replace(STUB, "    return helper(guest)\n"))
    assert "differs outside" not in run(labs, "check", "01")[1]
    shop.write_text(shop.read_text() + "\n\ndef helper(guest):\n    return f'Welcome, {guest}.'\n")
    _, said, _ = run(labs, "check", "01")
    assert f"{SHOP_FILE} differs outside its tasks, too: a grader takes what is between the markers alone.\n" in said
    assert "Dockerfile differs" not in said


def test_a_task_may_be_named_wherever_a_lab_is(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    for command in (("check", "1.1"), ("check", "01", "--task", "1.1")):
        assert run(labs, *command)[1].endswith("0 passed, 1 failed, 0 not run\n")
    for command in (("solution", "1.1"), ("solution", "01", "--task", "1.1")):
        assert run(labs, *command)[1] == REFERENCE
    for command in (("skip", "1.1"), ("skip", "01", "--task", "1.1")):
        assert run(labs, *command)[1].startswith("Task 1.1 is skipped: ")
    shop.write_text(SHOP)
    assert run(labs, "reset", "1.1")[1].startswith("  1.1 is open again")
    assert run(labs, "solution", "01")[2].startswith("✗ Lab 01 was named, and none of its tasks.\n")


def test_a_missing_tool_is_not_run_or_required(labs: Labs, project: Project) -> None:
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('after = ["1.1"]', 'needs = ["docker"]'))
    path = str(project.root / ".venv/bin") + ":/bin:/usr/bin"
    docker = project.root / ".venv/bin/docker"
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    code, said, _ = run(labs, "check", "01", PATH=path)
    assert code == 3
    assert "no engine answers" in said
    assert said.endswith("1 passed, 0 failed, 1 not run\n")
    code, said, _ = run(labs, "check", "01", "--require", "docker,cluster", PATH=path)
    assert code == 1
    assert said.endswith("1 passed, 1 failed, 0 not run\n")


def test_mistakes_in_typing_are_one_clear_line(labs: Labs, project: Project) -> None:
    code, _, trouble = run(labs, "check", "01", "--require", "dcoker")
    assert (code, trouble) == (2, "✗ --require knows docker, cluster, not dcoker.\n")
    assert run(labs, "check", "01", "--task", "1.9")[2].startswith("✗ Lab 01 has no task 1.9.\n")
    assert run(labs, "check", "07")[0] == 2
    shutil.rmtree(project.root / "tests/lab_01")
    code, _, trouble = run(labs, "check", "01")
    assert (code, trouble) == (3, "✗ Lab 01 has no checks in tests/lab_01.\n")


def test_a_later_lab_is_checked_with_the_reference_for_an_open_task_of_an_earlier_one(
    labs: Labs, project: Project
) -> None:
    second, tests = project.root / "labs/02_toy", project.root / "tests/lab_02"
    (second / "second").mkdir(parents=True)
    (second / "second/door.py").write_text(
        "from toy_product.shop import greet\n\n\ndef opened(guest):\n    # TASK 2.1: open\n"
        "    return greet(guest)\n    # END TASK 2.1\n"
    )
    toml = (project.root / "labs/01_toy/lab.toml").read_text().partition("[[task]]")[0].replace('"01"', '"02"')
    task = '[[task]]\nid = "2.1"\ntitle = "open"\nfile = "labs/02_toy/second/door.py"\nwhy = "doors"\n'
    (second / "lab.toml").write_text(toml + task)
    tests.mkdir()
    (tests / "test_door.py").write_text(
        "import pytest\nfrom second.door import opened\nfrom labkit.checks import expect\n\n\n"
        '@pytest.mark.task("2.1")\ndef test_door():\n    """who comes in is greeted"""\n'
        '    expect("Bo" in opened("Bo"), sent="Bo", got="no Bo", look_at="the door")\n'
    )
    commit(project.root)
    run(labs, "start", "01")
    assert run(labs, "check", "02")[1] == "✓ 2.1 who comes in is greeted\n1 passed, 0 failed, 0 not run\n"


def test_hints_grow_and_begin_with_what_was_seen(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP.replace(REFERENCE, "    return 'Hello.'\n"))
    run(labs, "check", "01", "--task", "1.1")
    code, said, _ = run(labs, "hint", "01")
    assert code == 0
    assert said.startswith(
        f"1.1 greet whoever comes in  {SHOP_FILE}\nWhen it was last checked:\n"
        "✗ 1.1 a greeting names the guest\n    sent     a guest\n    got      no name\n"
    )
    assert said.endswith("Hint 1 of 3: What does the call return?\nThe next one: labs hint 1.1\n")
    assert "Hint 2 of 3: docs.python.org: the return statement.\n" in run(labs, "hint", "1.1")[1]
    said = run(labs, "hint", "01", "--task", "1.1")[1]
    assert said.endswith("That is the last one. The answer: labs solution 01 --task 1.1\n")
    assert "1.2 run as somebody" in run(labs, "hint", "1.2")[1]


def test_where_all_has_passed_there_is_no_hint_to_give(labs: Labs) -> None:
    run(labs, "check", "01")
    assert run(labs, "hint", "01")[1] == (
        "Nothing is left to solve in lab 01: its tasks had passed when they were last checked.\n"
    )


def test_progress_is_drawn_and_told(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    assert "0 of 2" in run(labs, "progress")[1]
    shop.write_text(SHOP)
    run(labs, "check", "01")
    code, said, _ = run(labs, "progress")
    assert code == 0
    first, *tasks = said.splitlines()
    assert re.fullmatch("01 ━{12}─{12} 1 of 2  A sign over the door", first)
    assert re.fullmatch(r"  ✓ 1\.1 greet whoever comes in  20\d\d-\d\d-\d\d \d\d:\d\d", tasks[0])
    assert tasks[1:] == ["  · 1.2 run as somebody"]
    [lab] = json.loads(run(labs, "progress", "--json")[1])
    assert (lab["lab"], lab["passed"]) == ("01", 1)
    assert [task["passed"] is None for task in lab["tasks"]] == [False, True]
    assert [task["state"] for task in lab["tasks"]] == ["solved", "open"]


def test_progress_says_what_is_no_longer_solved(labs: Labs, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP)
    run(labs, "check", "1.1")
    run(labs, "skip", "1.2")
    shop.write_text(SHOP.replace(REFERENCE, "    return 'Hello.'\n"))
    run(labs, "check", "1.1")
    first, *tasks = run(labs, "progress")[1].splitlines()
    assert first.startswith("01 ────")
    assert " 0 of 2 " in first
    assert re.fullmatch(
        r"  ✗ 1\.1 greet whoever comes in  passed 20\d\d-\d\d-\d\d \d\d:\d\d, failed when last checked", tasks[0]
    )
    assert tasks[1] == "  – 1.2 run as somebody  skipped"
    run(labs, "reset", "1.1")
    assert re.search(r"  · 1\.1 .+\d, open again\n", run(labs, "progress")[1])


def test_watch_checks_on_each_save_goes_on_to_the_next_task_and_ends(labs: Labs, project: Project, shop: Path) -> None:
    run(labs, "start", "01")
    with subprocess.Popen(
        labs.command("watch", "01"), cwd=project.root, env=environment(labs), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = ""

        def read_until(words: str) -> str:
            nonlocal said
            assert process.stdout
            before = len(said)
            while words not in said[before:]:
                line = process.stdout.readline()
                assert line, said
                said += line
            return said[before:]

        read_until("0 passed, 1 failed, 0 not run\n")
        shop.write_text(SHOP)
        began = time.monotonic()
        assert "✓ 1.1 a greeting names the guest\n" in read_until("1 passed, 0 failed, 0 not run\n")
        assert time.monotonic() - began < 10
        assert "1.2 run as somebody" in read_until("0 passed, 1 failed, 0 not run\n")
        docker = project.root / "labs/01_toy/Dockerfile"
        docker.write_text(docker.read_text().replace("# Task 1.2: run as somebody\n", "USER 1000\n"))
        assert "✓ nothing is left to solve in lab 01\n" in read_until("lab 01\n")
        assert process.wait(timeout=10) == 0


def test_a_check_that_is_killed_changes_nothing_of_the_learners(labs: Labs, project: Project, shop: Path) -> None:
    run(labs, "start", "01")
    shop.write_text(SHOP)
    there = [path for path in project.root.glob("labs/**/*") if path.suffix != ".pyc" and path.is_file()]
    before = {path: path.read_bytes() for path in there}
    draw = random.Random(os.environ.get("LABS_TEST_SEED", "killed"))
    began = time.monotonic()
    assert run(labs, "check", "01")[0] == 1  # 1.2 is open
    took = time.monotonic() - began
    for _ in range(int(os.environ.get("LABS_TEST_KILLS", "3"))):
        shutil.rmtree(project.root / ".labs")  # so that there is something to be noted each time
        with subprocess.Popen(
            labs.command("check", "01"), cwd=project.root, env=environment(labs), stdout=subprocess.DEVNULL
        ) as process:
            time.sleep(draw.uniform(0, took * 1.1))
            process.kill()
        assert {path: path.read_bytes() for path in there} == before
        assert run(labs, "check", "01", "--task", "1.1")[0] == 0
        assert list(read_progress(project.root)) == ["1.1"]
        assert {verdict.task: verdict.outcome for verdict in recall(project.root, "01")}["1.1"] == "passed"


def test_control_c_ends_watch_and_what_it_runs(labs: Labs, project: Project, shop: Path) -> None:
    shop.write_text(SHOP.replace(REFERENCE, "    import time\n    time.sleep(60)\n"))
    with subprocess.Popen(
        labs.command("watch", "01"),
        cwd=project.root,
        env=environment(labs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, trouble = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in trouble
    there = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(project.root) not in there, os.linesep.join(x for x in there.splitlines() if str(project.root) in x)
