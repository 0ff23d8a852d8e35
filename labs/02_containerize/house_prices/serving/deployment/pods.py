"""The pods behind the service: which there are, which get requests, and what takes one away."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.manifests import NAME, NAMESPACE, SELECTOR
from house_prices.serving.deployment.rollout import is_ready


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the service.

    Attributes
    ----------
    node : where it runs; empty if it runs nowhere.
    release : the hash of the template that it was made from.
    ready : and so gets requests, unless it is leaving.
    leaving : it has been told to go.
    """

    name: str
    node: str
    release: str
    ready: bool
    leaving: bool


def pods(cluster: Cluster) -> list[Pod]:
    """Return the pods of the service, leaving ones and broken ones too, the oldest first."""
    found = cluster.core.list_namespaced_pod(NAMESPACE, label_selector=SELECTOR).items
    return [
        Pod(
            name=pod.metadata.name,
            node=pod.spec.node_name or "",
            release=pod.metadata.labels.get("pod-template-hash", ""),
            ready=is_ready(pod),
            leaving=pod.metadata.deletion_timestamp is not None,
        )
        for pod in sorted(found, key=lambda pod: pod.metadata.creation_timestamp)
    ]


def pods_with_traffic(cluster: Cluster) -> set[str]:
    """Return the names of the pods that new connections are sent to."""
    selector = f"kubernetes.io/service-name={NAME}"
    slices = cluster.discovery.list_namespaced_endpoint_slice(NAMESPACE, label_selector=selector).items
    return {
        endpoint.target_ref.name for each in slices for endpoint in each.endpoints or [] if endpoint.conditions.ready
    }


def wait_until(happened: Callable[[], bool], what: str, *, seconds: float = 120.0) -> float:
    """Wait until something has happened, looking twice a second, and return how many seconds that took.

    Raises
    ------
    DeploymentError : it has not, in ``seconds``.
    """
    start = time.monotonic()
    while not happened():
        if time.monotonic() - start > seconds:
            raise DeploymentError(f"it has not happened within {seconds:g} s that {what}")
        time.sleep(0.5)
    return time.monotonic() - start


def wait_until_gone(cluster: Cluster) -> None:
    """Wait for the pods that have been told to go: until then, requests may be lost with them."""
    try:
        wait_until(lambda: not any(pod.leaving for pod in pods(cluster)), "the pods that were told to go are gone")
    except DeploymentError as error:
        left = ", ".join(f"{pod.name} on {pod.node}" for pod in pods(cluster) if pod.leaving)
        raise DeploymentError(f"{error}: {left}; kubectl -n {NAMESPACE} describe pod says more") from None


def kill(cluster: Cluster, pod: Pod) -> None:
    """Delete a pod, which gets its grace period; the Deployment makes a new one."""
    cluster.core.delete_namespaced_pod(pod.name, NAMESPACE)


def drain(cluster: Cluster, node: str) -> None:
    """Let no new pod come to a node, and have the service's pods leave it, as fast as their disruption budget allows.

    The pods of others stay where they are.
    """
    cluster.kubectl(
        *("drain", node, f"--pod-selector={SELECTOR}", "--delete-emptydir-data", "--timeout=120s"), seconds=130
    )


def uncordon(cluster: Cluster, node: str) -> None:
    """Let pods come to a node again."""
    cluster.kubectl("uncordon", node)
