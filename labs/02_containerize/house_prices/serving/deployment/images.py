"""Bring an image from the Docker engine to the nodes of a cluster, which have no registry to pull it from."""

import os
import shlex

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.programs import ask


def load_image(cluster: Cluster, image: str) -> None:
    """Copy an image to every node, with the tool that made the cluster or the command in LABS_IMAGE_LOAD.

    Raises
    ------
    NotRun : it is not known how to do that for this cluster, or the tool is missing.
    DeploymentError : the tool failed.
    """
    command = _command(cluster.context, image)
    if command:
        ask(command, remedy=f"install {command[0]}, which made the context {cluster.context}", seconds=600)


def _command(context: str, image: str) -> list[str]:
    if own := os.environ.get("LABS_IMAGE_LOAD"):
        return [*shlex.split(own), image]
    tool, _, name = context.partition("-")
    match tool:
        case "minikube":
            return ["minikube", "--profile", context, "image", "load", image]
        case "kind":
            return ["kind", "load", "docker-image", image, "--name", name]
        case "k3d":
            return ["k3d", "image", "import", image, "--cluster", name]
        case "docker" | "rancher" | "orbstack" | "colima":
            return []  # these clusters run on the very engine that has the image
    raise NotRun(
        f"nobody here knows how to load an image into {context}",
        "export LABS_IMAGE_LOAD='a command that takes the name of the image as its last argument'",
    )
