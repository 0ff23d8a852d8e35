"""How an image comes to the nodes of each kind of local cluster."""

import pytest

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.engine import image_id
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.images import load_images
from tests.product.serving.deployment.conftest import Tools

IMAGE, OTHER = "house-prices:v1", "house-prices:v2"


@pytest.mark.parametrize(
    ("context", "command"),
    [
        ("minikube", f"minikube --profile minikube image load {IMAGE} {OTHER}"),
        ("kind-labs", f"kind load docker-image {IMAGE} {OTHER} --name labs"),
        ("k3d-my-labs", f"k3d image import {IMAGE} {OTHER} --cluster my-labs"),
    ],
)
def test_the_tool_that_made_the_cluster_loads_the_images(tools: Tools, context: str, command: str) -> None:
    tools.answer(command.split()[0], "")
    load_images(Cluster(context, ""), IMAGE, OTHER)
    assert tools.asked() == [command]


@pytest.mark.parametrize("context", ["docker-desktop", "rancher-desktop", "orbstack", "colima", "colima-labs"])
def test_a_cluster_on_the_engine_itself_has_the_image(tools: Tools, context: str) -> None:
    load_images(Cluster(context, ""), IMAGE)


def test_the_users_own_command_comes_first(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    tools.answer("load", "")
    monkeypatch.setenv("LABS_IMAGE_LOAD", "load --to 'my nodes'")
    load_images(Cluster("minikube", ""), IMAGE, OTHER)
    assert tools.asked() == [f"load --to my nodes {IMAGE} {OTHER}"]


@pytest.mark.parametrize("context", ["labs", "docker-x", "rancher-desktop-x", "orbstack-x", "colimaprod"])
def test_an_unknown_cluster_needs_a_command(tools: Tools, context: str) -> None:
    with pytest.raises(NotRun, match=rf"how to load images into {context}\n.*export LABS_IMAGE_LOAD"):
        load_images(Cluster(context, ""), IMAGE)


def test_a_missing_tool_is_not_run(tools: Tools) -> None:
    with pytest.raises(NotRun, match=r"there is no kind here\n.*made the context kind-labs"):
        load_images(Cluster("kind-labs", ""), IMAGE)


def test_a_tool_that_fails_is_quoted(tools: Tools) -> None:
    tools.answer("kind", "echo no nodes found >&2; exit 1")
    with pytest.raises(DeploymentError, match="no nodes found"):
        load_images(Cluster("kind-labs", ""), IMAGE)


def test_an_image_is_known_by_its_id(tools: Tools) -> None:
    tools.answer("docker", "echo sha256:1234")
    assert image_id(IMAGE) == "sha256:1234"


def test_a_missing_image_is_not_run(tools: Tools) -> None:
    tools.answer("docker", "[ $1 = version ]")
    with pytest.raises(NotRun, match=f"the Docker engine has no image {IMAGE}\n.*make lab-02 builds it"):
        image_id(IMAGE)


def test_a_silent_engine_is_not_run(tools: Tools) -> None:
    tools.answer("docker", "exit 1")
    with pytest.raises(NotRun, match="no Docker engine answers"):
        image_id(IMAGE)


def test_no_docker_is_not_run(tools: Tools) -> None:
    with pytest.raises(NotRun, match="there is no docker here"):
        image_id(IMAGE)
