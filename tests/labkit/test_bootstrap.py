"""bootstrap.py on machines that lack something: run as a process, with a PATH and interpreters made for the case."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV_FOLDER = Path(sys.prefix) / "bin"
FILES = ("bootstrap.py", "Makefile", "pyproject.toml", "requirements", "labkit", "labs/01_ml_basics/lab.toml")


def old_python(version: str) -> str:
    """Return an interpreter of a version that the labs do not run on."""
    for candidate in (
        shutil.which(f"python{version}"),
        *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
    ):
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(candidate)
    pytest.skip(f"there is no Python {version} here")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What bootstrap.py needs of the project, in a folder whose name has a space."""
    return copy_project(tmp_path / "my projects" / "the course")


def copy_project(folder: Path) -> Path:
    for name in FILES:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


def write_tool(folder: Path, name: str, script: str) -> Path:
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    return tool


def bootstrap(
    clone: Path, tools: Path, *arguments: str, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "http", "HOME"))
    }
    return subprocess.run(
        [python, str(clone / "bootstrap.py"), *arguments],
        env=kept | {"PATH": str(tools)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with a finished .venv, made by the uv of this environment: it answers for all that only reads it."""
    folder = copy_project(tmp_path_factory.mktemp("ready") / "my projects" / "the course")
    result = bootstrap(folder, UV_FOLDER, "list")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.9"])
def test_an_old_python_is_named_with_the_remedy(clone: Path, tools: Path, version: str) -> None:
    result = bootstrap(clone, tools, "run", "01", python=old_python(version))
    assert result.returncode == 4
    assert "the labs need CPython 3.11, 3.12 or 3.13, and none was found" in result.stderr
    assert f"This is Python {version}." in result.stderr
    assert "sudo apt install python3 python3-venv" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (clone / ".venv").exists()


def test_an_old_python_finds_a_new_one_on_the_path(clone: Path, tools: Path) -> None:
    write_tool(tools, "python3.13", "echo switched off >&2; exit 127")  # what a shim of pyenv does
    write_tool(tools, "python3.11", f'echo was here >&2; exec "{sys.executable}" "$@"')
    write_tool(tools, "uv", "echo the uv that was asked: $1; exit 2")
    result = bootstrap(clone, tools, "list", python=old_python("3.9"))
    assert "making .venv with Python " + "{}.{}".format(*sys.version_info) in result.stderr
    assert "the uv that was asked: venv" in result.stderr


def test_a_python_without_ensurepip_is_told_from_none(clone: Path, tools: Path) -> None:
    write_tool(tools, "python3.12", "echo '3 12'; echo CPython; echo 0; echo 0; echo /usr/bin/python3.12")
    result = bootstrap(clone, tools, "list", python=old_python("3.9"))
    assert result.returncode == 4
    assert "sudo apt install python3.12-venv" in result.stderr


@pytest.mark.parametrize(
    "probe", ["3 14|CPython|0|1", "3 12|PyPy|0|1", "3 13|CPython|1|1"], ids=["too new", "PyPy", "free-threaded"]
)
def test_what_the_locks_have_no_wheels_for_is_passed_over(clone: Path, tools: Path, probe: str) -> None:
    write_tool(tools, "python3.12", "; ".join(f"echo '{line}'" for line in [*probe.split("|"), "/usr/bin/python3"]))
    assert "none was found" in bootstrap(clone, tools, "list", python=old_python("3.9")).stderr


def test_no_python_at_all_is_named_by_make(clone: Path, tools: Path) -> None:
    make = shutil.which("make")
    assert make
    result = subprocess.run(
        [make, "lab-01", "SHELL=/bin/sh"],
        cwd=clone,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "no python3 on the PATH" in result.stderr
    assert "apt install python3 python3-venv" in result.stderr


def test_native_windows_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import bootstrap as module

    monkeypatch.setattr(sys, "platform", "win32")
    assert module.main(["list"]) == 4  # type: ignore[no-untyped-call]
    message = capsys.readouterr().err
    assert "wsl --install" in message
    assert "dev container" in message


def test_help_needs_nothing_but_a_python(clone: Path, tools: Path) -> None:
    page = bootstrap(clone, tools, "help", python=old_python("2.7")).stdout
    for target in ("lab-NN", "start-NN", "check-NN", "hint-NN", "reset-NN", "progress", "doctor", "prove", "clean"):
        assert f"  {target} " in page
    assert len(page.splitlines()) <= 24
    assert not (clone / ".venv").exists()


def test_what_is_ready_is_not_touched_again(ready: Path, tools: Path) -> None:
    result = bootstrap(ready, tools, "list")
    assert result.stdout.startswith("01  ")
    assert result.stderr == ""


def test_arguments_and_exit_code_are_those_of_labs(ready: Path, tools: Path) -> None:
    result = bootstrap(ready, tools, "run", "no such lab")
    assert result.returncode == 2
    assert "no lab no such lab" in result.stderr


def test_another_python_keeps_the_environment_unless_asked_for(ready: Path, tools: Path) -> None:
    stamp = ready / ".venv" / "labs-setup.txt"
    finished = stamp.read_text()
    other = "3.12" if not finished.startswith("3.12") else "3.13"
    stamp.write_text(finished.replace(finished.split()[0], other, 1))
    try:
        assert bootstrap(ready, tools, "list").stderr == ""
        write_tool(tools, "uv", "exit 2")
        assert "making .venv" in bootstrap(ready, tools, "list", PYTHON=sys.executable).stderr
    finally:
        restore(ready)


def restore(ready: Path) -> None:
    assert bootstrap(ready, UV_FOLDER, "list").returncode == 0


def test_a_set_up_that_was_interrupted_starts_again(ready: Path) -> None:
    (ready / ".venv" / "labs-setup.txt").unlink()
    left_over = ready / ".venv" / "left-over"
    left_over.touch()
    result = bootstrap(ready, UV_FOLDER, "list")
    assert "making .venv" in result.stderr
    assert result.returncode == 0
    assert not left_over.exists()


def test_a_changed_pyproject_updates_in_place(ready: Path) -> None:
    kept = ready / ".venv" / "kept"
    kept.touch()
    with (ready / "pyproject.toml").open("a") as pyproject:
        pyproject.write("\n")
    result = bootstrap(ready, UV_FOLDER, "list")
    assert "updating .venv" in result.stderr
    assert result.returncode == 0
    assert kept.exists()


def test_a_folder_that_was_moved_gets_a_new_environment(ready: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(ready, moved, symlinks=True)
    result = bootstrap(moved, UV_FOLDER, "list")
    assert "making .venv" in result.stderr
    paths = next((moved / ".venv").glob("lib/python3*/site-packages/_house_prices.pth")).read_text()
    assert paths.splitlines()[0] == str(moved)


def test_an_interpreter_that_is_gone_is_replaced(ready: Path) -> None:
    link = ready / ".venv" / "bin" / "python"
    link.unlink()
    link.symlink_to("/usr/bin/no-such-python")
    assert "making .venv" in bootstrap(ready, UV_FOLDER, "list").stderr


def test_two_at_once_set_up_once(ready: Path) -> None:
    (ready / ".venv" / "labs-setup.txt").unlink()
    environment = os.environ | {"PATH": str(UV_FOLDER)}
    command = [sys.executable, str(ready / "bootstrap.py"), "list"]
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    messages = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("making .venv" in message for message in messages) == 1
    assert sum("another set-up is under way" in message for message in messages) == 1
