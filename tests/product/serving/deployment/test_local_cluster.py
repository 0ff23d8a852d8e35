"""The cluster for those who have none."""

import pytest

from house_prices.serving.deployment import local_cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from tests.product.serving.deployment.conftest import Tools

START_MINIKUBE = "minikube start --profile=minikube --nodes=2 --addons=metrics-server"


def kind(tools: Tools, *clusters: str) -> None:
    """A kind that has some clusters, and writes down the configuration of another."""
    config = f"while read -r line; do echo \"$line\"; done > '{tools.folder}/config'"
    tools.answer("kind", f"case $1 in get) echo '{' '.join(clusters)}';; create) {config};; esac")


def minikube(tools: Tools, profiles: str) -> None:
    tools.answer("minikube", f"[ $1 != profile ] || echo '{profiles}'")


def changes(tools: Tools) -> list[str]:
    """Return the commands that were run and did more than ask."""
    return [call for call in tools.asked() if "get clusters" not in call and "profile list" not in call]


def unexpected(line: str) -> None:
    raise AssertionError(line)


def test_minikube_comes_first(tools: Tools) -> None:
    minikube(tools, '{"invalid": [], "valid": [{"Name": "minikube"}]}')
    kind(tools, "other")
    local_cluster.start()
    local_cluster.stop(unexpected)
    assert changes(tools) == [START_MINIKUBE, "minikube stop --profile=minikube"]


def test_kind_publishes_the_port_of_the_service(tools: Tools) -> None:
    kind(tools)
    local_cluster.start()
    assert "containerPort: 30080, hostPort: 30080, listenAddress: 127.0.0.1" in (tools.folder / "config").read_text()
    assert changes(tools) == ["kind create cluster --name=labs --config=-"]


def test_a_cluster_of_kind_that_is_there_goes_on(tools: Tools) -> None:
    kind(tools, "other", "labs")
    local_cluster.start()
    assert changes(tools) == ["kind export kubeconfig --name=labs"]


def test_a_cluster_of_kind_is_deleted_though_minikube_has_come_since(tools: Tools) -> None:
    kind(tools, "labs")
    minikube(tools, '{"valid": [{"Name": "minikube"}]}')
    local_cluster.start()
    local_cluster.stop(unexpected)
    assert changes(tools) == ["kind export kubeconfig --name=labs", "kind delete cluster --name=labs"]


@pytest.mark.parametrize(
    ("profiles", "code"), [('{"valid": [{"Name": "own"}]}', 0), ('{"valid": []}', 0), ('{"error": {"Err": 2}}', 1)]
)
def test_where_there_is_no_cluster_none_is_stopped(tools: Tools, profiles: str, code: int) -> None:
    kind(tools, "other")
    tools.answer("minikube", f"echo '{profiles}'; exit {code}")
    lines: list[str] = []
    local_cluster.stop(lines.append)
    assert lines == ["there is no cluster labs of kind here, and none of minikube"]
    assert changes(tools) == []


def test_where_there_is_no_tool_nothing_is_stopped(tools: Tools) -> None:
    lines: list[str] = []
    local_cluster.stop(lines.append)
    assert len(lines) == 1


def test_neither_is_not_run(tools: Tools) -> None:
    with pytest.raises(NotRun, match=r"neither minikube nor kind here\n.*install minikube"):
        local_cluster.start()


def test_a_failure_is_told(tools: Tools) -> None:
    tools.answer("minikube", "exit 1")
    with pytest.raises(DeploymentError, match=r"minikube start .* failed; its own words stand above"):
        local_cluster.start()


def test_a_kind_that_does_not_know_is_told(tools: Tools) -> None:
    tools.answer("kind", "echo no engine >&2; exit 1")
    with pytest.raises(DeploymentError, match="kind get clusters failed: no engine"):
        local_cluster.stop(unexpected)
