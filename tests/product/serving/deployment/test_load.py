"""The clients that load a service: they keep their rate, keep or open connections, and count what fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from house_prices.serving.deployment.load import HOUSE, Load

GOOD = json.dumps({"predictions": [{"price": 1.5}]}).encode()


class Service(ThreadingHTTPServer):
    """Answers as the case asks, and remembers connections and bodies."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections: list[Any] = []
        self.bodies: list[bytes] = []
        self.answer: Callable[[Handler], tuple[int, bytes]] = lambda handler: (200, GOOD)

    def get_request(self) -> Any:
        connection = super().get_request()
        self.connections.append(connection[1])
        return connection

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a case that breaks a connection means to."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.server.answer(self)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def test_requests_come_at_their_rate_and_are_counted(service: Service) -> None:
    with Load(service.url, rate=50, clients=4) as load:
        time.sleep(1)
    counts = load.counts()
    assert 25 <= counts.sent <= 51
    assert (len(service.bodies), counts.failed) == (counts.sent, ())
    assert json.loads(service.bodies[0]) == {"houses": [HOUSE]}
    assert str(counts).startswith(f"{counts.sent} requests (")


def test_a_slow_answer_does_not_hold_back_the_others(service: Service) -> None:
    service.answer = lambda handler: (time.sleep(0.3), (200, GOOD))[1]  # type: ignore[func-returns-value]
    with Load(service.url, rate=40, clients=32) as load:
        time.sleep(1)
    assert load.counts().sent >= 20  # four in turn would be 14
    assert load.counts().slowest >= 0.3


def test_without_enough_clients_the_delay_is_counted(service: Service) -> None:
    service.answer = lambda handler: (time.sleep(0.2), (200, GOOD))[1]  # type: ignore[func-returns-value]
    with Load(service.url, rate=50, clients=1) as load:
        time.sleep(0.7)
    assert load.counts().latest > 0.1
    assert load.counts().slowest > load.counts().latest


def test_new_connections_are_new(service: Service) -> None:
    with Load(service.url, rate=50, clients=4) as load:
        time.sleep(0.5)
    assert len(service.connections) == load.counts().sent


def test_kept_connections_are_kept(service: Service) -> None:
    with Load(service.url, rate=50, kept_alive=True, clients=4) as load:
        time.sleep(0.5)
    assert len(service.connections) <= 4 < load.counts().sent


def test_a_kept_connection_that_is_to_be_closed_is_not_used_again(service: Service) -> None:
    def part(handler: Handler) -> tuple[int, bytes]:
        handler.close_connection = True
        return 200, GOOD

    service.answer = part
    with Load(service.url, rate=50, kept_alive=True, clients=4) as load:
        time.sleep(0.5)
    assert len(service.connections) == load.counts().sent
    assert load.counts().failed == ()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, b"full", "503 full"),
        (200, b"<html>", "no prices: JSONDecodeError"),
        (200, b"[]", "no prices: TypeError"),
        (200, b'{"predictions": [{"price": "much"}]}', "no prices: TypeError"),
        (200, b'{"predictions": []}', "0 prices for 1 houses"),
        (200, b'{"predictions": [{"price": 0}]}', "1 prices for 1 houses"),
    ],
)
def test_whatever_is_no_price_is_a_failure(service: Service, status: int, body: bytes, reason: str) -> None:
    service.answer = lambda handler: (status, body)
    with Load(service.url, rate=20, clients=2) as load:
        time.sleep(0.3)
    counts = load.counts()
    assert len(counts.failed) == counts.sent > 0
    assert counts.failed[0].reason.startswith(reason)
    assert reason in str(counts)


def test_a_connection_that_breaks_is_a_failure(service: Service) -> None:
    def leave(handler: Handler) -> tuple[int, bytes]:
        handler.connection.shutdown(2)
        handler.close_connection = True
        return 200, GOOD

    service.answer = leave
    with Load(service.url, rate=20, clients=2) as load:
        time.sleep(0.3)
    assert len(load.counts().failed) == load.counts().sent > 0
    assert load.counts().failed[0].reason.startswith("ProtocolError")


def test_nobody_there_is_a_failure() -> None:
    with Load("http://127.0.0.1:9", rate=20, clients=2) as load:
        time.sleep(0.3)
    assert len(load.counts().failed) == load.counts().sent > 0
    assert load.counts().failed[0].reason.startswith("NewConnectionError")


def test_a_client_that_asks_again_gets_its_price(service: Service) -> None:
    answers = iter([(503, b"full")] * 2)
    service.answer = lambda handler: next(answers, (200, GOOD))
    with Load(service.url, rate=5, retries=3, clients=1) as load:
        time.sleep(0.6)
    assert load.counts().failed == ()
    assert len(service.bodies) == load.counts().sent + 2


def test_the_load_ends_by_itself(service: Service) -> None:
    with Load(service.url, rate=50, at_most=0.2, clients=4) as load:
        time.sleep(0.8)
        assert load.counts().sent <= 11
