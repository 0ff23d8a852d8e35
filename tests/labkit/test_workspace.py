import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit import workspace
from labkit.catalog import Lab, load_labs
from labkit.errors import NotRun
from labkit.git import GitFailed
from labkit.git import git as ask_git
from labkit.keeping import CannotWrite
from labkit.regions import MarkerError
from labkit.started import InvalidStarted, NoReference, NotStarted, Started, read_started, references
from labkit.tasks import Task
from labkit.workspace import NotCommitted, apply_solution, reset, skip, start, states
from tests.labkit.toy import DOCKERFILE, SHOP, commit, git, make_toy

STUB = '    raise NotImplementedError("Task 1.1: greet whoever comes in")\n'
REFERENCE = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
MINE = '    return "Hello, " + guest\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "a toy, with spaces")


@pytest.fixture
def lab(root: Path) -> Lab:
    return load_labs(root)[0]


@pytest.fixture
def shop(root: Path) -> Path:
    return root / "labs/01_toy/toy_product/shop.py"


def write(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


def done(root: Path, lab: Lab) -> list[str]:
    return [f"{state.task.id} {state.state}" for state in states(root, lab)]


def first(lab: Lab) -> Task:
    return lab.tasks[0]


def test_start_leaves_a_hole_in_each_task_and_touches_nothing_else(root: Path, lab: Lab, shop: Path) -> None:
    shop.chmod(0o755)
    git(root, "config", "core.fileMode", "false")
    base = git(root, "rev-parse", "HEAD")
    change = start(root, lab)
    assert change.tasks == lab.tasks
    assert change.kept is None
    assert shop.read_text() == SHOP.replace(REFERENCE, STUB)
    assert shop.stat().st_mode & 0o777 == 0o755
    assert (root / "labs/01_toy/Dockerfile").read_text() == DOCKERFILE.replace(
        "USER 1000", "# Task 1.2: run as somebody"
    )
    assert read_started(root) == {"01": Started(base)}
    assert done(root, lab) == ["1.1 open", "1.2 open"]
    assert git(root, "status", "--short").split("\n")[-1] == "?? labs/started.toml"


def test_start_twice_changes_nothing(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    write(shop, STUB, REFERENCE)
    before = (shop.read_bytes(), (root / "labs/started.toml").read_bytes())
    assert start(root, lab).tasks == ()
    assert (shop.read_bytes(), (root / "labs/started.toml").read_bytes()) == before
    assert done(root, lab) == ["1.1 reference", "1.2 open"]


def test_start_keeps_line_ends_and_a_missing_last_one(root: Path, lab: Lab, shop: Path) -> None:
    git(root, "config", "core.autocrlf", "true")
    windows = SHOP.replace("\n", "\r\n").encode().rstrip()
    (root / "labs/01_toy/Dockerfile").write_bytes(DOCKERFILE.replace("\n", "\r\n").encode())
    shop.write_bytes(windows)
    commit(root)
    start(root, lab)
    assert shop.read_bytes() == windows.replace(REFERENCE.replace("\n", "\r\n").encode(), STUB.encode()[:-1] + b"\r\n")
    assert done(root, lab) == ["1.1 open", "1.2 open"]
    apply_solution(root, lab, first(lab))
    assert shop.read_bytes() == windows


def test_start_works_through_a_link_to_the_project(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    linked = tmp_path / "link"
    lab = load_labs(linked)[0]
    start(linked, lab)
    reset(linked, lab, lab.tasks)
    assert done(root, lab) == ["1.1 open", "1.2 open"]


def test_start_refuses_what_is_not_committed(root: Path, lab: Lab, shop: Path) -> None:
    write(shop, REFERENCE, MINE)
    with pytest.raises(
        NotCommitted, match=r"^labs/01_toy/toy_product/shop\.py is not as in the last commit"
    ) as refusal:
        start(root, lab)
    assert "git restore labs/01_toy/toy_product/shop.py" in refusal.value.remedy
    assert not (root / "labs/started.toml").exists()


def test_start_refuses_stubs_as_the_reference(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    (root / "labs/started.toml").unlink()
    commit(root)
    with pytest.raises(NoReference, match=r"does not hold the reference of task 1\.1: it is open there as well"):
        start(root, lab)


def test_without_git_the_way_to_a_clone_is_told(root: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    with pytest.raises(NotRun, match="is not a git repository") as refusal:
        start(root, lab)
    assert "git clone" in refusal.value.remedy
    git(root, "init", "-q")
    with pytest.raises(NotRun, match="Nothing has been committed here yet"):
        start(root, lab)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotRun, match="There is no git here") as refusal:
        start(root, lab)
    assert "install git" in refusal.value.remedy


def test_a_shallow_clone_is_told_how_to_become_a_whole_one(root: Path, lab: Lab, tmp_path: Path) -> None:
    start(root, lab)
    commit(root)
    shallow = tmp_path / "shallow"
    git(root, "clone", "-q", "--depth", "1", f"file://{root}", str(shallow))
    with pytest.raises(NotRun, match="which holds the reference solutions, is not in this clone") as refusal:
        reset(shallow, load_labs(shallow)[0], lab.tasks)
    assert "git fetch --unshallow" in refusal.value.remedy
    git(shallow, "fetch", "-q", "--unshallow")
    assert references(shallow, load_labs(shallow)[0])["1.1"].body == REFERENCE


def test_reset_keeps_what_it_overwrites(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    write(shop, STUB, MINE)
    mine = shop.read_bytes()
    change = reset(root, lab, [first(lab)])
    assert change.tasks == (first(lab),)
    assert shop.read_text() == SHOP.replace(REFERENCE, STUB)
    assert change.kept
    assert change.kept.parent == root / ".labs/kept"
    assert (change.kept / "labs/01_toy/toy_product/shop.py").read_bytes() == mine
    assert reset(root, lab, [first(lab)]) == workspace.Change(())


def test_reset_of_the_reference_keeps_no_copy(root: Path, lab: Lab) -> None:
    start(root, lab)
    assert apply_solution(root, lab, first(lab)) == workspace.Change((first(lab),))
    assert done(root, lab) == ["1.1 reference", "1.2 open"]
    assert apply_solution(root, lab, first(lab)).tasks == ()
    assert reset(root, lab, lab.tasks) == workspace.Change((first(lab),))


def test_a_solution_that_replaces_work_keeps_it(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    write(shop, STUB, MINE)
    kept = apply_solution(root, lab, first(lab)).kept
    assert kept
    assert MINE in (kept / "labs/01_toy/toy_product/shop.py").read_text()
    assert shop.read_text() == SHOP


@pytest.mark.parametrize(
    "damage",
    [
        ("    # END TASK 1.1\n", ""),
        ("    # TASK 1.1: greet whoever comes in\n", ""),
        (MINE, MINE + "    # TASK 1.1: greet whoever comes in\n"),
        (MINE, "<<<<<<< HEAD\n" + MINE + "=======\n    pass\n>>>>>>> theirs\n"),
        ("# END TASK 1.1", "# END TASK 1.3"),
    ],
)
def test_reset_rebuilds_a_file_whose_markers_are_broken(
    root: Path, lab: Lab, shop: Path, damage: tuple[str, str]
) -> None:
    start(root, lab)
    write(shop, STUB, MINE)
    write(shop, *damage)
    broken = shop.read_bytes()
    assert done(root, lab) == ["1.1 broken", "1.2 open"]
    with pytest.raises(MarkerError, match=r"^labs/01_toy/toy_product/shop\.py") as refusal:
        apply_solution(root, lab, first(lab))
    assert "labs reset 01 --task 1.1" in refusal.value.remedy
    assert start(root, lab).tasks == ()
    change = reset(root, lab, [first(lab)])
    assert change.rebuilt == ("labs/01_toy/toy_product/shop.py",)
    assert change.kept
    assert (change.kept / "labs/01_toy/toy_product/shop.py").read_bytes() == broken
    assert done(root, lab) == ["1.1 open", "1.2 open"]


def test_a_rebuilt_file_has_the_other_tasks_bodies(root: Path, lab: Lab, shop: Path) -> None:
    lab_toml = root / "labs/01_toy/lab.toml"
    lab_toml.write_text(
        lab_toml.read_text()
        + '[[task]]\nid = "1.3"\ntitle = "part"\nfile = "labs/01_toy/toy_product/shop.py"\nwhy = ""\n'
    )
    shop.write_text(SHOP + "\n\ndef part() -> None:\n    # TASK 1.3: part\n    pass\n    # END TASK 1.3\n")
    commit(root)
    lab = load_labs(root)[0]
    start(root, lab)
    write(shop, '    raise NotImplementedError("Task 1.3: part")\n', "    return None\n")
    write(shop, "    # END TASK 1.1\n", "")
    reset(root, lab, [first(lab)])
    assert shop.read_text().endswith("    # TASK 1.3: part\n    return None\n    # END TASK 1.3\n")
    assert done(root, lab) == ["1.1 open", "1.2 open", "1.3 written"]


def test_reset_brings_back_a_file_that_is_gone(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    shutil.rmtree(shop.parent)
    assert done(root, lab) == ["1.1 broken", "1.2 open"]
    change = reset(root, lab, [first(lab)])
    assert change.kept is None
    assert shop.read_text() == SHOP.replace(REFERENCE, STUB)


def test_edits_outside_regions_stay(root: Path, lab: Lab, shop: Path) -> None:
    start(root, lab)
    write(shop, "import os\n", "import os  # for the name\n")
    reset(root, lab, lab.tasks)
    apply_solution(root, lab, first(lab))
    assert shop.read_text() == SHOP.replace("import os\n", "import os  # for the name\n")


def test_a_lab_must_be_started_first(root: Path, lab: Lab) -> None:
    for call in (
        lambda: reset(root, lab, lab.tasks),
        lambda: apply_solution(root, lab, first(lab)),
        lambda: skip(root, lab, first(lab)),
    ):
        with pytest.raises(NotStarted, match="Lab 01 has not been started"):
            call()
    assert done(root, lab) == ["1.1 reference", "1.2 reference"]


def test_a_task_can_be_skipped_and_taken_up_again(root: Path, lab: Lab) -> None:
    start(root, lab)
    skip(root, lab, lab.tasks[1])
    skip(root, lab, lab.tasks[0])
    skip(root, lab, lab.tasks[0])
    assert read_started(root)["01"].skipped == ("1.1", "1.2")
    skip(root, lab, lab.tasks[1], undo=True)
    assert done(root, lab) == ["1.1 skipped", "1.2 open"]


@pytest.mark.parametrize(
    "content", ["<<<<<<< HEAD\n", "[lab.01]\n", "[lab.01]\nbase = 1\n", "[lab.01]\nbase = ''\nx = 1\n"]
)
def test_a_started_toml_that_cannot_be_read_is_named(root: Path, content: str) -> None:
    (root / "labs/started.toml").write_text(content)
    with pytest.raises(InvalidStarted, match=r"^labs/started\.toml cannot be read: ") as refusal:
        read_started(root)
    assert "git checkout HEAD -- labs/started.toml" in refusal.value.remedy


def test_a_base_that_is_nowhere_is_named(root: Path, lab: Lab) -> None:
    (root / "labs/started.toml").write_text(f'[lab.01]\nbase = "{"1" * 40}"\n')
    with pytest.raises(NotRun, match="Commit 111111111111") as refusal:
        states(root, lab)
    assert refusal.value.remedy == "Fetch it: git fetch --all"


def test_git_speaks_for_itself_when_it_fails(root: Path) -> None:
    with pytest.raises(GitFailed, match=r"git rev-parse --verify nowhere: fatal: "):
        ask_git(root, "rev-parse", "--verify", "nowhere")


def fail_at(monkeypatch: pytest.MonkeyPatch, call: int, error: BaseException) -> None:
    """Let one of the calls that write fail: the disk is full by then, or the user has had enough."""
    calls = 0

    def counted(real: Callable[..., None]) -> Callable[..., None]:
        def write(*arguments: object) -> None:
            nonlocal calls
            calls += 1
            if calls == call:
                raise error
            real(*arguments)

        return write

    monkeypatch.setattr("os.fsync", counted(os.fsync))
    monkeypatch.setattr("os.replace", counted(os.replace))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("command", ["start", "reset", "solution"])
def test_whatever_write_fails_no_line_is_lost_and_the_next_call_works(
    root: Path, lab: Lab, shop: Path, command: str, error: BaseException
) -> None:
    calls = {
        "start": lambda: start(root, lab),
        "reset": lambda: reset(root, lab, [first(lab)]),
        "solution": lambda: apply_solution(root, lab, first(lab)),
    }
    states_after = {"start": "1.1 open", "reset": "1.1 open", "solution": "1.1 reference"}
    expected = (CannotWrite, KeyboardInterrupt)
    for call in range(1, 30):
        (root / "labs/started.toml").unlink(missing_ok=True)
        git(root, "checkout", "-q", ".")
        if command != "start":
            start(root, lab)
            write(shop, STUB, MINE)
        before = shop.read_text()
        with pytest.MonkeyPatch.context() as patched:
            fail_at(patched, call, error)
            try:
                calls[command]()
            except expected:
                pass
            else:
                break
        kept = [path.read_text() for path in root.glob(".labs/kept/**/*.py")]
        assert before in [shop.read_text(), *kept, SHOP]
        calls[command]()
        assert done(root, lab)[0] == states_after[command]
        shutil.rmtree(root / ".labs")
    assert 3 < call < 29  # the last one had nothing left to fail at
