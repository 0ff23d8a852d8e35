"""What the service's callers notice of all that happens to it in a year, on a real cluster."""

import subprocess
import time
import uuid
from pathlib import Path

import pytest
import urllib3

from house_prices.serving.deployment import pods, removal, scaling
from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.drills import Drill, Drills
from house_prices.serving.deployment.engine import docker
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.load import HOUSE, PATH, Load
from house_prices.serving.deployment.manifests import NAMESPACE
from house_prices.serving.deployment.releases import restart
from house_prices.serving.deployment.rollout import wait_for_rollout
from tests.cluster.conftest import VERSIONS, not_run
from tests.cluster.node_failure import failed
from tests.cluster.witness import witness

# One after the other, in this order: first those in which more is waited than done, as CI still has other work then; at
# the end, what takes all away.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def version(url: str) -> str:
    answer = urllib3.request("POST", url + PATH, json={"houses": [HOUSE]}, retries=False, timeout=10)
    told: str = answer.json()["version"]
    return told


def nothing_lost(drill: Drill, rate: float = 200) -> None:
    """Every request got its price, over new and over kept connections, and they came as fast as was said."""
    print(f"{drill.what}: {drill.seconds:.0f} s\n  new  {drill.new}\n  kept {drill.kept}")
    for counts in (drill.new, drill.kept):
        assert counts.failed == ()
        assert counts.sent / counts.seconds > 0.9 * rate / 2, "the load was less than it had to be"


def test_the_pods_are_what_the_manifests_say(cluster: Cluster, url: str) -> None:
    """as a user of no host, without a token, and with nothing to write to but /tmp"""
    pod = pods.pods(cluster)[0].name
    ask = (
        "import os; print(os.getuid(), os.path.exists('/var/run/secrets'), "
        "[path for path in ('/', '/opt', '/home', '/tmp') if os.access(path, os.W_OK)])"
    )
    assert cluster.kubectl("exec", pod, "-n", NAMESPACE, "--", "python", "-c", ask).strip() == "10001 False ['/tmp']"
    assert len({pod.node for pod in pods.pods(cluster)}) == min(2, len(cluster.core.list_node().items))


def test_the_namespace_refuses_a_pod_with_rights(cluster: Cluster, url: str) -> None:
    pod = {"metadata": {"name": "root"}, "spec": {"containers": [{"name": "root", "image": "house-prices:v1"}]}}
    with pytest.raises(DeploymentError, match='violates PodSecurity "restricted'):
        cluster.core.create_namespaced_pod(NAMESPACE, pod, dry_run="All")


def test_a_node_that_dies_costs_only_those_who_do_not_ask_again(cluster: Cluster, url: str) -> None:
    """without retries, what goes to the dead node fails until Kubernetes has noticed; with them, nothing does"""
    if scaling.least(cluster) < 2 or not _spread(cluster):
        not_run(NotRun("the pods are all on one node", "minikube node add"))
    node = pods.pods(cluster)[0].node
    start = time.monotonic()
    dead = {pod.name for pod in pods.pods(cluster) if pod.node == node}
    try:
        with (
            Load(url, rate=20, patience=1) as plain,
            Load(url, rate=20, patience=1, retries=12) as patient,
            failed(cluster, node),
        ):
            noticed = pods.wait_until(lambda: not dead & pods.pods_with_traffic(cluster), "the node is given up")
            time.sleep(3)
            before = len(plain.counts().failed)
            time.sleep(5)
            after = plain.counts()
    except NotRun as error:
        not_run(error)
    print(f"given up after {noticed:.0f} s; {after}; with retries {patient.counts()}")
    assert 0 < before == len(after.failed) < after.sent / 2
    assert patient.counts().failed == ()
    pods.wait_until(lambda: all(_is_ready(each) for each in cluster.core.list_node().items), "the node is back")
    wait_for_rollout(cluster, print)
    print(f"{time.monotonic() - start:.0f} s in all")


def _spread(cluster: Cluster) -> bool:
    """Have pods on more than one node: when the autoscaler takes some away, those that are left may be neighbours."""
    for _ in range(4):
        if len({pod.node for pod in pods.pods(cluster)}) > 1:
            return True
        restart(cluster)
        wait_for_rollout(cluster, print)
        pods.wait_until_gone(cluster)
    return False


