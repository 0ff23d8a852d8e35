"""Build the service's image with Docker, and run it as a platform would: with nothing that it does not need."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from house_prices.serving.deployment.address import answers
from house_prices.serving.deployment.engine import docker
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.removal import LABEL

DOCKERFILE = "labs/02_containerize/Dockerfile"
BASE = "python:3.11-slim-bookworm"
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp:size=16m,mode=1777,noexec,nosuid,nodev"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"),
    *("--memory", "512m", "--cpus", "1", "--pids-limit", "256"),
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image, and its size unpacked, without that of the image it is made from."""

    name: str
    megabytes: float


def build(name: str, model: Path, digest: str, log: Path) -> Image:
    """Build the image of the service with a model in it.

    Parameters
    ----------
    name : of the image, ``house-prices:v1``.
    model : folder of the model, within the project.
    digest : by which the service is to trust it.
    log : gets what the builder prints.

    Raises
    ------
    DeploymentError : it could not be built; the message ends with the builder's last words.
    """
    command = ["docker", "build", "--file", DOCKERFILE, "--target", "with-model", "--tag", name, "--label", LABEL]
    command += ["--build-arg", f"MODEL={model.as_posix()}", "--build-arg", f"MODEL_DIGEST={digest}", "."]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        done = subprocess.run(
            command, env=os.environ | {"DOCKER_BUILDKIT": "1"}, stdout=said, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        last = "\n  ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
        raise DeploymentError(f"the image could not be built ({log} has it all):\n  {last}")
    own, base = (int(docker("image", "inspect", "--format", "{{.Size}}", each)) for each in (name, BASE))
    return Image(name, (own - base) / 1e6)


@contextmanager
def running(name: str) -> Iterator[tuple[str, str]]:
    """Run an image until the ``with`` block ends, and yield its URL and the user that it runs as."""
    published = ("--publish", "127.0.0.1::8080")
    container = docker("run", "--detach", "--label", LABEL, *HARDENED, *published, name).strip()
    try:
        address = docker("port", container, "8080/tcp").splitlines()[0]
        url = f"http://{address}"
        for _ in range(300):
            if answers(url):
                break
            time.sleep(0.1)
        else:
            raise DeploymentError(f"the container does not answer: {docker('logs', '--tail', '3', container)}")
        yield url, docker("exec", container, "id", "-u").strip()
    finally:
        docker("rm", "--force", "--volumes", container)
