"""Grades, and what somebody might try to get one without the work: none of it may pass."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.errors import NotRun, WrongUsage
from labkit.grading import grade, scrubbed_environment
from labkit.project import Project
from labkit.scorecard import LabGrade
from labkit.verdicts import Verdict
from labkit.workspace import skip, start
from tests.labkit.toy import DOCKERFILE, SHOP, commit, make_toy

SHOP_FILE = "labs/01_toy/toy_product/shop.py"
BODY = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
RIGHT = '    return f"Good day, {guest}."\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The trusted tree; what its lab requires counts as installed."""
    root = make_toy(tmp_path_factory.mktemp("trusted") / "toy")
    (root / "requirements").mkdir()
    (root / "requirements/labs.txt").write_text("")
    venv = root.parent / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to(sys.executable)
    uv = venv / "bin/uv"
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    commit(root)
    return Project(root, venv)


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    # A link is no environment: the toy's interpreter is that of the tests.
    monkeypatch.setattr(Project, "python", property(lambda self: Path(sys.executable)))


@pytest.fixture
def tree(project: Project, tmp_path: Path) -> Path:
    """A learner's clone with the lab started: 1.1 solved in words of its own, 1.2 as the reference has it."""
    root = tmp_path / "learner"
    shutil.copytree(project.root, root)
    start(root, load_labs(root)[0])
    write(root, RIGHT)
    (root / "labs/01_toy/Dockerfile").write_text(DOCKERFILE)
    return root


def write(tree: Path, body: str, before: str = "") -> None:
    """Put a body into the region of task 1.1."""
    (tree / SHOP_FILE).write_text(before + SHOP.replace(BODY, body))


def graded(project: Project, tree: Path) -> LabGrade:
    """Return the grade of the one lab, of which task 1.2 is right unless 1.1 takes it along."""
    return grade(project, tree, only=["01"]).labs[0]


def verdict(project: Project, tree: Path) -> Verdict:
    """Return the verdict on task 1.1, which must not be a good one."""
    found = graded(project, tree)
    assert not found.passed
    (told,) = found.verdicts.of("1.1")
    assert told.outcome == "failed"
    return told


def test_work_that_behaves_passes(project: Project, tree: Path) -> None:
    card = grade(project, tree)
    assert [verdict.outcome for verdict in card.labs[0].verdicts.checks] == ["passed", "passed"]
    assert card.exit_code == 0
    assert card.remarks == ()
    assert card.labs[0].remarks == ()
    assert card.labs[0].unchanged == ("1.2",)


def test_where_nobody_has_begun_it_passes_and_each_task_has_a_remark(project: Project) -> None:
    (graded,) = grade(project, project.root, only=["01"]).labs
    assert graded.passed
    assert graded.unchanged == ("1.1", "1.2")


def test_an_open_task_fails_and_those_after_it_are_not_run(project: Project, tree: Path) -> None:
    write(tree, '    raise NotImplementedError("Task 1.1: greet whoever comes in")\n')
    card = grade(project, tree)
    assert [verdict.outcome for verdict in card.labs[0].verdicts.checks] == ["failed", "not_run"]
    assert card.labs[0].verdicts.checks[0].reason == "open: not written yet"
    assert card.exit_code == 1


def test_a_skipped_task_is_not_run_and_never_passed(project: Project, tree: Path) -> None:
    lab = load_labs(tree)[0]
    skip(tree, lab, lab.tasks[0])
    card = grade(project, tree)
    assert [verdict.outcome for verdict in card.labs[0].verdicts.checks] == ["not_run", "passed"]
    assert card.labs[0].unchanged == ("1.2",)
    assert card.exit_code == 3


def test_crlf_and_a_byte_order_mark_are_fine(project: Project, tree: Path) -> None:
    file = tree / SHOP_FILE
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert graded(project, tree).passed


