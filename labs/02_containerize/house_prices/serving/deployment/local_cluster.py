"""A cluster on this machine for those who have none: minikube's, or else kind's."""

import shutil
import subprocess
from collections.abc import Sequence

from house_prices.serving.deployment.errors import DeploymentError, NotRun

KIND_NAME = "labs"
# kind's nodes are containers: a port of theirs has to be published to be reached on every system.
KIND_CONFIG = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings:
      - {containerPort: 30080, hostPort: 30080, listenAddress: 127.0.0.1}
  - role: worker
  - role: worker
"""


def start() -> None:
    """Start a cluster of two nodes; one of minikube that has been stopped goes on.

    Raises
    ------
    NotRun : neither tool is here.
    DeploymentError : the tool failed; its own words stand above.
    """
    match _tool():
        case "minikube":
            _run(["minikube", "start", "--profile=minikube", "--nodes=2", "--addons=metrics-server"])
        case "kind":
            _run(["kind", "create", "cluster", f"--name={KIND_NAME}", "--config=-"], given=KIND_CONFIG)


def stop() -> None:
    """Stop minikube, whose cluster may hold more than ours, or delete our cluster of kind.

    Raises
    ------
    NotRun, DeploymentError : as in `start`.
    """
    match _tool():
        case "minikube":
            _run(["minikube", "stop", "--profile=minikube"])
        case "kind":
            _run(["kind", "delete", "cluster", f"--name={KIND_NAME}"])


def _tool() -> str:
    for tool in ("minikube", "kind"):
        if shutil.which(tool):
            return tool
    raise NotRun(
        "there is neither minikube nor kind here", "install minikube: https://minikube.sigs.k8s.io/docs/start/"
    )


def _run(command: Sequence[str], given: str = "") -> None:
    # Their progress goes to the terminal.
    if subprocess.run(command, input=given, text=True, check=False).returncode:
        raise DeploymentError(f"{' '.join(command)} failed; its own words stand above")
