"""What those say of our Dockerfiles who read them for mistakes, and that they would see one."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from house_prices.serving.deployment.building import DOCKERFILE
from tests import checkov
from tests.image.conftest import ROOT

# One process for all of them: checkov takes long to start, and is asked about everything at once.
pytestmark = pytest.mark.xdist_group("recipe")

OURS = {"service": ROOT / DOCKERFILE, "sbom": ROOT / ".ci" / "sbom.Dockerfile"}
MISTAKES = {  # what is written instead of what, and who sees it
    "root": ("USER 10001:10001", "USER root", {"DL3002", "CKV_DOCKER_8"}),
    "anybody": ("USER 10001:10001", "", {"CKV_DOCKER_3"}),
    "health": ("HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD", "#", {"CKV_DOCKER_2"}),
    "version": ("FROM python:${PYTHON}-slim-bookworm", "FROM python", {"DL3006", "CKV_DOCKER_7"}),
    "cache": ("pip wheel", "pip install flask==3.1.3 && pip wheel", {"DL3042"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ours, and for each mistake one that has it."""
    folder = tmp_path_factory.mktemp("recipes")
    for name, path in OURS.items():
        shutil.copy(path, folder / f"{name}.Dockerfile")
    text = OURS["service"].read_text()
    for name, (right, wrong, _) in MISTAKES.items():
        assert right in text
        changed = text.replace(right, wrong)
        (folder / f"{name}.Dockerfile").write_text(changed)
    return folder


@pytest.fixture(scope="module")
def findings(folder: Path) -> list[dict[str, Any]]:
    return checkov.findings("dockerfile", folder)


def hadolint(path: Path) -> str:
    program = Path(sys.prefix) / "bin" / "hadolint"
    return subprocess.run([program, "--no-color", path], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", OURS)
def test_hadolint_finds_nothing(folder: Path, name: str) -> None:
    assert hadolint(folder / f"{name}.Dockerfile") == ""


def test_checkov_finds_nothing(findings: list[dict[str, Any]]) -> None:
    assert checkov.told(findings, "service") == set()
    assert len(checkov.told(findings, "service", "passed_checks")) > 20


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(folder: Path, findings: list[dict[str, Any]], name: str) -> None:
    seen = checkov.told(findings, name) | {
        word for word in hadolint(folder / f"{name}.Dockerfile").split() if "DL" in word
    }
    assert MISTAKES[name][2] <= seen
