"""How the image is built: what it says of itself, what a second build does again, and what is not built at all."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.model.manifest import code_version
from house_prices.serving.deployment import building
from house_prices.serving.deployment.errors import DeploymentError

pytestmark = pytest.mark.docker

MODEL = Path("artifacts/lab-01")
SERVICE = Path("labs/02_containerize/house_prices/serving/__init__.py")


def layers(engine: Any, image: str) -> list[str]:
    found: list[str] = engine.images.get(image).attrs["RootFS"]["Layers"]
    return found


@pytest.fixture
def built(engine: Any, project: Path, model: SimpleNamespace, token: str, tmp_path: Path) -> Iterator[building.Image]:
    """The image as the lab builds it."""
    name, label = f"house-prices:test-{token}-lab", f"house-prices.test={token}"
    yield building.build(name, MODEL, model.digest, tmp_path / "log", root=project, label=label)
    for image in engine.images.list(filters={"label": label}):
        engine.images.remove(image.id, force=True)


def test_it_is_small_and_says_what_it_is(engine: Any, built: building.Image) -> None:
    assert 100 < built.megabytes <= 350
    labels = engine.images.get(built.name).labels
    said = {key.removeprefix("org.opencontainers.image."): value for key, value in labels.items()}
    code = code_version()
    assert said["licenses"] == "Apache-2.0"
    assert said["version"] == code.version
    assert said["revision"].startswith(code.commit or "unknown")
    assert said["source"] == "unknown"  # a copy of the project is no clone
    assert said["base.name"] == "docker.io/library/python:3.11-slim-bookworm"
    assert {"title", "description"} <= said.keys()


def test_a_change_of_code_leaves_the_dependencies_alone(
    engine: Any, build: Callable[..., str], project: Path, image: str, model: SimpleNamespace, tmp_path: Path
) -> None:
    root = shutil.copytree(project, tmp_path / "project")
    with (root / SERVICE).open("a") as file:
        file.write("# changed\n")
    changed = layers(engine, build(root, model.digest))
    same = [was == now for was, now in zip(layers(engine, image), changed, strict=True)]
    # Our code, and the model on top of it, are some hundred kilobytes. What is installed again has new dates.
    assert same == [*(len(same) - 2) * [True], False, False]


def test_a_package_that_is_not_the_locks_is_not_installed(
    engine: Any, project: Path, model: SimpleNamespace, tmp_path: Path
) -> None:
    root = shutil.copytree(project, tmp_path / "project")
    lock = root / "requirements" / "build.txt"
    lock.write_text(re.sub("sha256:.{4}", "sha256:0000", lock.read_text()))
    log = tmp_path / "logs" / "log"
    with pytest.raises(DeploymentError, match=f"could not be built \\({log} has it all"):
        building.build("house-prices:test-broken", MODEL, model.digest, log, root=root)
    assert "DO NOT MATCH THE HASHES" in log.read_text()
