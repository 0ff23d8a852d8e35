"""Build the service's image with Docker, and run it as a platform would: with nothing that it does not need."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from house_prices.model.manifest import code_version
from house_prices.serving.deployment.address import answers
from house_prices.serving.deployment.engine import docker
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.open_tasks import stop_if_left
from house_prices.serving.deployment.removal import LABEL

DOCKERFILE = Path("labs/02_containerize/Dockerfile")
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


def build(name: str, model: Path, digest: str, log: Path, *, root: Path = Path(), label: str = LABEL) -> Image:
    """Build the image of the service with a model in it.

    Parameters
    ----------
    name : of the image, ``house-prices:v1``.
    model : folder of the model, within the project; one that ``.dockerignore`` lets in.
    digest : by which the service is to trust it.
    log : gets what the builder prints.
    root : the project's top folder.
    label : by which the image is found when all that was made is removed.

    Raises
    ------
    NotRun : there is no docker command that can build it, or no engine answers.
    DeploymentError : it could not be built; the message ends with the builder's last words.
    NotImplementedError : the Dockerfile holds a task that is open.
    """
    stop_if_left(root / DOCKERFILE)
    arguments = {"MODEL": model.as_posix(), "MODEL_DIGEST": digest, **_origin(root)}
    command = [builder(), "build", "--file", str(root / DOCKERFILE), "--label", label]
    command += [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
    docker("version")  # says better than the builder that no engine answers
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        done = _call([*command, "--target", "with-model", "--tag", name, str(root)], said)
    if done.returncode:
        last = "\n  ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
        raise DeploymentError(f"the image could not be built ({log} has it all):\n  {last}")
    # Its first stage is the base alone. (The engine need not know the base by its name, though it has it in its cache.)
    base = _call([*command, "--target", "base", "--quiet", str(root)], subprocess.PIPE, subprocess.DEVNULL)
    names = (name, base.stdout.decode().strip())
    whole, beneath = (int(docker("image", "inspect", "--format", "{{.Size}}", each)) for each in names)
    return Image(name, (whole - beneath) / 1e6)


def builder() -> str:
    """Return the path of a docker command that builds with BuildKit, without which the Dockerfile has no caches.

    Since version 23 the command leaves that to its plugin buildx, which not every package brings. Where several are on
    the PATH, any of them will do.

    Raises
    ------
    NotRun : there is none.
    """
    for folder in os.get_exec_path():
        found = shutil.which("docker", path=folder)
        # Without the plugin, even its page of help is an error. No engine is asked for that.
        if found and _call([found, "build", "--help"], subprocess.DEVNULL).returncode == 0:
            return found
    raise NotRun("no docker command here can build with BuildKit", "install Docker Desktop, or docker-buildx-plugin")


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


def _origin(root: Path) -> dict[str, str]:
    """Return what the image's labels say about where it comes from."""
    code = code_version()
    revision = code.commit or "unknown"
    return {
        "VERSION": code.version,
        "REVISION": f"{revision}-modified" if code.modified else revision,
        "SOURCE": _source(root),
    }


def _source(root: Path) -> str:
    """Return the address of the code; without the name and the password that git may keep in it."""
    asked = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        address = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        address = ""
    found = re.fullmatch(r"(https?://)(?:[^/@]*@)?(.+)", address)
    return found[1] + found[2] if found else "unknown"


def _call(
    command: list[str], output: int | IO[bytes], errors: int = subprocess.STDOUT
) -> "subprocess.CompletedProcess[bytes]":
    environment = os.environ | {"DOCKER_BUILDKIT": "1"}
    return subprocess.run(command, env=environment, stdout=output, stderr=errors, check=False)