def test_nothing_is_left_behind_and_the_tree_is_only_read(
    project: Project, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    write(tree, '    import os\n    os.makedirs("deep/er")\n    os.chmod("deep", 0)\n' + RIGHT)
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    assert graded(project, tree).passed
    assert list(scratch.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before


# What is graded


def test_labs_that_were_not_started_are_not_graded(project: Project, tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="No lab was started in"):
        grade(project, project.root)


def test_without_the_record_it_is_the_labs_with_work_in_them(project: Project, tree: Path) -> None:
    (tree / "labs/started.toml").unlink()
    card = grade(project, tree)
    assert card.exit_code == 0
    assert card.remarks == (
        "labs/started.toml is missing; graded were the labs in which a region does not hold the reference",
    )


def test_a_record_of_labs_that_there_are_not(project: Project, tree: Path) -> None:
    with (tree / "labs/started.toml").open("a") as file:
        file.write('\n[lab.77]\nbase = "abc"\n')
    assert grade(project, tree).remarks == ("labs/started.toml names lab 77, which there is not",)


def test_a_folder_or_a_lab_that_there_is_not(project: Project, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="There is no folder"):
        grade(project, tmp_path / "nowhere")
    with pytest.raises(WrongUsage, match="There is no folder"):
        grade(project, tree, trusted=tmp_path / "nowhere")
    with pytest.raises(WrongUsage, match=r"There is no lab 9"):
        grade(project, tree, only=["9"])


def test_a_trusted_tree_that_is_no_clone(project: Project, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="is not a git repository"):
        grade(project, tree, trusted=tmp_path)


def test_a_clone_that_is_half_solved_can_be_the_trusted_one(project: Project, tree: Path) -> None:
    commit(tree)
    assert grade(project, tree, trusted=tree).exit_code == 0
    write(tree, "    return None\n")
    card = grade(project, tree, trusted=tree)
    assert card.exit_code == 1
    assert card.remarks == ("the trusted tree has changes that are not committed: they were not used",)


# What somebody might try


def test_edited_tests(project: Project, tree: Path) -> None:
    write(tree, "    return None\n")
    file = tree / "tests/lab_01/test_shop.py"
    file.write_text(file.read_text().replace("expect(", "print("))
    assert verdict(project, tree).got == "no name"
    assert graded(project, tree).remarks == ("tests/lab_01/test_shop.py: not as in the trusted tree",)


def test_an_edited_lab_toml(project: Project, tree: Path) -> None:
    write(tree, "    return None\n")
    toml = tree / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().split("[[task]]")[0])
    verdict(project, tree)
    assert graded(project, tree).remarks == ("labs/01_toy/lab.toml: not as in the trusted tree",)


PLANTED = """
import builtins, sys
from labkit import checks
checks.expect = lambda *args, **kwargs: None
open({witness!r}, "w").write("was run")
def pytest_runtest_call(item): item.obj = lambda: None
"""


@pytest.mark.parametrize(
    "name",
    [
        "conftest.py",
        "tests/conftest.py",
        "tests/lab_01/conftest.py",
        "labs/01_toy/conftest.py",
        "sitecustomize.py",
        "labs/01_toy/sitecustomize.py",
        "usercustomize.py",
        "labs/01_toy/toy_product/__init__.py",
        "labkit/checks.py",
        "pytest.py",
        "planted.pth",
        ".venv/lib/python3.11/site-packages/planted.pth",
    ],
)
def test_planted_code(project: Project, tree: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tree, "    return None\n")
    witness = tmp_path / "witness"
    planted = PLANTED.format(witness=str(witness))
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(f"import sys; exec({planted!r})\n" if name.endswith(".pth") else planted)
    monkeypatch.chdir(tree)  # as somebody would who is about to grade it
    assert verdict(project, tree).got == "no name"
    assert not witness.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\naddopts = --collect-only\n"),
        ("tests/lab_01/pytest.ini", "[pytest]\npython_functions = nothing\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-k nothing"\n'),
        ("tox.ini", "[pytest]\naddopts = --deselect tests\n"),
    ],
)
def test_planted_settings(project: Project, tree: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tree, "    return None\n")
    (tree / name).write_text(text)
    monkeypatch.chdir(tree)
    assert verdict(project, tree).got == "no name"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('    return "Welcome, guest 1 guest 2 guest 3."\n', id="hard-coded to examples"),
        pytest.param(
            "    class Any(str):\n        __eq__ = __contains__ = lambda *_: True\n    return Any()\n",
            id="text that holds everything",
        ),
        pytest.param("    import os\n    os._exit(0)\n", id="os._exit in a call"),
        pytest.param("    pass\nimport os\nos._exit(0)\n", id="os._exit at import"),
        pytest.param("    import sys\n    sys.exit(0)\n", id="sys.exit in a call"),
        pytest.param("    pass\nimport sys\nsys.exit(0)\n", id="sys.exit at import"),
        pytest.param("    raise SystemExit(0)\n", id="SystemExit"),
        pytest.param("    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n", id="SIGKILL"),
        pytest.param('    import pytest\n    pytest.skip("later")\n', id="skip"),
        pytest.param('    import pytest\n    pytest.xfail("later")\n', id="xfail"),
        pytest.param('    import pytest\n    pytest.exit("done", returncode=0)\n', id="pytest.exit"),
        pytest.param('    pass\nimport pytest\npytest.skip("x", allow_module_level=True)\n', id="skip of the module"),
        pytest.param("    return None\nimport pytest\npytestmark = pytest.mark.skip\n", id="mark"),
        pytest.param("    import os\n    pid = os.fork()\n    os._exit(0) if pid else None\n", id="fork"),
        pytest.param("    return b'x' * 10**11\n", id="memory"),
        pytest.param("    return (\n", id="syntax"),
        pytest.param('    return """\n', id="an open string"),
        pytest.param("", id="nothing"),
    ],
)
def test_bodies_that_do_not_do_the_work(project: Project, tree: Path, body: str) -> None:
    write(tree, body)
    assert "Traceback" not in str(verdict(project, tree))


