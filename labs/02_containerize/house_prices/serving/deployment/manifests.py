"""Hand the manifests under ``k8s/`` to a cluster, for one image."""

from pathlib import Path

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.open_tasks import stop_if_left

LOCAL = Path("k8s/overlays/local")
NAMESPACE = NAME = "house-prices"
SELECTOR = "app.kubernetes.io/name=house-prices,app.kubernetes.io/component=serving"


def render(cluster: Cluster, overlay: Path, image: str, image_id: str) -> str:
    """Return what kustomize makes of an overlay, as YAML, with the service's image put in.

    Parameters
    ----------
    image : its name.
    image_id : goes into the pods as an annotation, so that an image built anew under the same name is rolled out.

    Raises
    ------
    NotImplementedError : a manifest beside the overlay, or under it, holds a task that is open.
    """
    import yaml

    stop_if_left(*sorted(overlay.parents[1].rglob("*.yaml")))
    objects = list(yaml.safe_load_all(cluster.kubectl("kustomize", str(overlay))))
    for each in objects:
        if each["kind"] == "Deployment":
            template = each["spec"]["template"]
            template["spec"]["containers"][0]["image"] = image
            template["metadata"].setdefault("annotations", {})["labs.mlops/image-id"] = image_id
    text: str = yaml.safe_dump_all(objects, sort_keys=False)
    return text


def apply(cluster: Cluster, manifests: str) -> list[str]:
    """Have the API server make its objects what the manifests say, and return a line for each.

    What a manifest names is taken back from whoever has changed it since (an undo, say). What it does not name, such as
    the number of replicas, stays with its owner.
    """
    said = cluster.kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=labs", "-f", "-", given=manifests
    )
    return said.splitlines()
