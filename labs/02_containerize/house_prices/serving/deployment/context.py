"""The cluster that a lab may use: one that is plainly on this machine, and never somebody's production.

The current context of a developer's kubectl may be anything. So the context is judged once, before anything is asked of
it, and named in every call that follows: nobody who switches contexts in another window moves a lab with it.
"""

import ipaddress
import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.programs import ask

# What the tools for local clusters call their contexts. `labs doctor` has the same rule, and may not import this one: a
# test holds them together.
LOCAL_CONTEXT = re.compile(r"minikube|kind-.+|k3d-.+|docker-desktop|rancher-desktop|orbstack|colima.*")
LOCAL_NAMES = ("localhost", "kubernetes.docker.internal", "host.docker.internal")
START_ONE = "labs cluster up starts one with minikube or kind; labs doctor says what is missing for that"
INSTALL_KUBECTL = "install kubectl: https://kubernetes.io/docs/tasks/tools/"


def is_local(context: str, server: str) -> bool:
    """Say whether a kube context is one that a lab may use.

    Its name has to be one that a tool for local clusters gives *and* its server has to be on this machine: either alone
    is too easily true of a tunnel to a real cluster. A user who knows better names the context in LABS_KUBE_CONTEXT.
    """
    if context and context == os.environ.get("LABS_KUBE_CONTEXT"):
        return True
    if not LOCAL_CONTEXT.fullmatch(context):
        return False
    host = urlsplit(server).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in LOCAL_NAMES
    # minikube's machine has an address of its own, in a network that only this one knows.
    return address.is_loopback or address.is_unspecified or (context == "minikube" and address.is_private)


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
    cluster = Cluster(config["current-context"], config["clusters"][0]["cluster"]["server"])
    if not is_local(cluster.context, cluster.server):
        raise NotRun(
            f"the context {cluster.context} ({cluster.server}) is not plainly local, so it is left alone",
            f"kubectl config use-context minikube; if {cluster.context} is yours to break: "
            f"export LABS_KUBE_CONTEXT={cluster.context}",
        )
    try:
        cluster.kubectl("--request-timeout=5s", "get", "--raw", "/readyz")
    except DeploymentError as error:
        raise NotRun(f"the context {cluster.context} does not answer at {cluster.server}", START_ONE) from error
    return cluster
