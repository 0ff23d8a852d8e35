"""The cluster that a lab may use: one that is plainly on this machine, and never somebody's production.

The current context of a developer's kubectl may be anything. So the context is judged once, before anything is asked of
it, and named in every call that follows: nobody who switches contexts in another window moves a lab with it.
"""

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.programs import ask

# What the tools for local clusters call their contexts. `labs doctor` has the same rule, and may not import this one: a
# test holds them together.
LOCAL_CONTEXT = re.compile(r"minikube|kind-.+|k3d-.+|docker-desktop|rancher-desktop|orbstack|colima(-.+)?")
LOCAL_NAMES = ("localhost", "kubernetes.docker.internal", "host.docker.internal")
PRIVATE = [ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
START_ONE = "labs cluster up starts one with minikube or kind; labs doctor says what is missing for that"
INSTALL_KUBECTL = "install kubectl: https://kubernetes.io/docs/tasks/tools/"


def why_not_local(context: str, cluster: Mapping[str, Any]) -> str:
    """Return why a lab may not use the cluster of a kube context; nothing if it may.

    The context's name has to be one that a tool for local clusters gives *and* its server has to be on this machine:
    either alone is too easily true of a tunnel to a real cluster. A user who knows better names the context in
    LABS_KUBE_CONTEXT.

    Parameters
    ----------
    context : its name.
    cluster : what the kubeconfig says of its cluster: ``server``, and how that is reached.
    """
    if cluster.get("proxy-url"):
        # Not even by its name: kubectl heeds this and the Python client does not, so they would ask different clusters.
        return "a proxy leads to it (proxy-url), and may lead anywhere"
    if context and context == os.environ.get("LABS_KUBE_CONTEXT"):
        return ""
    if not LOCAL_CONTEXT.fullmatch(context):
        return "no tool for local clusters calls it that"
    if cluster.get("tls-server-name"):
        return "its server goes by the name of another (tls-server-name), as behind a tunnel"
    try:
        host = urlsplit(cluster["server"]).hostname
    except ValueError:
        host = None
    if not host:
        return "its server is no URL"
    return "" if _on_this_machine(context, cluster, host) else "its server is not on this machine"


def _on_this_machine(context: str, cluster: Mapping[str, Any], host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in LOCAL_NAMES
    if address.is_loopback or address.is_unspecified:
        return True
    # minikube's machine has an address of its own, in a network that only this one knows. So has a company's cluster
    # behind a VPN, which lacks what minikube writes beside the address.
    written = [each.get("extension") or {} for each in cluster.get("extensions") or []]
    by_minikube = any(each.get("provider") == "minikube.sigs.k8s.io" for each in written)
    return context == "minikube" and by_minikube and any(address in block for block in PRIVATE)


def way_out(context: str, cluster: Mapping[str, Any]) -> str:
    """Return what to do about a cluster that is not plainly local: never a line that would let a lab into it."""
    named = os.environ.get("LABS_KUBE_CONTEXT")
    if named and named != context:
        return f"LABS_KUBE_CONTEXT names {named}, and kubectl is at {context}: kubectl config use-context {named}"
    if cluster.get("proxy-url"):
        return "kubectl config use-context minikube, or another without proxy-url"
    return "kubectl config use-context minikube; if that cluster is yours to break, name it in LABS_KUBE_CONTEXT"


@dataclass(frozen=True)
class Cluster:
    """A cluster that may be used: the context that every call names, and the address of its API server."""

    context: str
    server: str

    def kubectl(self, *arguments: str, given: str | None = None, seconds: float = 60.0) -> str:
        """Run kubectl in this context and return what it printed; raises as `programs.ask` does."""
        command = ("kubectl", "--context", self.context, *arguments)
        return ask(command, remedy=INSTALL_KUBECTL, given=given, seconds=seconds)

    @cached_property
    def client(self) -> Any:
        """The connection that the interfaces of the `kubernetes` package share."""
        from house_prices.serving.deployment.api import connect

        return connect(self.context)

    @property
    def core(self) -> Any:
        from kubernetes.client import CoreV1Api

        return CoreV1Api(self.client)

    @property
    def apps(self) -> Any:
        from kubernetes.client import AppsV1Api

        return AppsV1Api(self.client)

    @property
    def autoscaling(self) -> Any:
        from kubernetes.client import AutoscalingV2Api

        return AutoscalingV2Api(self.client)

    @property
    def discovery(self) -> Any:
        from kubernetes.client import DiscoveryV1Api

        return DiscoveryV1Api(self.client)


def local_cluster() -> Cluster:
    """Return the cluster of kubectl's current context, if a lab may use it and if it answers.

    Raises
    ------
    NotRun : there is no kubectl, no context, none that is plainly local, or nothing answers; the message says which.
    """
    try:
        view = ask(("kubectl", "config", "view", "--minify", "-o", "json"), remedy=INSTALL_KUBECTL)
    except DeploymentError as error:
        raise NotRun("kubectl has no current context", START_ONE) from error
    config = json.loads(view)
    entry = config["clusters"][0]["cluster"]
    cluster = Cluster(config["current-context"], entry["server"])
    if why := why_not_local(cluster.context, entry):
        raise NotRun(
            f"the context {cluster.context} ({cluster.server}) is not plainly local, so it is left alone: {why}",
            way_out(cluster.context, entry),
        )
    try:
        cluster.kubectl("--request-timeout=5s", "get", "--raw", "/readyz")
    except DeploymentError as error:
        raise NotRun(f"the context {cluster.context} does not answer at {cluster.server}", START_ONE) from error
    return cluster
