"""The image, built by the engine that is there from a copy of the project with a small model in it."""

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.model.model_file import save_model
from house_prices.model.sales import load_seattle
from house_prices.model.training import train
from house_prices.serving.deployment.building import DOCKERFILE, builder
from house_prices.serving.deployment.engine import docker as ask_engine
from house_prices.serving.deployment.errors import NotRun
from tests.product.model.test_manifest import manifest_of

docker = pytest.importorskip("docker")

ROOT = Path(__file__).resolve().parents[2]
SENT = ("pyproject.toml", "LICENSE", ".dockerignore", "requirements", "labs")  # of the project, what a build may need
GRACE = 20  # seconds, more than the service takes to drain

# As compose.yaml and the cluster run it.
HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "tmpfs": {"/tmp": "size=16m,mode=1777,noexec,nosuid,nodev"},
    "mem_limit": "512m",
    "nano_cpus": 10**9,
    "pids_limit": 256,
    "ports": {"8080/tcp": ("127.0.0.1", None)},
}


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """The Docker engine; where none answers, what needs it is not run, or fails if LABS_REQUIRE names docker."""
    try:
        ask_engine("version")  # the SDK would leave a socket open where nothing answers
        builder()
    except NotRun as error:
        if "docker" in os.environ.get("LABS_REQUIRE", "").split(","):
            pytest.fail(str(error))
        pytest.skip(str(error))
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def token() -> str:
    """What the names of all that these tests make end with."""
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small model: its folder and its digest."""
    sales = load_seattle().iloc[:1_500]
    folder = tmp_path_factory.mktemp("model")
    folder.chmod(0o755)  # pytest's folders are their maker's alone
    return SimpleNamespace(folder=folder, digest=save_model(folder, train(sales, max_iter=10), manifest_of(sales)))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, model: SimpleNamespace) -> Path:
    """A copy of the project, as a person has it who has run lab 01."""
    root = tmp_path_factory.mktemp("project")
    for name in SENT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    shutil.copytree(model.folder, root / "artifacts" / "lab-01")
    return root


@pytest.fixture(scope="session")
def build(engine: Any, token: str) -> Iterator[Callable[..., str]]:
    """Build an image from a project's folder, with the model of a digest or without one, and return its name."""
    tags: list[str] = []

    def build(root: Path, digest: str | None = None) -> str:
        tag = f"house-prices:test-{token}-{len(tags)}"
        target = (
            ["--target", "with-model", "--build-arg", f"MODEL_DIGEST={digest}"] if digest else ["--target", "service"]
        )
        command = [builder(), "build", "--file", str(root / DOCKERFILE), "--tag", tag, *target, str(root)]
        done = subprocess.run(
            command, env=os.environ | {"DOCKER_BUILDKIT": "1"}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        tags.append(tag)
        return tag

    yield build
    for tag in tags:
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="session")
def image(build: Callable[..., str], project: Path, model: SimpleNamespace) -> str:
    """The image with the model as a layer."""
    return build(project, model.digest)


@pytest.fixture(scope="session")
def mutant(
    build: Callable[..., str], project: Path, model: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., str]:
    """Build the image with the model after edits to the Dockerfile, and return its name."""

    def mutant(*edits: tuple[str, str]) -> str:
        root = tmp_path_factory.mktemp("mutant") / "project"
        shutil.copytree(project, root)
        dockerfile = root / DOCKERFILE
        text = dockerfile.read_text()
        for old, new in edits:
            assert text.count(old) == 1, f"the Dockerfile has {old!r} {text.count(old)} times"
            text = text.replace(old, new)
        dockerfile.write_text(text)
        return build(root, model.digest)

    return mutant


@pytest.fixture
def run(engine: Any, token: str) -> Iterator[Callable[..., Any]]:
    """Start a container, hardened as everywhere; options add to that, and None takes away."""
    containers: list[Any] = []

    def run(image: str, *command: str, **options: Any) -> Any:
        wanted = {name: value for name, value in {**HARDENED, **options}.items() if value is not None}
        container = engine.containers.create(
            image, list(command) or None, labels={"house-prices.test": token}, **wanted
        )
        containers.append(container)
        container.start()
        return container

    yield run
    for container in containers:
        container.remove(force=True, v=True)


def ask(container: Any, path: str, body: object = None) -> tuple[int, bytes]:
    """Send a request to the port that a container publishes, and return the status and the body of the answer."""
    container.reload()
    (binding,) = container.attrs["NetworkSettings"]["Ports"]["8080/tcp"]
    connection = HTTPConnection(binding["HostIp"], int(binding["HostPort"]), timeout=5)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def is_ready(container: Any, seconds: float = 30) -> bool:
    """Say whether a container comes to answer that it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        container.reload()
        if container.status == "exited":
            return False
        try:
            if ask(container, "/health/ready")[0] == 200:
                return True
        except (OSError, HTTPException):
            pass
        time.sleep(0.1)
    return False