def _is_ready(node: object) -> bool:
    conditions = node.status.conditions  # type: ignore[attr-defined]
    return any(each.type == "Ready" and each.status == "True" for each in conditions)


def test_the_autoscaler_follows_the_load_and_goes_back(cluster: Cluster, url: str) -> None:
    try:
        drill = Drills(cluster, url, print, rate=20).scale_with_load(4, rate=200, houses=100)
    except NotRun as error:
        not_run(error)
    print(drill.new, drill.kept, *drill.seen, sep="\n")
    # Before there are enough pods, what is too much may be turned away, but nothing else may happen to it.
    assert [each for each in (*drill.new.failed, *drill.kept.failed) if not each.reason.startswith("503 ")] == []


@pytest.mark.usefixtures("two_pods")
def test_a_release_and_its_undo_lose_nothing(drills: Drills, releases: dict[str, str]) -> None:
    first, second = VERSIONS
    assert version(drills.url) == first
    nothing_lost(drills.roll_out(releases[second]))
    assert version(drills.url) == second
    nothing_lost(drills.undo())
    assert version(drills.url) == first


@pytest.mark.usefixtures("two_pods")
def test_twenty_replacements_lose_nothing(cluster: Cluster, url: str, releases: dict[str, str], tmp_path: Path) -> None:
    """and locust, which sends half of the 200 requests a second, says so too"""
    with witness(url, tmp_path, rate=100) as told:
        drill = Drills(cluster, url, print, rate=100).roll_out(releases[VERSIONS[1]], times=20)
    print(told)
    nothing_lost(drill, rate=100)
    assert set(told.failed.values()) == {0}, told.words
    assert told.rate > 85, "the load was less than it had to be"
    assert version(url) == VERSIONS[1]


@pytest.mark.usefixtures("two_pods")
def test_a_killed_pod_loses_nothing(drills: Drills) -> None:
    nothing_lost(drills.kill_pod())


@pytest.mark.usefixtures("two_pods")
def test_a_drained_node_loses_nothing(drills: Drills) -> None:
    try:
        nothing_lost(drills.drain_node())
    except NotRun as error:
        not_run(error)


@pytest.mark.usefixtures("two_pods")
def test_a_broken_release_never_gets_traffic_and_is_undone(drills: Drills) -> None:
    before = version(drills.url)
    drill = drills.break_release()
    nothing_lost(drill)
    *reasons, traffic = drill.seen
    assert any("nobody has vouched for this model" in reason for reason in reasons), reasons
    assert traffic == "no traffic went to a broken pod"
    assert version(drills.url) == before


def test_more_pods_and_fewer_lose_nothing(drills: Drills) -> None:
    nothing_lost(drills.scale(3))


def test_nothing_is_left_in_the_cluster(cluster: Cluster, url: str) -> None:
    kinds = {made.kind for made in removal.remove_from_cluster(cluster)}
    assert {"Namespace", "Deployment", "Pod", "Service", "HorizontalPodAutoscaler", "NetworkPolicy"} <= kinds
    assert removal.made_in_cluster(cluster) == []
    assert NAMESPACE not in {each.metadata.name for each in cluster.core.list_namespace().items}


def test_nothing_is_left_in_docker(cluster: Cluster, releases: dict[str, str]) -> None:
    """with a label of this test's own: what somebody has made with the lab is not this test's to remove"""
    label = f"labs.mlops/made-by=test-{uuid.uuid4().hex[:8]}"
    docker("volume", "create", "--label", label)
    docker("network", "create", "--label", label, label.split("=")[1])
    container = docker("create", "--label", label, releases[VERSIONS[0]]).strip()
    docker("commit", "--change", f"LABEL {label}", container)
    assert {kind for kind, _ in removal.remove_from_docker(label)} == {"container", "image", "volume", "network"}
    assert removal.made_in_docker(label) == []
    assert subprocess.run(["docker", "inspect", container], capture_output=True, check=False).returncode == 1
