"""Let a node fail as a machine does that has lost its power, and come back.

Only where the nodes are processes of this machine, as on the test host. The node's kubelet and the service's processes
on it are stopped, not ended: to all others they have fallen silent.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.manifests import NAMESPACE, SELECTOR

KUBELETS = Path(os.environ.get("LABS_CLUSTER_RUN", "/run/labs-cluster")) / "pid"


@contextmanager
def failed(cluster: Cluster, node: str) -> Iterator[None]:
    """Have a node fail for as long as the ``with`` block lasts.

    Raises
    ------
    NotRun : it is not in our power.
    """
    try:
        kubelet = int((KUBELETS / f"kubelet-{node}").read_text())
    except FileNotFoundError as error:
        raise NotRun(
            f"the node {node} is no process of this machine", "LABS_TEST_HOSTS brings such a cluster"
        ) from error
    pods = cluster.core.list_namespaced_pod(NAMESPACE, label_selector=SELECTOR).items
    uids = [pod.metadata.uid for pod in pods if pod.spec.node_name == node]
    silent = [kubelet, *_processes(uids)]
    assert len(silent) > len(uids)
    try:
        for process in silent:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in silent:
            os.kill(process, signal.SIGCONT)


def _processes(uids: list[str]) -> list[int]:
    """Return the processes that run in these pods: the name of their control group has the pod's uid in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                groups = (entry / "cgroup").read_text().replace("_", "-")
            except OSError:  # it has ended in the meantime
                continue
            if any(uid in groups for uid in uids):
                found.append(int(entry.name))
    return found