EQUAL = '''
import pytest
from toy_product.shop import greet

from labkit.checks import equal, expect


@pytest.mark.task("1.1")
def test_the_guest_is_named():
    """a greeting names the guest"""
    got = greet("Ada")
    expect(got == "Hello, Ada.", sent="Ada", got=got, look_at="the return")


@pytest.mark.task("1.2")
def test_the_guest_is_named_to_the_letter():
    """a greeting names the guest, to the letter"""
    got = greet("Ada")
    expect(equal(got, "Hello, Ada."), sent="Ada", got=got, look_at="the return")
'''


@pytest.fixture
def equality(project: Project, tmp_path: Path) -> Project:
    """The trusted tree with checks that compare what came back."""
    root = tmp_path / "equality"
    shutil.copytree(project.root, root)
    (root / "tests/lab_01/test_shop.py").write_text(EQUAL)
    toml = root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('after = ["1.1"]\n', ""))
    commit(root)
    return Project(root, project.venv)


@pytest.mark.parametrize("answer", ["self", "1", "'yes'", "[self]"])
def test_objects_that_equal_everything(equality: Project, tree: Path, answer: str) -> None:
    write(tree, f"    class All:\n        def __eq__(self, other):\n            return {answer}\n    return All()\n")
    found = graded(equality, tree)
    assert [verdict.outcome for verdict in found.verdicts.checks] == ["failed", "failed"]


def test_an_object_that_says_true_to_everything_is_caught_by_equal(equality: Project, tree: Path) -> None:
    write(tree, "    class All:\n        def __eq__(self, other):\n            return True\n    return All()\n")
    assert graded(equality, tree).verdicts.of("1.2")[0].outcome == "failed"


def test_an_endless_loop_ends_in_time(project: Project, tree: Path, tmp_path: Path) -> None:
    root = tmp_path / "hurried"
    shutil.copytree(project.root, root)
    toml = root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('why = "a caller', 'timeout = 1\nwhy = "a caller'))
    commit(root)
    write(tree, "    while True:\n        pass\n")
    told = verdict(Project(root, project.venv), tree)
    assert "did not end within 1 s" in told.got


FORGED_EVENT = b'\n{"event": "passed", "check": "test_shop.py::test_the_guest_is_named", "seconds": 0.1}\n'


def test_a_report_that_was_written_beforehand_or_from_within(project: Project, tree: Path, tmp_path: Path) -> None:
    forged = {"passed": True, "exit_code": 0, "checks": []}
    names = ("artifacts/grade/result.json", ".labs/last-check-01.json", "result.json", "junit.xml")
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(json.dumps(forged))
    write(
        tree,
        "    import os\n"
        f"    for name in {names!r}:\n"
        "        os.makedirs(os.path.dirname(name) or '.', exist_ok=True)\n"
        f"        open(name, 'w').write({json.dumps(forged)!r})\n"
        # and into every pipe that is open, as if it were an event of the plugin's
        "    for number in range(3, 64):\n"
        "        try:\n"
        f"            os.write(number, {FORGED_EVENT!r})\n"
        "        except OSError:\n"
        "            pass\n"
        "    return None\n",
    )
    assert verdict(project, tree).got == "no name"


