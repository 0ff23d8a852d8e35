"""What kustomize makes of k8s/, and what checkov says of it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("base", "overlays/local")

Checkov = Callable[[Path], list[dict[str, Any]]]


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


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    """Ask checkov, which has an environment of its own, about all manifests in a folder."""
    uv = Path(sys.prefix) / "bin" / "uv"
    program: list[str | Path] = [uv, "run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    program += ["--with-requirements", ROOT / "requirements" / "checkov.txt", "checkov"]
    options = ["--framework", "kubernetes", "--skip-download", "--output", "json"]

    def ask(folder: Path) -> list[dict[str, Any]]:
        done = subprocess.run([*program, *options, "--directory", folder], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        results: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
        return [{**each, "kind": kind} for kind, found in results.items() if kind != "parsing_errors" for each in found]

    return ask


def write(folder: Path, name: str, objects: list[dict[str, Any]]) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))
