"""A cluster on this machine for those who have none: minikube's, or else kind's."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence

from house_prices.serving.deployment.errors import DeploymentError, NotRun, ProgramFailed
from house_prices.serving.deployment.programs import ask

INSTALL_MINIKUBE = "install minikube: https://minikube.sigs.k8s.io/docs/start/"
INSTALL_KIND = "install kind: https://kind.sigs.k8s.io/docs/user/quick-start/"
KIND_NAME = "labs"
# Two workers, as kind keeps pods away from a control plane that has some. Its nodes are containers: a port of theirs
# has to be published to be reached on every system.
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
    """Start a cluster with two nodes for pods; one that is there already goes on, and becomes kubectl's current one.

    Raises
    ------
    NotRun : neither tool is here.
    DeploymentError : a tool failed.
    """
    if _kind_is_there():
        _run(["kind", "export", "kubeconfig", f"--name={KIND_NAME}"])
    elif shutil.which("minikube"):
        _run(["minikube", "start", "--profile=minikube", "--nodes=2", "--addons=metrics-server"])
    elif shutil.which("kind"):
        _run(["kind", "create", "cluster", f"--name={KIND_NAME}", "--config=-"], given=KIND_CONFIG)
    else:
        raise NotRun("there is neither minikube nor kind here", INSTALL_MINIKUBE)


def stop(tell: Callable[[str], None]) -> None:
    """Delete our cluster of kind, or else stop minikube, whose cluster may hold more than ours.

    It goes by the clusters that are there, and not by the tools: one of these may have come later.

    Parameters
    ----------
    tell : gets a line if there is neither cluster.

    Raises
    ------
    DeploymentError : a tool failed.
    """
    if _kind_is_there():
        _run(["kind", "delete", "cluster", f"--name={KIND_NAME}"])
    elif _minikube_is_there():
        _run(["minikube", "stop", "--profile=minikube"])
    else:
        tell(f"there is no cluster {KIND_NAME} of kind here, and none of minikube")


def _kind_is_there() -> bool:
    if not shutil.which("kind"):
        return False
    return KIND_NAME in ask(("kind", "get", "clusters"), remedy=INSTALL_KIND).split()


def _minikube_is_there() -> bool:
    if not shutil.which("minikube"):
        return False
    try:
        listed = ask(("minikube", "profile", "list", "--output=json", "--light"), remedy=INSTALL_MINIKUBE)
    except ProgramFailed:  # as it does where it has never started a cluster
        return False
    return "minikube" in (each["Name"] for each in json.loads(listed)["valid"])


def _run(command: Sequence[str], given: str = "") -> None:
    # Their progress goes to the terminal.
    if subprocess.run(command, input=given, text=True, check=False).returncode:
        raise DeploymentError(f"{' '.join(command)} failed; its own words stand above")
