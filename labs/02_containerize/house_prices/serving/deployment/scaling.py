"""How many pods there are: the autoscaler decides it, between a least and a most."""

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.manifests import NAME, NAMESPACE

GET_METRICS = (
    "minikube addons enable metrics-server; elsewhere: kubectl apply -f "
    "https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml, and on Docker Desktop "
    "and kind its container also needs the argument --kubelet-insecure-tls"
)


def least(cluster: Cluster) -> int:
    """Return the least number of pods."""
    number: int = cluster.autoscaling.read_namespaced_horizontal_pod_autoscaler(NAME, NAMESPACE).spec.min_replicas
    return number


def scale(cluster: Cluster, least: int) -> None:
    """Set the least number of pods.

    To set the Deployment's own number instead would last until the autoscaler looks again.
    """
    cluster.autoscaling.patch_namespaced_horizontal_pod_autoscaler(NAME, NAMESPACE, {"spec": {"minReplicas": least}})


def replicas(cluster: Cluster) -> int:
    """Return how many pods the Deployment is to have now."""
    number: int = cluster.apps.read_namespaced_deployment_scale(NAME, NAMESPACE).spec.replicas
    return number


def require_metrics(cluster: Cluster) -> None:
    """Make sure that the cluster knows what its pods use, without which nothing scales with the load.

    Raises
    ------
    NotRun : it does not.
    """
    from kubernetes.client import CustomObjectsApi

    from house_prices.serving.deployment.api import Refused

    try:
        CustomObjectsApi(cluster.client).list_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes")
    except Refused as error:
        raise NotRun(f"the cluster {cluster.context} has no metrics-server, so nothing scales", GET_METRICS) from error
