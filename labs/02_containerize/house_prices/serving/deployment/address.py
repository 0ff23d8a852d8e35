"""Find the address at which this machine reaches the service: a port of a node, which leads to all pods.

(`kubectl port-forward` would not do: it leads to one pod, and breaks when that one goes.)
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.manifests import NAME, NAMESPACE


@contextmanager
def reachable(cluster: Cluster) -> Iterator[str]:
    """Yield the service's URL, ``http://host:port``.

    Where minikube runs in a virtual machine, its ports are not to be reached from here, and `minikube service` has to
    hold a tunnel open: it does so until this context ends.

    Raises
    ------
    DeploymentError : it answers nowhere.
    """
    port = node_port(cluster)
    nodes = [
        each.address
        for node in cluster.core.list_node().items
        for each in node.status.addresses
        if each.type == "InternalIP"
    ]
    tried = [f"http://{host}:{port}" for host in ("127.0.0.1", *nodes)]
    for url in tried:
        if answers(url):
            yield url
            return
    if cluster.context == "minikube":
        with _tunnel(cluster) as url:
            if answers(url):
                yield url
                return
        tried.append(url)
    raise DeploymentError(f"the service answers at none of {', '.join(tried)}")


def node_port(cluster: Cluster) -> int:
    port: int = cluster.core.read_namespaced_service(NAME, NAMESPACE).spec.ports[0].node_port
    return port


def answers(url: str) -> bool:
    """Say whether something that is ready answers at a URL."""
    with urllib3.PoolManager(retries=False, timeout=2.0) as pool:
        try:
            return pool.request("GET", f"{url}/health/ready").status == 200
        except urllib3.exceptions.HTTPError:
            return False


@contextmanager
def _tunnel(cluster: Cluster) -> Iterator[str]:
    command = ["minikube", "--profile", cluster.context, "service", NAME, "--namespace", NAMESPACE, "--url"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tunnel:
        try:
            assert tunnel.stdout is not None
            yield tunnel.stdout.readline().strip()
        finally:
            tunnel.terminate()
