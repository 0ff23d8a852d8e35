"""Which clusters a lab uses, and that it never as much as asks another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house_prices.serving.deployment.context import Cluster, is_local, local_cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from labkit import doctor
from tests.product.serving.deployment.conftest import Tools

LOCAL = [
    ("minikube", "https://192.168.49.2:8443"),
    ("minikube", "https://127.0.0.1:32771"),
    ("kind-labs", "https://127.0.0.1:6443"),
    ("kind-labs", "https://[::1]:6443"),
    ("k3d-labs", "https://0.0.0.0:35001"),
    ("docker-desktop", "https://kubernetes.docker.internal:6443"),
    ("orbstack", "https://127.0.0.1:26443"),
    ("rancher-desktop", "https://localhost:6443"),
]
FOREIGN = [
    ("minikube", "https://34.1.2.3:8443"),  # the name alone proves nothing
    ("minikube", "https://minikube.example:8443"),
    ("kind-prod", "https://10.0.0.1:6443"),
    ("kind-", "https://127.0.0.1:6443"),
    ("prod", "https://127.0.0.1:6443"),  # and a tunnel is on loopback, too
    ("my-minikube", "https://192.168.49.2:8443"),
    ("docker-desktop", "https://localhost.example:6443"),
    ("docker-desktop", "https://example/127.0.0.1"),
    ("kind-labs", ""),
    ("", "https://127.0.0.1:6443"),
    ("gke_shop_europe-west3_prod", "https://35.1.2.3"),
    ("arn:aws:eks:eu-central-1:1:cluster/prod", "https://ABC.gr7.eu-central-1.eks.amazonaws.com"),
]


@pytest.mark.parametrize(("context", "server"), LOCAL)
def test_a_plainly_local_context_is_local(tools: Tools, context: str, server: str) -> None:
    assert is_local(context, server)


@pytest.mark.parametrize(("context", "server"), FOREIGN)
def test_any_other_is_not(tools: Tools, context: str, server: str) -> None:
    assert not is_local(context, server)


def test_a_context_that_the_user_names_is_local(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "labs")
    assert is_local("labs", "https://10.245.0.1:6443")
    assert not is_local("labs2", "https://10.245.0.1:6443")


def test_no_name_in_the_variable_allows_none(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "")
    assert not is_local("", "https://35.1.2.3")


names = st.sampled_from(sorted({context for context, _ in LOCAL + FOREIGN}))
hosts = st.one_of(
    st.ip_addresses().map(lambda ip: f"[{ip}]" if ip.version == 6 else str(ip)),
    st.ip_addresses(network="127.0.0.0/8").map(str),
    st.ip_addresses(network="192.168.0.0/16").map(str),
    st.sampled_from(["localhost", "kubernetes.docker.internal", "host.docker.internal", "prod.example"]),
)


@given(context=names, host=hosts, port=st.integers(1, 65535))
def test_the_doctor_judges_the_same(context: str, host: str, port: int) -> None:
    server = f"https://{host}:{port}"
    assert is_local(context, server) is doctor.is_local(context, server)


@pytest.mark.parametrize(("context", "server"), LOCAL + FOREIGN)
def test_the_doctor_judges_these_the_same(tools: Tools, context: str, server: str) -> None:
    assert is_local(context, server) is doctor.is_local(context, server)


def test_a_foreign_cluster_is_not_asked_anything(tools: Tools) -> None:
    tools.kubectl("prod", "https://prod.example:6443")
    with pytest.raises(NotRun) as refusal:
        local_cluster()
    assert "not run: the context prod (https://prod.example:6443) is not plainly local" in str(refusal.value)
    assert "export LABS_KUBE_CONTEXT=prod" in str(refusal.value)
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
