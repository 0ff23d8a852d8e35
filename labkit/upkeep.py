"""What keeps the project in order: its tests, its rules, and a way to start clean."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from labkit.catalog import Lab, load_labs
from labkit.errors import NotRun, WorkFailed
from labkit.locks import stale_locks
from labkit.project import Project
from labkit.running import run_for_lab, run_program
from labkit.terminal import err
from labkit.workspace import files_with_open_tasks

CACHES = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__")
OUTPUTS = ("artifacts", "build", "dist", "htmlcov", ".coverage")


def test(project: Project, arguments: Sequence[str]) -> int:
    """Run pytest with these arguments, on all cores unless they say otherwise, and return its exit code.

    Tests that may not meet each other are marked as an ``xdist_group``.
    """
    return run_program(
        [project.python, "-m", "pytest", "--numprocesses=auto", "--dist=loadgroup", *arguments], project.root
    )


def lint_files(project: Project, files: Sequence[Path]) -> None:
    """Run ruff over some files: what a commit waits for.

    Raises
    ------
    WorkFailed : something is not in order; ruff's words stand above.
    """
    ruff = project.venv / "bin" / "ruff"
    command: list[str | Path] = [ruff, "check", "--force-exclude", *_allowances(project), *files]
    if run_program(command, project.root):
        raise WorkFailed("Not in order: ruff check.")


def _allowances(project: Project) -> list[str]:
    """Return the options by which a hole in a file is no offence: what only its solution uses may be imported there."""
    files = files_with_open_tasks(project.root, load_labs(project.root))
    return [option for file in files for option in ("--extend-per-file-ignores", f"{file}:F401")]


def lint(project: Project) -> None:
    """Check style, types, the order of imports and the locks; go on after a failure, so that one call names all.

    Raises
    ------
    WorkFailed : some of them failed; the message says which.
    """
    programs = project.venv / "bin"
    failed = []
    commands: dict[str, list[str | Path]] = {
        "ruff check": [programs / "ruff", "check", *_allowances(project), "."],
        "ruff format": [programs / "ruff", "format", "--check", "."],
        "mypy": [programs / "mypy"],
        "import-linter": [programs / "lint-imports"],
    }
    for name, command in commands.items():
        err.print(f"[bold]{name}[/]")
        if run_program(command, project.root):
            failed.append(name)
    err.print("[bold]locks[/]")
    stale = stale_locks(project.root)
    for line in stale:
        err.print(f"{line}: labs lock")
    if stale:
        failed.append("locks")
    if failed:
        raise WorkFailed(f"Not in order: {', '.join(failed)}.")


def clean_outside(project: Project, labs: Sequence[Lab]) -> list[str]:
    """Have each lab remove what it has made outside of the project's folder; return the ids of those that failed.

    A lab whose tools are missing here says so itself, and has not failed.
    """
    failed = []
    for lab in labs:
        for command in lab.commands:
            if lab.clean and command.name == lab.clean[0]:
                status = run_for_lab(project, lab, command.module, (*command.arguments, *lab.clean[1:]))
                if status not in (0, NotRun.exit_code):
                    failed.append(lab.id)
    return failed


def clean(project: Project, *, environment: bool = False) -> list[Path]:
    """Remove outputs and caches, and with ``environment`` the project's .venv; return what was removed."""
    found = [project.root / name for name in OUTPUTS]
    for cache in CACHES:
        found += sorted(project.root.glob(cache)) + [
            path
            for folder in ("labkit", "labs", "tests", "benchmarks")
            for path in sorted((project.root / folder).rglob(cache))
        ]
    if environment:
        found.append(project.root / ".venv")
    found = [path for path in found if path.exists() or path.is_symlink()]
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return found
