"""Which clusters a lab uses, and that it never as much as asks another one."""

import os
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house_prices.serving.deployment.context import Cluster, local_cluster, way_out, why_not_local
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from labkit import doctor
from tests.product.serving.deployment.conftest import Tools

PROXY = {"proxy-url": "http://127.0.0.1:3128"}
TUNNEL = {"tls-server-name": "prod.example"}
MINIKUBE: dict[str, Any] = {
    "extensions": [
        {
            "name": "cluster_info",
            "extension": {
                "last-update": "Mon, 30 Nov 2026 09:00:00 UTC",
                "provider": "minikube.sigs.k8s.io",
                "version": "v1.38.1",
            },
        }
    ]
}


def at(server: str, **more: Any) -> dict[str, Any]:
    """A kubeconfig's entry of a cluster."""
    return {"server": server, **more}


LOCAL = [
    ("minikube", at("https://192.168.49.2:8443", **MINIKUBE)),
    ("minikube", at("https://[fd00::2]:8443", **MINIKUBE)),
    ("minikube", at("https://127.0.0.1:32771")),
    ("kind-labs", at("https://127.0.0.1:6443")),
    ("kind-labs", at("https://[::1]:6443")),
    ("k3d-labs", at("https://0.0.0.0:35001")),
    ("docker-desktop", at("https://kubernetes.docker.internal:6443")),
    ("orbstack", at("https://127.0.0.1:26443")),
    ("rancher-desktop", at("https://localhost:6443")),
    ("colima", at("https://127.0.0.1:6443")),
    ("colima-labs", at("https://127.0.0.1:6443")),
]
FOREIGN = [
    ("minikube", at("https://34.1.2.3:8443")),  # the name alone proves nothing
    ("minikube", at("https://minikube.example:8443")),
    ("minikube", at("https://10.0.0.1:6443")),  # nor does an address that a VPN leads to
    ("minikube", at("https://10.0.0.1:6443", extensions=[{"name": "note", "extension": None}])),
    ("minikube", at("https://34.1.2.3:8443", **MINIKUBE)),
    *(("minikube", at(f"https://{host}:8443", **MINIKUBE)) for host in ("169.254.0.2", "198.18.0.2", "[fe80::2]")),
    ("kind-prod", at("https://10.0.0.1:6443")),
    *((name, at("https://192.168.49.2:6443", **MINIKUBE)) for name in ("kind-labs", "docker-desktop", "colima")),
    ("colimaprod", at("https://127.0.0.1:6443")),
    ("kind-", at("https://127.0.0.1:6443")),
    ("prod", at("https://127.0.0.1:6443")),  # and a tunnel is on loopback, too
    ("kind-labs", at("https://127.0.0.1:6443", **TUNNEL)),
    ("kind-labs", at("https://127.0.0.1:6443", **PROXY)),  # which is the proxy's own machine
    ("my-minikube", at("https://192.168.49.2:8443", **MINIKUBE)),
    ("docker-desktop", at("https://localhost.example:6443")),
    ("docker-desktop", at("https://example/127.0.0.1")),
    *(("kind-labs", at(server)) for server in ("", "127.0.0.1:6443", "https://[::1", "https://[localhost]:6443")),
    ("", at("https://127.0.0.1:6443")),
    ("gke_shop_europe-west3_prod", at("https://35.1.2.3")),
    ("arn:aws:eks:eu-central-1:1:cluster/prod", at("https://ABC.gr7.eu-central-1.eks.amazonaws.com")),
]


@pytest.mark.parametrize(("context", "cluster"), LOCAL)
def test_a_plainly_local_context_is_local(tools: Tools, context: str, cluster: dict[str, Any]) -> None:
    assert why_not_local(context, cluster) == ""


@pytest.mark.parametrize(("context", "cluster"), FOREIGN)
def test_any_other_is_not(tools: Tools, context: str, cluster: dict[str, Any]) -> None:
    assert why_not_local(context, cluster)


@pytest.mark.parametrize("server", ["", "https://[::1"])
def test_a_server_that_is_no_url_is_told(tools: Tools, server: str) -> None:
    tools.kubectl("kind-labs", server)
    with pytest.raises(NotRun) as refusal:
        local_cluster()
    assert f"kind-labs ({server}) is not plainly local, so it is left alone: its server is no URL" in str(refusal.value)


def test_a_context_that_the_user_names_is_local(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "labs")
    assert not why_not_local("labs", at("https://10.245.0.1:6443", **TUNNEL))
    assert why_not_local("labs2", at("https://10.245.0.1:6443"))


