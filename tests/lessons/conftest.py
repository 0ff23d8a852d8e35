"""What the lessons are run in: a fresh clone, as their readers have it."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from house_prices.serving.deployment.building import builder
from house_prices.serving.deployment.errors import NotRun

ROOT = Path(__file__).resolve().parents[2]

# What this test run has set for itself, and a reader's shell does not have.
OURS = ("PYTEST_", "COVERAGE_", "COV_CORE_", "LABS_")
NOT_OURS_TO_PASS_ON = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHON", "FORCE_COLOR", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS"}

# A lesson has to be true without an engine and a cluster, also on a machine that has them.
WITHOUT_TOOLS = {"DOCKER_HOST": "unix:///no/engine", "KUBECONFIG": os.devnull}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "offline: needs Python and nothing else")


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone, and what is set in the shell of whoever works in it, without an engine and a cluster and with them."""

    folder: Path
    environment: Mapping[str, str]
    with_tools: Mapping[str, str]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone of the last commit with this tree's changes as a commit on top, and no .venv yet."""
    folder = tmp_path_factory.mktemp("lessons")
    programs = folder / "bin"
    programs.mkdir()
    # The Python that this test runs on, and its uv: with that, and the cache that this .venv was filled from, the
    # clone's own .venv takes seconds and is a real one.
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    if uv := shutil.which("uv", path=Path(sys.executable).parent):
        (programs / "uv").symlink_to(uv)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OURS) and name not in NOT_OURS_TO_PASS_ON
    }
    person = {f"GIT_{role}_{what}": "learner" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {
        **kept,
        **person,
        "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
        "COLUMNS": "120",
        "PYTHONUNBUFFERED": "1",  # as on a terminal: what several programs print comes in its order
        "NO_COLOR": "1",
        "TERM": "dumb",
    }

    def git(*arguments: str, at: Path = ROOT) -> str:
        return subprocess.run(
            ["git", "-C", str(at), *arguments], env=environment, capture_output=True, text=True, check=True
        ).stdout

    there = folder / "house-prices"
    git("clone", "--quiet", str(ROOT), str(there))
    for name in git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0")[:-1]:
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, there / name)
        else:
            (there / name).unlink(missing_ok=True)
    if git("status", "--porcelain", at=there):
        git("add", "--all", at=there)
        git("commit", "--quiet", "--no-verify", "--message", "What is not committed yet", at=there)
    named = {name: os.environ[name] for name in ("LABS_KUBE_CONTEXT", "LABS_IMAGE_LOAD") if name in os.environ}
    return Clone(there, environment | WITHOUT_TOOLS, environment | named | _readers_docker(programs))


def _readers_docker(programs: Path) -> dict[str, str]:
    """Return what is to be set for a ``docker`` like a reader's: it builds with BuildKit, and has compose.

    What some distributions package has neither by itself. The tests' tools bring compose, and of several commands one
    may build with BuildKit.
    """
    if not shutil.which("docker"):
        return {}
    if not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        return {}
    with contextlib.suppress(NotRun):
        (programs / "docker").symlink_to(builder())
    plugins = programs / "docker-config" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(Path(sys.prefix) / "bin" / "docker-compose")
    return {"DOCKER_BUILDKIT": "1", "DOCKER_CONFIG": str(plugins.parent)}