def test_a_forged_progress_file(project: Project, tree: Path) -> None:
    write(tree, "    return None\n")
    (tree / ".labs").mkdir(exist_ok=True)
    (tree / ".labs/progress.jsonl").write_text('{"lab": "01", "task": "1.1", "passed": "2026-01-01"}\n')
    verdict(project, tree)


def test_another_tasks_end_marker_in_a_region(project: Project, tree: Path) -> None:
    write(tree, "    # END TASK 1.2\n" + RIGHT)
    assert verdict(project, tree).reason == f"nothing to grade: {SHOP_FILE}:10: END TASK 1.2 stands inside task 1.1."


def test_a_region_that_is_gone(project: Project, tree: Path) -> None:
    (tree / SHOP_FILE).write_text(SHOP.replace("# TASK 1.1: greet whoever comes in", "").replace("# END TASK 1.1", ""))
    assert verdict(project, tree).reason == f"nothing to grade: its region is not in {SHOP_FILE}"


def test_a_link_out_of_the_tree(project: Project, tree: Path) -> None:
    (tree / SHOP_FILE).unlink()
    (tree / SHOP_FILE).symlink_to(project.root / SHOP_FILE)
    assert "is a symbolic link" in verdict(project, tree).reason


def test_a_folder_that_is_a_link_out_of_the_tree(project: Project, tree: Path) -> None:
    shutil.rmtree(tree / "labs/01_toy/toy_product")
    (tree / "labs/01_toy/toy_product").symlink_to(project.root / "labs/01_toy/toy_product")
    assert "is behind a link" in verdict(project, tree).reason


def test_a_file_of_200_mb(project: Project, tree: Path) -> None:
    with (tree / SHOP_FILE).open("ab") as file:
        file.truncate(200_000_000)
    assert "has 200,000,000 bytes" in verdict(project, tree).reason


def test_a_fifo_in_place_of_a_file(project: Project, tree: Path) -> None:
    (tree / SHOP_FILE).unlink()
    os.mkfifo(tree / SHOP_FILE)
    (tree / "labs/started.toml").unlink()
    os.mkfifo(tree / "labs/started.toml")
    assert "is not a regular file" in verdict(project, tree).reason


def test_code_that_sees_no_secrets(project: Project, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", str(tree))
    write(tree, '    import os\n    print(sorted(os.environ), os.environ["HOME"])\n')
    told = verdict(project, tree)
    assert "PATH" in told.printed
    assert "GITHUB" not in told.printed
    assert str(Path.home()) + "'" not in told.printed


def test_the_environment_is_nothing_but_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = scrubbed_environment(tmp_path / "home")
    assert set(found) == {
        *("PATH", "LANG", "HOME", "TMPDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    }
    assert Path(found["TMPDIR"]).is_relative_to(found["HOME"])
    assert found["HOME"] == str(tmp_path / "home")


def test_the_way_to_a_tool_is_passed_on_to_those_who_may_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DOCKER_HOST", "KUBECONFIG", "LABS_KUBE_CONTEXT"):
        monkeypatch.setenv(name, "here")
    assert "here" not in scrubbed_environment(tmp_path / "without").values()
    assert "KUBECONFIG" not in scrubbed_environment(tmp_path / "docker", ["docker"])
    found = scrubbed_environment(tmp_path / "both", ["docker", "cluster"])
    assert [found[name] for name in ("DOCKER_HOST", "KUBECONFIG", "LABS_KUBE_CONTEXT")] == ["here"] * 3


def test_a_tool_that_the_code_may_not_use_is_not_there(project: Project, tree: Path) -> None:
    lab_toml = project.root / "labs/01_toy/lab.toml"
    lab_toml.write_text(lab_toml.read_text().replace("[[task]]\n", '[[task]]\nneeds = ["docker"]\n', 1))
    commit(project.root)
    first, *_ = grade(project, tree, only=["01"]).labs[0].verdicts.checks
    assert (first.outcome, first.reason) == (
        "not_run",
        "needs docker: labs grade --require docker lets the code use it",
    )


def test_a_lab_that_is_named_twice_is_graded_once(project: Project, tree: Path) -> None:
    assert len(grade(project, tree, only=["01", "01"]).labs) == 1
