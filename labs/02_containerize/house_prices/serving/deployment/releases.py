"""Release a new version of the service, or take one back."""

from datetime import UTC, datetime
from typing import Any

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.manifests import NAME, NAMESPACE

CONTAINER = "serving"


def release(cluster: Cluster, image: str) -> None:
    """Tell the Deployment to run another image, which the nodes have to have."""
    _change(cluster, {"spec": {"containers": [{"name": CONTAINER, "image": image}]}})


def restart(cluster: Cluster) -> None:
    """Replace all pods by new ones of the same release, as `kubectl rollout restart` does."""
    now = datetime.now(UTC).isoformat()
    _change(cluster, {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}})


def release_broken(cluster: Cluster) -> None:
    """Release a configuration with which the service cannot start: it is told to trust a model that nobody has."""
    environment = [{"name": "SERVING_MODEL_DIGEST", "value": "0" * 64}]
    _change(cluster, {"spec": {"containers": [{"name": CONTAINER, "env": environment}]}})


def undo(cluster: Cluster) -> None:
    """Go back to the release before."""
    cluster.kubectl("rollout", "undo", f"deployment/{NAME}", "--namespace", NAMESPACE)


def _change(cluster: Cluster, template: dict[str, Any]) -> None:
    cluster.apps.patch_namespaced_deployment(NAME, NAMESPACE, {"spec": {"template": template}})
