"""The manifests keep the API's rules and the trade's, and each hardening that is taken away is missed."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from house_prices.serving.deployment.manifests import NAME, NAMESPACE, SELECTOR
from house_prices.serving.deployment.releases import CONTAINER
from house_prices.serving.deployment.removal import LABEL
from house_prices.serving.settings import PREFIX, Settings
from tests import checkov
from tests.k8s.conftest import render, write

VERSION = "1.34"
# One process for all of them: checkov takes long to start, and is asked about everything at once.
pytestmark = pytest.mark.xdist_group("manifests")

Objects = list[dict[str, Any]]
Change = Callable[[dict[str, Any]], Any]


def find(objects: Objects, kind: str) -> dict[str, Any]:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def pod(objects: Objects) -> dict[str, Any]:
    spec: dict[str, Any] = find(objects, "Deployment")["spec"]["template"]["spec"]
    return spec


def test_every_object_is_one_of_the_api(rendered: Objects) -> None:
    for each in rendered:
        kubernetes_validate.validate(each, VERSION, strict=True)


def test_every_object_carries_the_label_by_which_it_is_removed(rendered: Objects) -> None:
    key, value = LABEL.split("=")
    template = find(rendered, "Deployment")["spec"]["template"]
    assert [
        each["kind"]
        for each in (*rendered, template | {"kind": "pods"})
        if each["metadata"]["labels"].get(key) != value
    ] == []


def test_every_object_is_in_the_namespace_that_is_removed(rendered: Objects) -> None:
    assert find(rendered, "Namespace")["metadata"]["name"] == NAMESPACE
    assert {each["metadata"].get("namespace") for each in rendered if each["kind"] != "Namespace"} == {NAMESPACE}


def test_the_code_knows_the_names(rendered: Objects) -> None:
    """what the deployment's code looks for is what the manifests make"""
    wanted = dict(pair.split("=") for pair in SELECTOR.split(","))
    assert find(rendered, "Deployment")["spec"]["selector"]["matchLabels"] == wanted
    for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
        assert find(rendered, kind)["metadata"]["name"] == NAME
    assert [each["name"] for each in pod(rendered)["containers"]] == [CONTAINER]


def test_a_pod_is_killed_only_after_all_that_it_may_take_to_leave(rendered: Objects) -> None:
    (container,) = pod(rendered)["containers"]
    settings = {each["name"]: float(each["value"]) for each in container["env"]}
    assert set(settings) == {"SERVING_DRAIN_SECONDS", "SERVING_GRACE_SECONDS"}
    assert settings["SERVING_DRAIN_SECONDS"] < settings["SERVING_GRACE_SECONDS"]
    # gunicorn kills its workers 2 s after the grace is over.
    leaving = container["lifecycle"]["preStop"]["sleep"]["seconds"] + settings["SERVING_GRACE_SECONDS"] + 2
    assert leaving < pod(rendered)["terminationGracePeriodSeconds"]


def test_the_service_knows_the_settings(rendered: Objects) -> None:
    (container,) = pod(rendered)["containers"]
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert {each["name"] for each in container["env"]} <= known


def test_the_three_probes_ask_three_questions(rendered: Objects) -> None:
    (container,) = pod(rendered)["containers"]
    probes = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")]
    assert probes == ["/health/startup", "/health/ready", "/health/live"]


