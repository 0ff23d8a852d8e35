"""What an API server refuses, or does not answer, is told in one line."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from kubernetes.client import Configuration, CoreV1Api

from house_prices.serving.deployment import api
from house_prices.serving.deployment.api import Connection, Refused

ANSWERS = {
    "missing": (404, b'{"kind": "Status", "message": "pods \\"missing\\" not found"}'),
    "odd": (500, b"<html>"),
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        status, body = ANSWERS[self.path.rpartition("/")[2]]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def core(port: int) -> Any:
    configuration = Configuration(host=f"http://127.0.0.1:{port}")
    configuration.retries = False
    return CoreV1Api(Connection(configuration))


@pytest.fixture
def server() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        client = core(server.server_port)
        yield client
        client.api_client.rest_client.pool_manager.clear()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("pod", "status", "words"),
    [("missing", 404, 'pods "missing" not found'), ("odd", 500, "500 Internal Server Error")],
)
def test_a_refusal_has_the_servers_words(server: Any, pod: str, status: int, words: str) -> None:
    with pytest.raises(
        Refused, match=rf"refused GET http://.*/namespaces/house-prices/pods/{pod}: {words}$"
    ) as refusal:
        server.read_namespaced_pod(pod, "house-prices")
    assert refusal.value.status == status


def test_nobody_there_is_a_refusal_without_a_status() -> None:
    with pytest.raises(Refused, match="does not answer GET") as refusal:
        core(9).read_namespaced_pod("a", "house-prices")
    assert refusal.value.status == 0


def test_a_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(api, "SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Refused, match=r"does not answer GET .*timed out"):
            core(silent.getsockname()[1]).read_namespaced_pod("a", "house-prices")
