"""The cluster for those who have none."""

import pytest

from house_prices.serving.deployment import local_cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from tests.product.serving.deployment.conftest import Tools


def test_minikube_comes_first(tools: Tools) -> None:
    tools.answer("minikube", "")
    tools.answer("kind", "")
    local_cluster.start()
    local_cluster.stop()
    assert tools.asked() == [
        "minikube start --profile=minikube --nodes=2 --addons=metrics-server",
        "minikube stop --profile=minikube",
    ]


def test_kind_publishes_the_port_of_the_service(tools: Tools) -> None:
    tools.answer("kind", f"while read -r line; do echo \"$line\"; done > '{tools.folder}/config'")
    local_cluster.start()
    assert "containerPort: 30080, hostPort: 30080, listenAddress: 127.0.0.1" in (tools.folder / "config").read_text()
    local_cluster.stop()
    assert tools.asked() == ["kind create cluster --name=labs --config=-", "kind delete cluster --name=labs"]


def test_neither_is_not_run(tools: Tools) -> None:
    with pytest.raises(NotRun, match=r"neither minikube nor kind here\n.*install minikube"):
        local_cluster.start()


def test_a_failure_is_told(tools: Tools) -> None:
    tools.answer("minikube", "exit 1")
    with pytest.raises(DeploymentError, match=r"minikube start .* failed; its own words stand above"):
        local_cluster.start()
