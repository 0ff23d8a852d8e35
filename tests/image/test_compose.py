"""compose.yaml on a real engine: the service as hardened as elsewhere, and each line that hardens it is needed."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.serving.deployment.removal import LABEL
from house_prices.serving.settings import Settings
from tests.image.conftest import ROOT, ask, is_ready
from tests.lab_02.hardening import (
    capability_fault,
    exposure_fault,
    health,
    limit_fault,
    mount_fault,
    privilege_fault,
    root_fault,
    writable_fault,
)

pytestmark = pytest.mark.docker

COMPOSE = ROOT / "labs" / "02_containerize" / "compose.yaml"
FAULTS = (root_fault, capability_fault, privilege_fault, writable_fault, exposure_fault, mount_fault, limit_fault)
IDLE = ["python", "-c", "import time; time.sleep(600)"]

Change = Callable[[dict[str, Any]], Any]
TAKEN_AWAY: dict[str, tuple[Change, Callable[[Any], str]]] = {
    "read_only": (lambda service: service.pop("read_only"), writable_fault),
    "cap_drop": (lambda service: service.pop("cap_drop"), capability_fault),
    "no-new-privileges": (lambda service: service.pop("security_opt"), privilege_fault),
    "mem_limit": (lambda service: service.pop("mem_limit"), limit_fault),
    "cpus": (lambda service: service.pop("cpus"), limit_fault),
    "pids_limit": (lambda service: service.pop("pids_limit"), limit_fault),
    "this machine's address": (lambda service: service["ports"][0].pop("host_ip"), exposure_fault),
    "the volume's read_only": (lambda service: service["volumes"][0].pop("read_only"), mount_fault),
    "the image's user": (lambda service: service.update(user="0"), root_fault),
}


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The command: Docker's own, or the one that comes with the tests' tools."""
    docker = shutil.which("docker")
    if docker and not subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        return [docker, "compose"]
    return [str(Path(sys.prefix) / "bin" / "docker-compose")]


@pytest.fixture(scope="module")
def described(compose: list[str], model: SimpleNamespace) -> dict[str, Any]:
    """What the file says, with all that compose adds to it."""
    command = [*compose, "--file", str(COMPOSE), "config", "--format", "json"]
    environment = {**os.environ, "MODEL_DIGEST": model.digest}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def bare(build: Callable[..., str], project: Path) -> str:
    return build(project)


@pytest.fixture
def up(
    engine: Any, compose: list[str], described: dict[str, Any], bare: str, model: SimpleNamespace, tmp_path: Path
) -> Iterator[Callable[[Change], Any]]:
    """Start what the file describes, with our image and model, on a free port, after a change; give the container."""
    name = tmp_path.name.replace("_", "").lower()[-40:]
    file = tmp_path / "compose.json"
    command = [*compose, "--project-name", name, "--file", str(file)]

    def up(change: Change) -> Any:
        project = copy.deepcopy({key: value for key, value in described.items() if key not in ("name", "networks")})
        service = project["services"]["serving"]
        service.update(image=bare, labels={"house-prices.test": name}, networks={"default": None})
        service["environment"]["SERVING_DRAIN_SECONDS"] = "0.5"
        service["volumes"][0]["source"] = str(model.folder)
        del service["build"], service["ports"][0]["published"]
        change(service)
        file.write_text(json.dumps(project))
        subprocess.run([*command, "up", "--detach", "--quiet-pull"], check=True, capture_output=True)
        (container,) = engine.containers.list(all=True, filters={"label": f"com.docker.compose.project={name}"})
        return container

    yield up
    subprocess.run([*command, "down", "--volumes", "--timeout", "0"], check=True, capture_output=True)


def test_it_serves_with_all_that_it_may_not_do(up: Callable[[Change], Any]) -> None:
    container = up(lambda service: service.update(healthcheck={"interval": "0.5s"}))
    assert is_ready(container), container.logs().decode()
    assert [fault(container) for fault in FAULTS] == [""] * len(FAULTS)
    assert health(container, 60) == "healthy"
    assert ask(container, "/openapi.json")[0] == 200


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_each_line_that_is_taken_away_is_missed(up: Callable[[Change], Any], name: str) -> None:
    change, fault = TAKEN_AWAY[name]

    def change_and_idle(service: dict[str, Any]) -> None:
        change(service)
        service["entrypoint"] = IDLE

    assert fault(up(change_and_idle))


def test_it_listens_where_the_lesson_says(described: dict[str, Any]) -> None:
    (port,) = described["services"]["serving"]["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8080", 8080)


def test_it_waits_longer_for_the_end_than_the_service_takes(described: dict[str, Any]) -> None:
    grace = float(described["services"]["serving"]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["grace_seconds"].default


def test_all_that_it_makes_carries_the_label_by_which_it_is_removed(described: dict[str, Any]) -> None:
    key, value = LABEL.split("=")
    service = described["services"]["serving"]
    for made in (service, service["build"], described["networks"]["default"]):
        assert made["labels"][key] == value


def test_no_digest_no_service(compose: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MODEL_DIGEST"}
    command = [*compose, "--file", str(COMPOSE), "config"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "the digest that make lab-01 printed" in done.stderr
