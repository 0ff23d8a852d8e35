"""Where the service is reached, on clusters of several kinds."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.serving.deployment.address import answers, reachable
from house_prices.serving.deployment.errors import DeploymentError
from tests.product.serving.deployment.conftest import Tools


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a service on this machine that is ready."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def cluster(context: str, node_port: int, *addresses: tuple[str, str]) -> Any:
    """A cluster with one node, and the service on a port of it."""
    service = SimpleNamespace(spec=SimpleNamespace(ports=[SimpleNamespace(node_port=node_port)]))
    node = SimpleNamespace(
        status=SimpleNamespace(addresses=[SimpleNamespace(type=kind, address=each) for kind, each in addresses])
    )
    core = SimpleNamespace(read_namespaced_service=lambda *_: service, list_node=lambda: SimpleNamespace(items=[node]))
    return SimpleNamespace(context=context, core=core)


def test_this_machine_comes_first(port: int) -> None:
    with reachable(cluster("docker-desktop", port)) as url:
        assert url == f"http://127.0.0.1:{port}"


def test_nowhere_is_an_error_that_names_what_was_tried() -> None:
    nowhere = cluster("kind-labs", 9, ("Hostname", "kind"), ("InternalIP", "127.0.0.2"))
    with (
        pytest.raises(DeploymentError, match=r"at none of http://127\.0\.0\.1:9, http://127\.0\.0\.2:9$"),
        reachable(nowhere),
    ):
        pass


def test_minikube_in_a_machine_of_its_own_needs_a_tunnel(tools: Tools, port: int) -> None:
    tools.answer("minikube", f"echo http://127.0.0.1:{port}")
    with reachable(cluster("minikube", 9, ("InternalIP", "127.0.0.2"))) as url:
        assert url == f"http://127.0.0.1:{port}"
    assert tools.asked() == ["minikube --profile minikube service house-prices --namespace house-prices --url"]


def test_a_tunnel_that_leads_nowhere_is_named(tools: Tools) -> None:
    tools.answer("minikube", "echo http://127.0.0.1:7")
    with (
        pytest.raises(DeploymentError, match=r"127\.0\.0\.1:9, http://127\.0\.0\.1:7$"),
        reachable(cluster("minikube", 9)),
    ):
        pass


def test_what_is_not_ready_does_not_answer(port: int) -> None:
    assert answers(f"http://127.0.0.1:{port}")
    assert not answers(f"http://127.0.0.1:{port}/elsewhere")
    assert not answers("http://127.0.0.1:9")
