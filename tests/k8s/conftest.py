"""What kustomize makes of k8s/."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("base", "overlays/local")


@pytest.fixture(scope="session", params=FOLDERS)
def rendered(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return render(request.param)


@pytest.fixture(scope="session")
def local() -> list[dict[str, Any]]:
    return render("overlays/local")


def render(folder: str) -> list[dict[str, Any]]:
    if not shutil.which("kubectl"):
        pytest.skip("not run: there is no kubectl, which has kustomize in it")
    command = ["kubectl", "kustomize", str(ROOT / "k8s" / folder)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


def write(folder: Path, name: str, objects: list[dict[str, Any]]) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))
