"""Remove what a lab has made, and prove that nothing of it is left: all of it carries one label.

What the lab's checks make for themselves carries another: who takes the service away does not mean to end a check.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.engine import docker
from house_prices.serving.deployment.errors import DeploymentError, NotRun, ProgramFailed
from house_prices.serving.deployment.manifests import NAMESPACE

LABEL = "labs.mlops/made-by=lab-02"
CHECKS = "labs.mlops/made-by=lab-02-checks"


class SomethingLeft(DeploymentError):
    """What was to be removed is still there."""


@dataclass(frozen=True, slots=True)
class Made:
    """An object in a cluster that a lab has made."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" + (f" in {self.namespace}" if self.namespace else "")


def require_nothing_deployed(cluster: Cluster) -> None:
    """Make sure that nobody's service is in the cluster.

    Raises
    ------
    NotRun : one is, and whoever brings and removes another would take it away.
    """
    if cluster.core.list_namespace(field_selector=f"metadata.name={NAMESPACE}").items:
        raise NotRun(f"something is deployed to {cluster.context} already", "labs undeploy")


# `kubectl api-resources` fails if a group of the API does not answer, though it prints what the others have.
_SILENT_GROUP = re.compile(r"(?:list of server APIs: |, )([\w.-]+/v\w+): ")


def kinds_in_cluster(cluster: Cluster) -> tuple[list[str], list[str]]:
    """Return the kinds that can be made in a cluster, and the groups that do not say theirs, as they do not answer.

    Such a group is served by a program in the cluster that is down, as a metrics-server may be: nothing that the lab
    makes is of one.
    """
    try:
        return cluster.kubectl("api-resources", "--verbs=list,delete", "-o", "name").split(), []
    except ProgramFailed as error:
        kinds, silent = error.printed.split(), _SILENT_GROUP.findall(error.complaint)
        if not (kinds and silent):
            raise
        return kinds, silent


def made_in_cluster(cluster: Cluster, label: str = LABEL) -> list[Made]:
    """Return everything in a cluster that carries a label: of every kind that can be made, in all namespaces."""
    kinds, _ = kinds_in_cluster(cluster)
    columns = "custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name"
    found = cluster.kubectl("get", ",".join(kinds), "-A", "-l", label, "--no-headers", "-o", columns)
    rows = (line.split() for line in found.splitlines())
    return [Made(kind, "" if namespace == "<none>" else namespace, name) for kind, namespace, name in rows]


def remove_from_cluster(cluster: Cluster, label: str = LABEL) -> list[Made]:
    """Delete everything in a cluster that carries a label, and return what that was.

    Raises
    ------
    SomethingLeft : something of it is still there afterwards.
    """
    made = made_in_cluster(cluster, label)
    # A namespace takes along what is in it.
    gone = {each.name for each in made if each.kind == "Namespace"}
    for namespace in sorted(gone):
        # Nothing is made in it from now on, and no pod has to wait until its callers have heard. What is deleted below
        # is waited for.
        cluster.kubectl("delete", "Namespace", namespace, "--ignore-not-found", "--wait=false")
        cluster.kubectl("delete", "Pod", "--all", "--namespace", namespace, "--grace-period=1", "--wait=false")
    for each in sorted(made, key=lambda each: each.kind != "Namespace"):
        if each.kind == "Namespace" or each.namespace not in gone:
            where = ("--namespace", each.namespace) if each.namespace else ()
            cluster.kubectl("delete", each.kind, each.name, *where, "--ignore-not-found", "--timeout=120s", seconds=130)
    if left := made_in_cluster(cluster, label):
        raise SomethingLeft(f"still in the cluster: {', '.join(map(str, left))}")
    return made


# What Docker calls the things that carry labels, how it lists them and how it removes them.
_DOCKER: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "container": (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
    "image": (("image", "ls", "--quiet"), ("image", "rm", "--force")),
    "volume": (("volume", "ls", "--quiet"), ("volume", "rm")),
    "network": (("network", "ls", "--quiet"), ("network", "rm")),
}


def made_in_docker(label: str = LABEL, kinds: Collection[str] = tuple(_DOCKER)) -> list[tuple[str, str]]:
    """Return the kind and the id of everything in the Docker engine that carries a label."""
    return [
        (kind, each)
        for kind in kinds
        for each in dict.fromkeys(docker(*_DOCKER[kind][0], "--filter", f"label={label}").split())
    ]


def remove_from_docker(label: str = LABEL, kinds: Collection[str] = tuple(_DOCKER)) -> list[tuple[str, str]]:
    """Remove everything in the Docker engine that carries a label, and return what that was.

    Parameters
    ----------
    kinds : of things to remove: ``container``, ``image``, ``volume``, ``network``.

    Raises
    ------
    SomethingLeft : something of it is still there afterwards.
    NotRun : no engine answers.
    """
    made = made_in_docker(label, kinds)
    for kind, each in made:
        docker(*_DOCKER[kind][1], each)
    if left := made_in_docker(label, kinds):
        raise SomethingLeft(f"still in Docker: {', '.join(f'{kind} {each}' for kind, each in left)}")
    return made
