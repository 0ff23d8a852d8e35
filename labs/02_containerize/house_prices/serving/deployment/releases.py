"""Release a new version of the service, or take one back."""

import json
from datetime import UTC, datetime
from typing import Any

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.manifests import NAME, NAMESPACE

CONTAINER = "serving"
REVISION = "deployment.kubernetes.io/revision"
"""The annotation in which a Deployment's controller numbers the releases."""
HASH = "pod-template-hash"
"""The label by which the controller tells the pods of one ReplicaSet from those of the next."""


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
    """Go back to the release before, as `kubectl rollout undo` does, but through ``cluster.apps``.

    What goes back in an incident may have no kubectl: a pipeline, or whatever judges a canary. A Deployment keeps its
    releases. For each pod template that it has had, there is a ReplicaSet with that template, most of them with 0 pods.

    - Those of the Deployment ``NAME`` in ``NAMESPACE`` are the ReplicaSets whose ``ownerReferences`` name its ``uid``.
      In the same namespace are others: of other Deployments, whose names begin like this one's and whose pods carry
      the same labels; some whose owner is something else of the same name; and some that have no owner, and then not
      even a list of owners.
    - Releases have numbers: the annotation ``REVISION``, a text as all annotations are, of each ReplicaSet and of the
      Deployment itself, whose number is that of the release it has now. The release before is the one with the highest
      number below that. Going back is a release too, and gets a new number; so to go back twice is to be where one was.
    - The whole pod template is put back, and nothing of the present one is left in it: image, environment,
      annotations. The label ``HASH`` of a ReplicaSet's template is the controller's, and stays out.
    - It goes back as the server has it. The models of the `kubernetes` package know the fields of their own version
      only, and lose whatever else a newer server has; with ``_preload_content=False`` a method returns the answer
      itself, whose ``data`` is JSON.
    - Nothing but the template is sent. The number of pods is the autoscaler's, who may change it at any moment, between
      a read and a write too. (A list as the body of a patch is a JSON Patch, RFC 6902.)

    Raises
    ------
    DeploymentError : there is no release before this one, and so nothing was changed; the message has a second line,
        with what to do instead.
    """
    # TASK 2.11: go back to the release before
    apps = cluster.apps
    deployment = json.loads(apps.read_namespaced_deployment(NAME, NAMESPACE, _preload_content=False).data)
    found = json.loads(apps.list_namespaced_replica_set(NAMESPACE, _preload_content=False).data)

    def number(release: dict[str, Any]) -> int:
        return int(release["metadata"].get("annotations", {}).get(REVISION, 0))

    def is_ours(replica_set: dict[str, Any]) -> bool:
        owners = replica_set["metadata"].get("ownerReferences", ())
        return any(owner["uid"] == deployment["metadata"]["uid"] for owner in owners)

    earlier = [each for each in found["items"] if is_ours(each) and number(each) < number(deployment)]
    if not earlier:
        raise DeploymentError(f"{NAME} has no release before this one\n  labs deploy puts back what the manifests say")
    template = max(earlier, key=number)["spec"]["template"]
    template["metadata"]["labels"].pop(HASH, None)
    change = [{"op": "replace", "path": "/spec/template", "value": template}]
    apps.patch_namespaced_deployment(NAME, NAMESPACE, change)
    # END TASK 2.11


def _change(cluster: Cluster, template: dict[str, Any]) -> None:
    cluster.apps.patch_namespaced_deployment(NAME, NAMESPACE, {"spec": {"template": template}})
