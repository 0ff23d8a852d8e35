"""Bring images from the Docker engine to the nodes of a cluster, which have no registry to pull them from."""

import os
import shlex
from collections.abc import Sequence

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.programs import ask


def load_images(cluster: Cluster, *images: str) -> None:
    """Copy images to every node, with the tool that made the cluster or the command in LABS_IMAGE_LOAD.

    What several have in common is copied once if they come together.

    Raises
    ------
    NotRun : it is not known how to do that for this cluster, or the tool is missing.
    DeploymentError : the tool failed.
    """
    command = _command(cluster.context, images)
    if command:
        ask(command, remedy=f"install {command[0]}, which made the context {cluster.context}", seconds=600)


def _command(context: str, images: Sequence[str]) -> list[str]:
    if own := os.environ.get("LABS_IMAGE_LOAD"):
        return [*shlex.split(own), *images]
    tool, _, name = context.partition("-")
    match tool, name:
        case "minikube", _:
            return ["minikube", "--profile", context, "image", "load", *images]
        case "kind", _:
            return ["kind", "load", "docker-image", *images, "--name", name]
        case "k3d", _:
            return ["k3d", "image", "import", *images, "--cluster", name]
        case ("docker" | "rancher", "desktop") | ("orbstack", "") | ("colima", _):
            return []  # these clusters run on the very engine that has the images
    raise NotRun(
        f"nobody here knows how to load images into {context}",
        "export LABS_IMAGE_LOAD='a command that takes the names of images as its last arguments'",
    )
