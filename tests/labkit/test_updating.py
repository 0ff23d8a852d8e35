import json
from pathlib import Path

import pytest

from labkit import updating
from labkit.catalog import Lab, load_labs
from labkit.git import GitFailed
from labkit.git import git as ask_git
from labkit.regions import MarkerError
from labkit.started import read_started
from labkit.updating import NotClean, NoUpstream, update
from labkit.workspace import apply_solution, skip, start, states
from tests.labkit.toy import SHOP, commit, git, make_toy

SHOP_FILE = "labs/01_toy/toy_product/shop.py"
LAB_TOML = "labs/01_toy/lab.toml"
STUB = '    raise NotImplementedError("Task 1.1: greet whoever comes in")\n'
REFERENCE = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]
MINE = '    return "Hello, " + guest\n'


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "upstream")


@pytest.fixture
def root(upstream: Path, tmp_path: Path) -> Path:
    """A fork in which lab 01 is started, task 1.1 solved and 1.2 open."""
    fork = tmp_path / "my fork"
    git(upstream, "clone", "-q", "--origin", "upstream", str(upstream), str(fork))
    git(fork, "config", "user.name", "Grace")
    git(fork, "config", "user.email", "grace@example.org")
    start(fork, toy(fork))
    edit(fork / SHOP_FILE, STUB, MINE)
    commit(fork)
    return fork


def toy(root: Path) -> Lab:
    return load_labs(root)[0]


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def done(root: Path) -> list[str]:
    return [f"{state.task.id} {state.state}" for state in states(root, toy(root))]


def test_upstream_changes_a_solved_region_and_its_surroundings(upstream: Path, root: Path) -> None:
    edit(upstream / SHOP_FILE, '"the toy shop"', '"our toy shop"')
    edit(upstream / SHOP_FILE, "Return a line that names the guest.", "Return a line that greets the guest by name.")
    edit(upstream / "labs/01_toy/Dockerfile", "USER 1000", "USER 2000")
    edit(root / SHOP_FILE, "import os\n", "import os  # mine\n")
    before = commit(root)
    target = commit(upstream)
    result = update(root)
    assert result == updating.Update(target, changed=("1.1",))
    text = (root / SHOP_FILE).read_text()
    assert text == SHOP.replace(REFERENCE, MINE).replace("names the guest.", "greets the guest by name.").replace(
        "import os\n", "import os  # mine\n"
    )
    assert done(root) == ["1.1 written", "1.2 open"]
    assert read_started(root)["01"].base == target
    assert git(root, "rev-parse", "HEAD^1", "HEAD^2").split() == [before, target]
    assert git(root, "status", "--short") == ""
    assert git(root, "worktree", "list").count("\n") == 0
    assert git(root, "log", "-1", "--format=%an %s") == f"Grace Update to upstream {target[:12]}"
    apply_solution(root, toy(root), toy(root).tasks[1])
    assert "USER 2000" in (root / "labs/01_toy/Dockerfile").read_text()


