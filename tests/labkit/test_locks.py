"""The locks: what they hold, and that one is told which no longer fits pyproject.toml."""

import re
from pathlib import Path

import pytest

from labkit.locks import _header, read_groups, stale_locks

ROOT = Path(__file__).resolve().parents[2]
GROUPS = """
[dependency-groups]
small = ["rich>=14"]
all = [{ include-group = "small" }, "numpy"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose two locks are fresh."""
    (tmp_path / "pyproject.toml").write_text(GROUPS)
    (tmp_path / "requirements").mkdir()
    pins = {"all": "numpy==2.0\nrich==14.0\n", "small": "rich==14.0\n"}
    for group, requirements in read_groups(tmp_path).items():
        (tmp_path / "requirements" / f"{group}.txt").write_text(_header(group, requirements) + pins[group])
    return tmp_path


def test_a_group_holds_what_it_includes_and_the_whole_comes_first(root: Path) -> None:
    assert list(read_groups(root).items()) == [("all", ["numpy", "rich>=14"]), ("small", ["rich>=14"])]


def test_fresh_locks_are_fresh(root: Path) -> None:
    assert stale_locks(root) == []


def test_a_changed_group_makes_its_lock_stale_and_those_that_include_it(root: Path) -> None:
    (root / "pyproject.toml").write_text(GROUPS.replace("rich>=14", "rich>=15"))
    assert stale_locks(root) == [
        "requirements/all.txt is not what the group all in pyproject.toml asks for",
        "requirements/small.txt is not what the group small in pyproject.toml asks for",
    ]


def test_a_missing_lock_is_named(root: Path) -> None:
    (root / "requirements" / "small.txt").unlink()
    assert stale_locks(root) == ["requirements/small.txt is missing"]


def test_a_pin_that_the_whole_does_not_have_is_named(root: Path) -> None:
    lock = root / "requirements" / "small.txt"
    lock.write_text(lock.read_text().replace("14.0", "14.1"))
    assert stale_locks(root) == ["requirements/small.txt has rich==14.1, which requirements/all.txt has not"]


def test_a_group_that_the_whole_does_not_hold_has_an_environment_of_its_own(root: Path) -> None:
    (root / "pyproject.toml").write_text(f'{GROUPS}apart = ["numpy<2"]\n')
    (root / "requirements" / "apart.txt").write_text(_header("apart", ["numpy<2"]) + "numpy==1.26\n")
    assert stale_locks(root) == []


def test_our_locks_are_fresh() -> None:
    assert stale_locks(ROOT) == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_our_locks_have_a_hash_for_each_pin_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"(?m)^[\w.-]+==.*\n(.*)", text)
    assert pins
    assert all("--hash=sha256:" in below for below in pins)
    assert not re.search(r"://|--(extra-)?index|--find-links", text)
