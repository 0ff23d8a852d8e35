"""A command that is killed at any moment loses no line of the learner's, and the next call works."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.catalog import Lab, load_labs
from labkit.updating import update
from labkit.workspace import reset, start, states
from tests.labkit.toy import SHOP, commit, git, make_toy

MOMENTS = int(os.environ.get("LABS_TEST_KILLS", "8"))  # more of them: LABS_TEST_KILLS=50
SHOP_FILE = "labs/01_toy/toy_product/shop.py"
STUB = '    raise NotImplementedError("Task 1.1: greet whoever comes in")\n'
REFERENCE = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
MINE = '    return "Hello, " + guest  # the line that must not be lost\n'


def run_and_kill(work: Callable[[], object], delay: float) -> None:
    """Run something in a child and kill it after so many seconds."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def moments(template: Path, work: Callable[[Path], object]) -> list[float]:
    """Return random moments of a call, from its first to a little after its last."""
    trial = template.with_name("trial")
    shutil.copytree(template, trial, symlinks=True)
    began = time.monotonic()
    work(trial)
    took = time.monotonic() - began
    shutil.rmtree(trial)
    draw = random.Random(os.environ.get("LABS_TEST_SEED", "killed"))
    return [draw.uniform(0, took * 1.1) for _ in range(MOMENTS)]


def places(root: Path) -> str:
    """Return all that is in the files, in the last commit and in what was kept."""
    there = [path.read_text() for path in (*root.glob("labs/01_toy/*/*.py"), *root.glob(".labs/kept/**/*.py"))]
    return "\n".join([*there, git(root, "show", f"HEAD:{SHOP_FILE}")])


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def toy(root: Path) -> Lab:
    return load_labs(root)[0]


def done(root: Path) -> list[str]:
    return [f"{state.task.id} {state.state}" for state in states(root, toy(root))]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "template")


def test_start(template: Path, tmp_path: Path) -> None:
    edit(template / SHOP_FILE, "import os\n", "import os  # the line that must not be lost\n")
    commit(template)
    for delay in moments(template, lambda root: start(root, toy(root))):
        root = tmp_path / "root"
        shutil.copytree(template, root, symlinks=True)
        run_and_kill(lambda root=root: start(root, toy(root)), delay)  # type: ignore[misc]
        text = (root / SHOP_FILE).read_text()
        assert REFERENCE in text or STUB in text
        assert "import os  # the line that must not be lost\n" in text
        start(root, toy(root))
        assert done(root) == ["1.1 open", "1.2 open"]
        assert start(root, toy(root)).tasks == ()
        shutil.rmtree(root)


def test_reset(template: Path, tmp_path: Path) -> None:
    start(template, toy(template))
    edit(template / SHOP_FILE, STUB, MINE)
    for delay in moments(template, lambda root: reset(root, toy(root), toy(root).tasks)):
        root = tmp_path / "root"
        shutil.copytree(template, root, symlinks=True)
        run_and_kill(lambda root=root: reset(root, toy(root), toy(root).tasks), delay)  # type: ignore[misc]
        assert MINE in places(root)
        reset(root, toy(root), toy(root).tasks)
        assert MINE in places(root)
        assert done(root) == ["1.1 open", "1.2 open"]
        shutil.rmtree(root)


@pytest.mark.parametrize("conflict", [False, True])
def test_update(template: Path, tmp_path: Path, conflict: bool) -> None:
    upstream = tmp_path / "upstream"
    shutil.copytree(template, upstream)
    start(template, toy(template))
    edit(template / SHOP_FILE, STUB, MINE)
    if conflict:
        edit(template / SHOP_FILE, "Return a line", "Return my line")
    before = commit(template)
    git(template, "remote", "add", "upstream", str(upstream))
    edit(upstream / SHOP_FILE, "Return a line", "Return one line")
    edit(upstream / SHOP_FILE, '"the toy shop"', '"our toy shop"')
    (upstream / "NEWS").write_text("more")
    target = commit(upstream)
    for delay in moments(template, update):
        root = tmp_path / "root"
        shutil.copytree(template, root, symlinks=True)
        run_and_kill(lambda root=root: update(root), delay)  # type: ignore[misc]
        assert MINE in places(root)
        # Nothing is left of a merge only where it came to its end, or was never begun.
        if not (root / ".git/MERGE_HEAD").exists() or (root / ".labs/updating.json").exists():
            update(root)
        assert (root / "NEWS").read_text() == "more"
        assert MINE in (root / SHOP_FILE).read_text()
        assert git(root, "rev-parse", "MERGE_HEAD" if conflict else "HEAD^2") == target
        assert git(root, "rev-parse", "HEAD" if conflict else "HEAD^1") == before
        if not conflict:
            assert git(root, "status", "--short") == ""
            assert done(root) == ["1.1 written", "1.2 open"]
            assert update(root).current
        shutil.rmtree(root)
