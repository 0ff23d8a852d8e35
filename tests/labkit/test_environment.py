"""A lock is installed once, and again when it has changed or its installation did not finish."""

from pathlib import Path

import pytest

from labkit.environment import ensure_installed, is_installed
from labkit.errors import SetUpFailed
from labkit.project import Project


@pytest.fixture(autouse=True)
def _inside(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)


def calls(project: Project) -> list[str]:
    asked = project.root / "uv-was-asked"
    return asked.read_text().splitlines() if asked.exists() else []


def test_hashes_are_required_and_nothing_is_done_twice(project: Project) -> None:
    ensure_installed(project, "toys")
    ensure_installed(project, "toys")
    (call,) = calls(project)
    assert "--require-hashes" in call
    assert call.endswith(str(project.lock("toys")))


def test_a_changed_lock_is_installed_again(project: Project) -> None:
    ensure_installed(project, "toys")
    project.lock("toys").write_text("# newer")
    assert not is_installed(project, "toys")
    ensure_installed(project, "toys")
    assert len(calls(project)) == 2


def test_what_failed_does_not_count_as_installed(project: Project) -> None:
    project.uv.write_text("#!/bin/sh\nexit 2\n")
    with pytest.raises(SetUpFailed, match="toys could not be installed"):
        ensure_installed(project, "toys")
    assert not is_installed(project, "toys")


def test_a_group_without_a_lock_is_named(project: Project) -> None:
    with pytest.raises(SetUpFailed, match="no lock for the group games"):
        ensure_installed(project, "games")


def test_an_environment_that_is_not_ours_is_left_alone(project: Project) -> None:
    project.uv.unlink()
    with pytest.raises(SetUpFailed, match="not an environment that labs may install into"):
        ensure_installed(project, "toys")


def test_the_tests_of_big_packages_are_dropped_and_the_rest_is_compiled(project: Project) -> None:
    packages = project.venv / "lib" / "python3.11" / "site-packages"
    for name in ("pandas/tests/test_a.py", "pandas/core/tests/test_b.py", "pandas/core/frame.py", "numpy/tests/a.py"):
        file: Path = packages / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1\n")
    ensure_installed(project, "toys")
    assert sorted(str(path.relative_to(packages)) for path in packages.rglob("*.py")) == [
        "numpy/tests/a.py",
        "pandas/core/frame.py",
    ]
    assert list(packages.glob("pandas/core/__pycache__/frame.*.pyc"))
