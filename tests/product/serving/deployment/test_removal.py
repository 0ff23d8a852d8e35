"""What is removed is what carries the label, and nothing is called removed that is still there."""

from unittest.mock import Mock

import pytest

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.removal import (
    CHECKS,
    LABEL,
    Made,
    SomethingLeft,
    kinds_in_cluster,
    remove_from_cluster,
    remove_from_docker,
)
from tests.lab_02.test_2_11_rollback import own_namespace
from tests.product.serving.deployment.conftest import Tools

CLUSTER = Cluster("minikube", "https://127.0.0.1:6443")
NAMESPACE, POD, ROLE = "Namespace <none> house-prices", "Pod house-prices a", "ClusterRole <none> reader"


# What kubectl 1.32 wrote where two programs in the cluster were down that serve a part of the API.
DOWN = """\
E1130 20:12:45.6 11773 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1: no
error: unable to retrieve the complete list of server APIs: custom.metrics.k8s.io/v1beta2: the server is currently \
unable to handle the request, metrics.k8s.io/v1beta1: the server is currently unable to handle the request
"""


def kubectl(tools: Tools, objects: list[str], stays: bool = False, complaint: str = "") -> None:
    """A cluster with some objects, which a deletion makes vanish; with a complaint, some of its kinds are not known."""
    (tools.folder / "objects").write_text("\n".join(objects))
    (tools.folder / "complaint").write_text(complaint)
    keep = "" if stays else f": > '{tools.folder}/objects'"
    tools.answer(
        "kubectl",
        f"""case $3 in
        api-resources)
            echo pods; echo namespaces
            while read -r line; do echo "$line" >&2; failed=1; done < '{tools.folder}/complaint'
            exit ${{failed:-0}};;
        get) while read -r line || [ "$line" ]; do echo "$line"; done < '{tools.folder}/objects';;
        delete) {keep} ;;
        esac""",
    )


def test_what_carries_the_label_goes_with_its_namespace(tools: Tools) -> None:
    kubectl(tools, [POD, NAMESPACE, ROLE])
    assert remove_from_cluster(CLUSTER) == [
        Made("Pod", "house-prices", "a"),
        Made("Namespace", "", "house-prices"),
        Made("ClusterRole", "", "reader"),
    ]
    asked = tools.asked()
    assert [call.split(" --ignore")[0] for call in asked if " delete " in call] == [
        "kubectl --context minikube delete Namespace house-prices",
        "kubectl --context minikube delete Pod --all --namespace house-prices --grace-period=1 --wait=false",
        "kubectl --context minikube delete Namespace house-prices",
        "kubectl --context minikube delete ClusterRole reader",
    ]
    assert [call.split(" --no-headers")[0] for call in asked if " get " in call] == [
        f"kubectl --context minikube get pods,namespaces -A -l {LABEL}"
    ] * 2


def test_an_object_in_somebody_elses_namespace_goes_alone(tools: Tools) -> None:
    kubectl(tools, ["Service default house-prices"])
    remove_from_cluster(CLUSTER)
    (deletion,) = (call for call in tools.asked() if " delete " in call)
    assert "delete Service house-prices --namespace default " in deletion


def test_what_is_left_in_the_cluster_is_told(tools: Tools) -> None:
    kubectl(tools, [POD], stays=True)
    with pytest.raises(SomethingLeft, match="still in the cluster: Pod/a in house-prices"):
        remove_from_cluster(CLUSTER)


def test_what_some_program_in_the_cluster_does_not_say_is_done_without(tools: Tools) -> None:
    kubectl(tools, [POD], complaint=DOWN)
    silent = ["custom.metrics.k8s.io/v1beta2", "metrics.k8s.io/v1beta1"]
    assert kinds_in_cluster(CLUSTER) == (["pods", "namespaces"], silent)
    assert remove_from_cluster(CLUSTER) == [Made("Pod", "house-prices", "a")]


@pytest.mark.parametrize(
    ("printed", "complaint"),
    [
        ("", "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: it is down"),
        ("pods", "error: You must be logged in to the server"),
        ("pods", "error: the connection was lost: apps/v1: EOF"),
    ],
)
def test_a_cluster_that_cannot_be_looked_through_is_an_error(tools: Tools, printed: str, complaint: str) -> None:
    tools.answer("kubectl", f"echo '{printed}'; echo '{complaint}' >&2; exit 1")
    with pytest.raises(DeploymentError, match=complaint):
        kinds_in_cluster(CLUSTER)


def docker(tools: Tools, stays: bool = False) -> None:
    """An engine with a container and two images that carry the label; one of them has two names."""
    gone = tools.folder / "gone"
    tools.answer(
        "docker",
        f"""case "$1 $2" in
        "rm --force") {"" if stays else f": > '{gone}'"};;
        "ps --all") [ -e '{gone}' ] || echo c1;;
        "image ls") [ -e '{gone}' ] || printf 'i1\\ni1\\ni2\\n';;
        esac""",
    )


def test_what_carries_the_label_goes_from_docker(tools: Tools) -> None:
    docker(tools)
    assert remove_from_docker() == [("container", "c1"), ("image", "i1"), ("image", "i2")]
    asked = tools.asked()
    assert [call for call in asked if " rm " in call] == [
        "docker rm --force --volumes c1",
        "docker image rm --force i1",
        "docker image rm --force i2",
    ]
    assert all(call.endswith(f"--filter label={LABEL}") for call in asked if " rm " not in call)


def test_what_is_left_in_docker_is_told(tools: Tools) -> None:
    docker(tools, stays=True)
    with pytest.raises(SomethingLeft, match="still in Docker: container c1, image i1, image i2"):
        remove_from_docker()


def test_an_engine_that_does_not_answer_has_not_been_looked_through(tools: Tools) -> None:
    tools.answer("docker", "exit 1")
    with pytest.raises(NotRun, match="no Docker engine answers"):
        remove_from_docker()


def test_the_namespace_of_a_check_is_not_the_services() -> None:
    core = Mock()
    with own_namespace(core):
        pass
    metadata = core.create_namespace.call_args.args[0]["metadata"]
    assert [f"{key}={value}" for key, value in metadata["labels"].items()] == [CHECKS]
    core.delete_namespace.assert_called_once_with(metadata["name"])