def test_nothing_new_is_said(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    assert update(root).current
    assert git(root, "rev-parse", "HEAD") == before


def test_new_tasks_arrive_open_and_removed_ones_are_kept(upstream: Path, root: Path) -> None:
    edit(root / "labs/01_toy/Dockerfile", "# Task 1.2: run as somebody", "USER 42")
    commit(root)
    skip(root, toy(root), toy(root).tasks[1])
    commit(root)
    edit(upstream / "labs/01_toy/Dockerfile", "# TASK 1.2: run as somebody\n", "")
    edit(upstream / "labs/01_toy/Dockerfile", "# END TASK 1.2\n", "")
    edit(upstream / LAB_TOML, 'id = "1.2"\ntitle = "run as somebody"\nfile = "labs/01_toy/Dockerfile"', NEW_TASK)
    (upstream / SHOP_FILE).write_text(
        SHOP + "\n\ndef part() -> str:\n    # TASK 1.3: part\n    return ''\n    # END TASK 1.3\n"
    )
    commit(upstream)
    result = update(root)
    assert (result.new, result.removed, result.conflicts) == (("1.3",), ("1.2",), ())
    assert result.kept
    assert "USER 42" in (result.kept / "labs/01_toy/Dockerfile").read_text()
    assert 'raise NotImplementedError("Task 1.3: part")\n    # END' in (root / SHOP_FILE).read_text()
    assert MINE in (root / SHOP_FILE).read_text()
    assert read_started(root)["01"].skipped == ()
    assert done(root) == ["1.1 written", "1.3 open"]


NEW_TASK = f'id = "1.3"\ntitle = "part"\nfile = "{SHOP_FILE}"'


def test_a_region_moves_to_another_file(upstream: Path, root: Path) -> None:
    (upstream / SHOP_FILE).rename(upstream / "labs/01_toy/toy_product/store.py")
    edit(upstream / LAB_TOML, "shop.py", "store.py")
    commit(upstream)
    assert update(root).conflicts == ()
    assert (root / "labs/01_toy/toy_product/store.py").read_text() == SHOP.replace(REFERENCE, MINE)
    assert not (root / SHOP_FILE).exists()


def test_a_conflict_outside_regions_is_left_to_a_person(upstream: Path, root: Path) -> None:
    edit(root / SHOP_FILE, "import os\n", "import os  # mine\n")
    before = commit(root)
    edit(upstream / SHOP_FILE, "import os\n", "import os  # theirs\n")
    edit(upstream / SHOP_FILE, '"the toy shop"', '"our toy shop"')
    (upstream / "NEWS").write_text("more")
    target = commit(upstream)
    result = update(root)
    assert result.conflicts == (SHOP_FILE,)
    assert result.unplaced == ()
    text = (root / SHOP_FILE).read_text()
    assert "<<<<<<< " in text
    assert MINE in text
    assert "our toy shop" not in text
    assert (root / "NEWS").read_text() == "more"
    assert git(root, "rev-parse", "HEAD", "MERGE_HEAD").split() == [before, target]
    assert git(root, "diff", "--name-only", "--diff-filter=U") == SHOP_FILE
    assert MINE in git(root, "show", f":2:{SHOP_FILE}")
    with pytest.raises(NotClean, match="A merge or a rebase is under way"):
        update(root)
    head, _, rest = text.partition("<<<<<<< ")
    (root / SHOP_FILE).write_text(head + "import os\n" + rest.partition(">>>>>>> ")[2].partition("\n")[2])
    git(root, "add", SHOP_FILE)
    git(root, "commit", "-q", "--no-edit")
    assert git(root, "status", "--short") == ""
    assert git(root, "rev-parse", "HEAD^2") == target
    assert read_started(root)["01"].base == target
    assert done(root) == ["1.1 written", "1.2 open"]


def test_a_merge_with_conflicts_can_be_given_up(upstream: Path, root: Path) -> None:
    edit(root / SHOP_FILE, "import os\n", "import os  # mine\n")
    before = commit(root)
    edit(upstream / SHOP_FILE, "import os\n", "import os  # theirs\n")
    commit(upstream)
    update(root)
    git(root, "merge", "--abort")
    assert git(root, "status", "--short") == ""
    assert git(root, "rev-parse", "HEAD") == before


def test_a_body_that_has_no_place_any_more_is_kept_and_named(upstream: Path, root: Path) -> None:
    opening = "    # TASK 1.1: greet whoever comes in\n"
    edit(root / SHOP_FILE, opening, opening.replace("greet", "GREET"))
    commit(root)
    edit(upstream / SHOP_FILE, opening, opening.replace("greet", "welcome"))
    commit(upstream)
    result = update(root)
    assert result.conflicts == (SHOP_FILE,)
    assert result.unplaced == ("1.1",)
    assert result.kept
    assert MINE in (result.kept / SHOP_FILE).read_text()


def test_a_merge_by_hand_is_caught_up_with(upstream: Path, root: Path) -> None:
    (upstream / "NEWS").write_text("more")
    target = commit(upstream)
    git(root, "fetch", "-q", "upstream")
    git(root, "merge", "-q", "--no-edit", "upstream/main")
    result = update(root)
    assert not result.current
    assert read_started(root)["01"].base == target
    assert done(root) == ["1.1 written", "1.2 open"]
    assert git(root, "rev-list", "--parents", "-1", "HEAD").count(" ") == 1
    assert update(root).current


def test_a_lab_that_was_not_started_is_merged_as_it_is(upstream: Path, tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    git(upstream, "clone", "-q", "--origin", "upstream", str(upstream), str(fork))
    git(fork, "config", "user.name", "Grace")
    git(fork, "config", "user.email", "grace@example.org")
    edit(upstream / SHOP_FILE, '"the toy shop"', '"our toy shop"')
    commit(upstream)
    update(fork)
    assert '"our toy shop"' in (fork / SHOP_FILE).read_text()
    assert not (fork / "labs/started.toml").exists()


@pytest.mark.parametrize("change", ["edited", "untracked"])
def test_what_is_not_committed_is_not_put_at_risk(upstream: Path, root: Path, change: str) -> None:
    if change == "edited":
        edit(root / SHOP_FILE, MINE, MINE.upper())
    else:
        (root / "NEWS").write_text("mine")
        (upstream / "NEWS").write_text("theirs")
        commit(upstream)
    with pytest.raises(NotClean, match=r"shop\.py" if change == "edited" else "NEWS") as refusal:
        update(root)
    assert "ommit" in refusal.value.remedy
    assert (root / "NEWS").exists() is (change == "untracked")
    assert not (root / ".labs/updating.json").exists()


def test_started_toml_must_be_committed(root: Path) -> None:
    git(root, "rm", "-q", "--cached", "labs/started.toml")
    git(root, "commit", "-q", "-m", "without")
    with pytest.raises(NotClean, match=r"labs/started\.toml"):
        update(root)


def test_broken_markers_are_named_and_nothing_changes(upstream: Path, root: Path) -> None:
    edit(root / SHOP_FILE, "    # END TASK 1.1\n", "")
    before = commit(root)
    (upstream / "NEWS").write_text("more")
    commit(upstream)
    with pytest.raises(MarkerError, match=r"task 1\.1 is not closed"):
        update(root)
    assert git(root, "rev-parse", "HEAD") == before


def test_where_upstream_would_be_is_asked_for(root: Path) -> None:
    with pytest.raises(NoUpstream, match="git knows no commit called v9"):
        update(root, "v9")
    with pytest.raises(NoUpstream, match="git knows no commit called --all"):
        update(root, "--all")
    git(root, "remote", "rename", "upstream", "origin")
    with pytest.raises(NoUpstream, match="There is no remote called upstream") as refusal:
        update(root)
    assert "git remote add upstream" in refusal.value.remedy
    git(root, "checkout", "-q", "--orphan", "other")
    commit(root)
    with pytest.raises(NoUpstream, match="have no commit in common"):
        update(root, "origin/main")


@pytest.fixture
def newer(upstream: Path, root: Path) -> str:
    """What upstream has by now: a change to the file of task 1.1, and a new file."""
    edit(upstream / SHOP_FILE, "Return a line", "Return one line")
    (upstream / "NEWS").write_text("more")
    return commit(upstream)


@pytest.mark.parametrize("conflict", [False, True])
def test_an_interrupted_update_is_rolled_back_at_the_next_call(
    root: Path, newer: str, conflict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if conflict:
        edit(root / SHOP_FILE, "Return a line", "Return my line")
        commit(root)
    before, text = git(root, "rev-parse", "HEAD"), (root / SHOP_FILE).read_text()
    real = ask_git

    class Killed(BaseException):
        pass

    def killed(folder: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
        if "--ff-only" in arguments or "checkout-index" in arguments:
            (root / "NEWS").write_text("more")
            (root / SHOP_FILE).write_text("half of it, and mine\n")
            raise Killed
        return real(folder, *arguments, stdin=stdin)

    monkeypatch.setattr(updating, "git", killed)
    with pytest.raises(Killed):
        update(root)
    monkeypatch.setattr(updating, "git", real)
    result = update(root)
    assert result.rolled_back
    assert result.conflicts == ((SHOP_FILE,) if conflict else ())
    kept = [path.read_text() for path in (root / ".labs/kept").rglob("shop.py")]
    assert kept == ["half of it, and mine\n"]
    assert not (root / ".labs/updating.json").exists()
    assert git(root, "show", f"{before}:{SHOP_FILE}") == text.strip()
    assert (root / "NEWS").read_text() == "more"


def test_a_journal_of_an_update_that_was_done_undoes_nothing(root: Path, newer: str) -> None:
    before = git(root, "rev-parse", "HEAD")
    update(root)
    after = (root / SHOP_FILE).read_bytes()
    journal = {"before": before, "arrived": newer, "changed": {SHOP_FILE: None, "NEWS": None}}
    (root / ".labs/updating.json").write_text(json.dumps(journal))
    result = update(root)
    assert not result.rolled_back
    assert (root / SHOP_FILE).read_bytes() == after


def test_a_failure_of_git_in_the_last_step_leaves_all_as_it_was(root: Path, newer: str) -> None:
    before = git(root, "rev-parse", "HEAD")
    (root / ".git/index.lock").touch()
    with pytest.raises(GitFailed, match=r"index\.lock"):
        update(root)
    (root / ".git/index.lock").unlink()
    assert git(root, "rev-parse", "HEAD") == before
    assert git(root, "status", "--short") == ""
    assert update(root).commit == newer


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    upstream = tmp_path / "upstream"
    make_toy(upstream / "course")
    git(upstream / "course", "init", "-q")
    (upstream / "course/.git").rename(upstream / ".git")
    git(upstream, "add", "-A")
    git(upstream, "commit", "-q", "-m", "moved")
    git(upstream, "clone", "-q", "--origin", "upstream", str(upstream), str(tmp_path / "fork"))
    root = tmp_path / "fork/course"
    git(root, "config", "user.name", "Grace")
    git(root, "config", "user.email", "grace@example.org")
    start(root, toy(root))
    edit(root / SHOP_FILE, STUB, MINE)
    edit(root / SHOP_FILE, "import os\n", "import os  # mine\n")
    commit(root)
    edit(upstream / "course" / SHOP_FILE, "Return a line", "Return one line")
    commit(upstream)
    assert update(root).conflicts == ()
    assert "Return one line" in (root / SHOP_FILE).read_text()
    assert done(root) == ["1.1 written", "1.2 open"]
    edit(upstream / "course" / SHOP_FILE, "import os\n", "import os  # theirs\n")
    commit(upstream)
    assert update(root).conflicts == (SHOP_FILE,)
    assert MINE in (root / SHOP_FILE).read_text()
    assert git(root, "diff", "--name-only", "--diff-filter=U", "--relative") == SHOP_FILE
