"""Keep in .venv what a lab needs, and only that: the hashed lock of its dependency group."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from labkit.errors import SetUpFailed
from labkit.project import Project
from labkit.terminal import err

# These bring thousands of tests of their own. Nobody here runs them, and to compile them is half of the installation.
WITHOUT_TESTS = ("matplotlib", "mpl_toolkits", "pandas", "scipy", "sklearn")


def is_installed(project: Project, group: str) -> bool:
    """Say whether the group's lock, as it reads now, is installed."""
    stamp = _stamp(project, group)
    return stamp.exists() and stamp.read_text() == _digest(project, group)


def ensure_installed(project: Project, group: str) -> None:
    """Install the lock of a dependency group, unless that has been done.

    Raises
    ------
    SetUpFailed : there is no such lock, or it could not be installed; what uv said stands above.
    """
    if not project.lock(group).exists():
        raise SetUpFailed(f"There is no lock for the group {group}.", "labs lock makes them from pyproject.toml.")
    if is_installed(project, group):
        return
    if not project.uv.exists():
        raise SetUpFailed(f"{project.venv} is not an environment that labs may install into.", "Use make, or .venv.")
    err.print(f"[dim]Installing what {group} needs into .venv (once)[/]")
    # uv shows its progress on a terminal by itself; elsewhere the list of what it did is of no use to a learner.
    quiet = [] if err.is_terminal else ["--quiet"]
    command: list[str | Path] = [project.uv, "pip", "install", *quiet, "--python", project.python, "--require-hashes"]
    if subprocess.call([*command, "-r", project.lock(group)], stdout=err.file):
        raise SetUpFailed(
            f"{group} could not be installed.", "The reason stands above. The next call takes up where this one ended."
        )
    err.print("[dim]Compiling it, so that imports are quick[/]")
    for packages in project.venv.glob("lib/python3*/site-packages"):
        _drop_tests(packages)
        # A package may hold files that are no Python of this version (templates, say): nothing to stop for.
        subprocess.call([project.python, "-m", "compileall", "-qq", "-j", "0", packages], stdout=err.file)
    # Written last: an installation that was interrupted is done again.
    _stamp(project, group).write_text(_digest(project, group))


def _drop_tests(packages: Path) -> None:
    for name in WITHOUT_TESTS:
        for tests in sorted((packages / name).rglob("tests")):
            shutil.rmtree(tests, ignore_errors=True)


def _stamp(project: Project, group: str) -> Path:
    return project.venv / f"labs-{group}.txt"


def _digest(project: Project, group: str) -> str:
    return hashlib.sha256(project.lock(group).read_bytes()).hexdigest()
