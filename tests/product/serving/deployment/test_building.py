"""What the builder is asked for, and which docker command is asked."""

from pathlib import Path

import pytest

from house_prices.model.manifest import Code
from house_prices.serving.deployment import building
from house_prices.serving.deployment.building import Image, builder
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.removal import LABEL
from tests.product.serving.deployment.conftest import Tools

TAG = "house-prices:dev"
# An image of 350 MB on a base of 100 MB.
ENGINE = (
    'case "$*" in *--quiet*) echo sha256:base;; *inspect*sha256:base) echo 100000000;; *inspect*) echo 350000000;; esac'
)
WITHOUT_BUILDX = '[ "$DOCKER_BUILDKIT $1 $2" != "1 build --help" ]'


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "code_version", lambda: Code(version="1.2", commit="abc", modified=False))


@pytest.fixture(autouse=True)
def dockerfile(tmp_path: Path) -> None:
    path = tmp_path / building.DOCKERFILE
    path.parent.mkdir(parents=True)
    path.touch()


def build(tools: Tools, folder: Path) -> Image:
    return building.build(TAG, Path("artifacts/lab-01"), "d1", folder / "logs" / "build.log", root=folder)


def asked_to_build(tools: Tools, target: str = "with-model") -> str:
    (command,) = (each for each in tools.asked() if f"--target {target}" in each)
    return command


def test_the_model_and_where_the_code_comes_from_are_named(tools: Tools, tmp_path: Path) -> None:
    tools.answer("docker", ENGINE)
    build(tools, tmp_path)
    assert asked_to_build(tools) == (
        f"docker build --file {tmp_path / 'labs/02_containerize/Dockerfile'} --label {LABEL} "
        f"--build-arg MODEL=artifacts/lab-01 --build-arg MODEL_DIGEST=d1 --build-arg VERSION=1.2 "
        f"--build-arg REVISION=abc --build-arg SOURCE=unknown --target with-model --tag {TAG} {tmp_path}"
    )


def test_its_size_is_without_the_base(tools: Tools, tmp_path: Path) -> None:
    tools.answer("docker", ENGINE)
    assert build(tools, tmp_path) == Image(TAG, 250.0)
    assert "--quiet" in asked_to_build(tools, "base")


def test_code_that_is_not_committed_is_no_revision(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.answer("docker", ENGINE)
    monkeypatch.setattr(building, "code_version", lambda: Code(version="1.2", commit="abc", modified=True))
    build(tools, tmp_path)
    assert "REVISION=abc-modified" in asked_to_build(tools)


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("https://example.org/us/labs.git", "https://example.org/us/labs.git"),
        ("https://me:secret@example.org/us/labs.git", "https://example.org/us/labs.git"),
        ("git@example.org:us/labs.git", "unknown"),
        ("/home/me/labs", "unknown"),
    ],
)
def test_the_source_is_the_clones_without_its_password(tools: Tools, tmp_path: Path, origin: str, source: str) -> None:
    tools.answer("docker", ENGINE)
    tools.answer("git", f"echo '{origin}'")
    build(tools, tmp_path)
    assert f"--build-arg SOURCE={source} " in asked_to_build(tools)
    assert "secret" not in asked_to_build(tools)


def test_any_docker_that_can_build_will_do(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools.answer("docker", "")
    newer = Tools(tmp_path / "newer")
    newer.folder.mkdir()
    newer.answer("docker", WITHOUT_BUILDX)
    monkeypatch.setenv("PATH", f"{newer.folder}:{tools.folder}")
    assert builder() == str(tools.folder / "docker")


@pytest.mark.parametrize("there", [False, True], ids=["no docker", "one without its builder"])
def test_no_docker_that_can_build_is_not_run(tools: Tools, tmp_path: Path, there: bool) -> None:
    if there:
        tools.answer("docker", WITHOUT_BUILDX)
    with pytest.raises(NotRun, match=r"can build with BuildKit\n.*docker-buildx-plugin"):
        build(tools, tmp_path)


def test_a_silent_engine_is_not_run(tools: Tools, tmp_path: Path) -> None:
    tools.answer("docker", '[ "$1" = build ]')
    with pytest.raises(NotRun, match="no Docker engine answers"):
        build(tools, tmp_path)


def test_a_build_that_fails_says_why(tools: Tools, tmp_path: Path) -> None:
    tools.answer("docker", '[ "$1 $2" != "build --file" ] || { echo begun; echo no such stage >&2; exit 1; }')
    with pytest.raises(
        DeploymentError, match=r"could not be built \(.*build\.log has it all\):\n  begun\n  no such stage"
    ):
        build(tools, tmp_path)