def test_no_name_in_the_variable_allows_none(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "")
    assert why_not_local("", at("https://35.1.2.3"))


names = st.sampled_from(sorted({context for context, _ in LOCAL + FOREIGN}))
hosts = st.one_of(
    st.ip_addresses().map(lambda ip: f"[{ip}]" if ip.version == 6 else str(ip)),
    st.ip_addresses(network="127.0.0.0/8").map(str),
    st.ip_addresses(network="192.168.0.0/16").map(str),
    st.sampled_from(["localhost", "kubernetes.docker.internal", "host.docker.internal", "prod.example"]),
)
clusters = st.builds(
    lambda host, port, more: at(f"https://{host}:{port}", **more),
    hosts,
    st.integers(1, 65535),
    st.sampled_from([{}, PROXY, TUNNEL, MINIKUBE]),
)


@given(context=names, cluster=clusters, named=names)
def test_the_doctor_judges_the_same(context: str, cluster: dict[str, Any], named: str) -> None:
    with mock.patch.dict(os.environ, {"LABS_KUBE_CONTEXT": named}):
        assert why_not_local(context, cluster) == doctor.why_not_local(context, cluster)
        assert way_out(context, cluster) == doctor.way_out(context, cluster)


@pytest.mark.parametrize(("context", "cluster"), LOCAL + FOREIGN)
def test_the_doctor_judges_these_the_same(tools: Tools, context: str, cluster: dict[str, Any]) -> None:
    assert why_not_local(context, cluster) == doctor.why_not_local(context, cluster)


def test_a_foreign_cluster_is_not_asked_anything(tools: Tools) -> None:
    tools.kubectl("prod", "https://prod.example:6443")
    with pytest.raises(NotRun) as refusal:
        local_cluster()
    assert "not run: the context prod (https://prod.example:6443) is not plainly local" in str(refusal.value)
    assert "if that cluster is yours to break, name it in LABS_KUBE_CONTEXT" in str(refusal.value)
    assert "LABS_KUBE_CONTEXT=" not in str(refusal.value)
    assert tools.asked() == ["kubectl config view --minify -o json"]


def test_where_the_user_names_another_context_that_one_is_offered(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "labs")
    tools.kubectl("prod", "https://prod.example:6443", **PROXY)
    with pytest.raises(NotRun) as refusal:
        local_cluster()
    told = "LABS_KUBE_CONTEXT names labs, and kubectl is at prod: kubectl config use-context labs"
    assert str(refusal.value).splitlines()[1].strip() == told


def test_a_proxy_is_refused_even_where_the_user_names_the_context(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "kind-labs")
    tools.kubectl("kind-labs", "https://127.0.0.1:6443", **PROXY)
    with pytest.raises(NotRun) as refusal:
        local_cluster()
    assert "left alone: a proxy leads to it (proxy-url)" in str(refusal.value)
    assert "kubectl config use-context minikube, or another without proxy-url" in str(refusal.value)
    assert tools.asked() == ["kubectl config view --minify -o json"]


def test_every_call_names_the_context(tools: Tools) -> None:
    tools.kubectl("kind-labs", "https://127.0.0.1:6443")
    cluster = local_cluster()
    assert cluster == Cluster("kind-labs", "https://127.0.0.1:6443")
    cluster.kubectl("get", "pods")
    look, *others = tools.asked()
    assert look.startswith("kubectl config view")
    assert all(call.startswith("kubectl --context kind-labs ") for call in others)


def test_a_silent_cluster_is_not_run(tools: Tools) -> None:
    tools.kubectl("kind-labs", "https://127.0.0.1:6443", "exit 1")
    with pytest.raises(NotRun, match=r"kind-labs does not answer at https://127\.0\.0\.1:6443\n.*labs cluster up"):
        local_cluster()


def test_no_context_is_not_run(tools: Tools) -> None:
    tools.answer("kubectl", "exit 1")
    with pytest.raises(NotRun, match="kubectl has no current context"):
        local_cluster()


def test_no_kubectl_is_not_run(tools: Tools) -> None:
    with pytest.raises(NotRun, match=r"there is no kubectl here\n.*install kubectl"):
        local_cluster()


def test_what_kubectl_complains_of_is_passed_on(tools: Tools) -> None:
    tools.kubectl("kind-labs", "https://127.0.0.1:6443", '[ "$3" != delete ] || { echo no such pod >&2; exit 1; }')
    with pytest.raises(DeploymentError, match="kubectl --context kind-labs delete pod x failed: no such pod"):
        local_cluster().kubectl("delete", "pod", "x")