def test_the_pods_of_a_release_are_spread_over_the_nodes_where_there_are_several(rendered: Objects) -> None:
    (spread,) = pod(rendered)["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["maxSkew"]) == ("kubernetes.io/hostname", 1)
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["labelSelector"]["matchLabels"] == find(rendered, "Deployment")["spec"]["selector"]["matchLabels"]
    # Otherwise the pods of the release before count as well, and a node that has many of those gets none of the new.
    assert spread["matchLabelKeys"] == ["pod-template-hash"]


def test_a_drain_may_take_a_pod_and_never_the_last_one(rendered: Objects) -> None:
    budget = find(rendered, "PodDisruptionBudget")["spec"]
    assert budget["selector"] == find(rendered, "Deployment")["spec"]["selector"]
    assert 1 <= budget["minAvailable"] < find(rendered, "HorizontalPodAutoscaler")["spec"]["minReplicas"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_account_of_the_pods_has_no_token_for_anyone(rendered: Objects) -> None:
    account = find(rendered, "ServiceAccount")
    assert account["metadata"]["name"] == pod(rendered)["serviceAccountName"]
    assert account["automountServiceAccountToken"] is False


def test_only_the_local_overlay_opens_a_port_of_the_node() -> None:
    assert find(render("base"), "Service")["spec"].get("type", "ClusterIP") == "ClusterIP"
    service = find(render("overlays/local"), "Service")["spec"]
    assert (service["type"], service["ports"][0]["nodePort"]) == ("NodePort", 30080)


HARDENINGS: dict[str, tuple[str, Change]] = {
    "another user than root": ("CKV_K8S_23", lambda pod: pod.pop("securityContext")),
    "a user of no host": ("CKV_K8S_40", lambda pod: pod["securityContext"].update(runAsUser=1000)),
    "seccomp": ("CKV_K8S_31", lambda pod: pod["securityContext"].pop("seccompProfile")),
    "no token": ("CKV_K8S_38", lambda pod: pod.pop("automountServiceAccountToken")),
    "a read-only root": ("CKV_K8S_22", lambda pod: _security(pod).pop("readOnlyRootFilesystem")),
    "no escalation": ("CKV_K8S_20", lambda pod: _security(pod).pop("allowPrivilegeEscalation")),
    "no capabilities": ("CKV_K8S_37", lambda pod: _security(pod).pop("capabilities")),
    "a request for CPU": ("CKV_K8S_10", lambda pod: _resources(pod, "requests").pop("cpu")),
    "a limit of CPU": ("CKV_K8S_11", lambda pod: _resources(pod, "limits").pop("cpu")),
    "a request for memory": ("CKV_K8S_12", lambda pod: _resources(pod, "requests").pop("memory")),
    "a limit of memory": ("CKV_K8S_13", lambda pod: _resources(pod, "limits").pop("memory")),
    "a tag": ("CKV_K8S_14", lambda pod: pod["containers"][0].update(image="house-prices:latest")),
    "liveness": ("CKV_K8S_8", lambda pod: pod["containers"][0].pop("livenessProbe")),
    "readiness": ("CKV_K8S_9", lambda pod: pod["containers"][0].pop("readinessProbe")),
}


def _security(pod: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = pod["containers"][0]["securityContext"]
    return context


def _resources(pod: dict[str, Any], kind: str) -> dict[str, Any]:
    resources: dict[str, Any] = pod["containers"][0]["resources"][kind]
    return resources


@pytest.fixture(scope="module")
def findings(local: Objects, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """checkov's words on the manifests as they are, and on them with one hardening less each"""
    folder: Path = tmp_path_factory.mktemp("manifests")
    write(folder, "base", render("base"))
    write(folder, "local", local)
    for name, (_, take_away) in HARDENINGS.items():
        changed = copy.deepcopy(local)
        take_away(pod(changed))
        write(folder, name, changed)
    # The policies of the other files are in this folder, too: they must not select these pods.
    stranger = copy.deepcopy(find(local, "Deployment"))
    stranger["spec"]["template"]["metadata"]["labels"] = {"app.kubernetes.io/name": "stranger"}
    write(folder, "a network policy", [stranger])
    return checkov.findings("kubernetes", folder)


@pytest.mark.parametrize("name", ["base", "local"])
def test_checkov_finds_nothing(findings: list[dict[str, Any]], name: str) -> None:
    assert checkov.told(findings, name) == set()
    assert len(checkov.told(findings, name, "passed_checks")) > 50


def test_what_checkov_is_told_to_skip_has_a_reason(findings: list[dict[str, Any]]) -> None:
    reasons = {
        each["check_id"]: each["check_result"]["suppress_comment"]
        for each in findings
        if each["kind"] == "skipped_checks"
    }
    assert set(reasons) == {"CKV_K8S_15", "CKV_K8S_43"}
    assert all(len(reason.split()) > 5 for reason in reasons.values())


@pytest.mark.parametrize("name", HARDENINGS)
def test_a_hardening_that_is_taken_away_is_missed(findings: list[dict[str, Any]], name: str) -> None:
    assert HARDENINGS[name][0] in checkov.told(findings, name)


def test_a_missing_network_policy_is_missed(findings: list[dict[str, Any]]) -> None:
    assert checkov.told(findings, "a network policy") == {"CKV2_K8S_6"}
