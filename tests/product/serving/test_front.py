"""What reads requests: real connections to an application that does as the case asks, without a model behind it."""

import contextlib
import json
import resource
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waitress import wasyncore

from house_prices.serving import front as subject
from house_prices.serving.front import ACCEPTED_IN_A_TURN, CONNECTIONS, Front, room_for_connections
from tests.product.serving.connections import Answer, Connection

SECONDS = 10.0
MUCH = 20_000_000
"""Bytes of the answer to ``/much``, more than the system keeps for a client that does not read."""
LARGEST_BODY = 1_000
READ_SECONDS = 1.0


class Application:
    """Answers each request with its method, path and body; those for ``/slow`` as soon as ``go`` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.working = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.working.release()
            assert self.go.wait(SECONDS)
        if environ["PATH_INFO"] == "/much":
            start_response("200 OK", [("Content-Length", str(MUCH))])
            return [b"x" * MUCH]
        text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(environ['wsgi.input'].read())}".encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [text if environ["REQUEST_METHOD"] != "HEAD" else b""]


class Running:
    """A front whose loop goes round in a thread."""

    def __init__(self, **changes: Any) -> None:
        self.application = Application()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        limits: dict[str, Any] = {"threads": 4, "queue_requests": 100, "read_seconds": READ_SECONDS}
        limits |= {"keep_alive_seconds": 60.0, "largest_body": LARGEST_BODY}
        self.front = Front(self.application, self.listener, **(limits | changes))
        self._going = True
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()

    def _turn(self) -> None:
        while self._going:
            self.front.turn(0.02)

    def connect(self) -> Connection:
        return Connection(self.address)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[Front]:
        """Let nothing go on while the test looks at the front, or turns it itself."""
        self._going = False
        self._thread.join(SECONDS)
        yield self.front
        self._going = True
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()

    def close(self) -> None:
        self.application.go.set()
        self._going = False
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        self.front.task_dispatcher.shutdown()
        wasyncore.close_all(self.front._map)
        self.listener.close()


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def start(**changes: Any) -> Running:
            running = Running(**changes)
            stack.callback(running.close)
            return running

        yield start


def sends_until_cut_off(client: Connection) -> float:
    """Return after how many seconds of sending the connection broke."""
    began = time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() - began < SECONDS:
            client.send("x" * 1_000)
            time.sleep(0.01)
    return time.monotonic() - began


def problem_of(answer: Answer) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    stated: dict[str, Any] = json.loads(answer.body)
    assert (stated["status"], stated["type"]) == (answer.status, "about:blank")
    assert stated["title"]
    assert stated["detail"]
    return stated


# Requests, as clients send them


def test_a_connection_is_kept_for_the_next_request(start: Start) -> None:
    with start().connect() as client:
        for number in range(3):
            answer = client.ask(f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (answer.status, answer.body) == (200, f"GET /{number} 0".encode())
            assert "connection" not in answer.headers


def test_a_connection_is_closed_where_the_client_asks_for_it(start: Start) -> None:
    with start().connect() as client:
        assert client.ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").headers["connection"] == "close"
        assert client.ended()


def test_requests_in_a_row_are_answered_in_their_order(start: Start) -> None:
    with start().connect() as client:
        client.send("".join(f"POST /{n} HTTP/1.1\r\nContent-Length: {n}\r\n\r\n{'x' * n}" for n in range(20)))
        assert [client.answer().body for _ in range(20)] == [f"POST /{n} {n}".encode() for n in range(20)]


def test_old_clients_are_answered_and_kept_only_if_they_ask(start: Start) -> None:
    running = start()
    with running.connect() as client:
        assert client.ask("GET / HTTP/1.0\r\n\r\n").headers["connection"] == "close"
        assert client.ended()
    with running.connect() as client:
        for _ in range(2):
            assert client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers["connection"] == "Keep-Alive"


def test_head_has_no_body_and_the_next_answer_is_where_it_should_be(start: Start) -> None:
    with start().connect() as client:
        client.send("HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
        assert client.answer(body=False).headers["content-length"] == "9"
        assert client.answer().body == b"GET /b 0"


def test_a_body_in_chunks_is_put_together(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        assert client.ask("a\r\n0123456789\r\n0\r\n\r\n").body == b"POST / 13"


def test_a_client_that_sends_and_ends_its_half_is_answered(start: Start) -> None:
    with start().connect() as client:
        client.send("GET / HTTP/1.1\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer().status == 200


# 100-continue


def test_who_asks_first_is_told_to_continue(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.answer(body=False).status == 100
        assert client.ask("abc").body == b"POST / 3"


def test_who_does_not_wait_for_it_is_answered_too(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
        assert client.answer(body=False).status == 100
        assert client.answer().body == b"POST / 3"


def test_a_body_that_will_be_refused_is_not_asked_for(start: Start) -> None:
    with start().connect() as client:
        client.send(f"POST / HTTP/1.1\r\nContent-Length: {10**10}\r\nExpect: 100-continue\r\n\r\n")
        assert client.answer().status == 413
        assert client.ended()


@pytest.mark.parametrize("length", ["", "Content-Length: 0\r\n"])
def test_without_a_body_there_is_nothing_to_continue_with(start: Start, length: str) -> None:
    with start().connect() as client:
        assert client.ask(f"GET / HTTP/1.1\r\n{length}Expect: 100-continue\r\n\r\n").body == b"GET / 0"


# Requests that cannot be read


def test_the_largest_body_is_taken_and_no_larger_one(start: Start) -> None:
    running = start()
    with running.connect() as client:
        client.send(f"POST / HTTP/1.1\r\nContent-Length: {LARGEST_BODY}\r\n\r\n{'x' * LARGEST_BODY}")
        assert client.answer().body == f"POST / {LARGEST_BODY}".encode()
        answer = client.ask(f"POST / HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n")
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert problem_of(answer)["detail"] == "a body has at most 1,000 bytes"
        assert client.ended()


def test_a_body_in_chunks_has_the_same_end(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + "64\r\n" + "x" * 100 + "\r\n")
        for _ in range(10):
            client.send("64\r\n" + "x" * 100 + "\r\n")
        answer = client.answer()
        assert answer.status == 413
        problem_of(answer)
        assert client.ended()


@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_on_and_reads_later_still_learns_that_it_was_too_much(start: Start, chunked: bool) -> None:
    """Closed with data unread, the connection would be reset, and the answer lost on the way."""
    much = b"x" * 2_000_000
    with start().connect() as client:
        if chunked:
            client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            much = b"%x\r\n%s\r\n0\r\n\r\n" % (len(much), much)
        else:
            client.send(f"POST / HTTP/1.1\r\nContent-Length: {len(much)}\r\n\r\n")
        client.socket.sendall(much)
        assert client.answer().status == 413
        assert client.ended()


def test_who_goes_on_sending_for_ever_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LINGER_SECONDS", 0.2)
    with start().connect() as client:
        assert client.ask(f"POST / HTTP/1.1\r\nContent-Length: {10**9}\r\n\r\n").status == 413
        assert sends_until_cut_off(client) < SECONDS


UNREADABLE = {
    "no request": "hello\r\n\r\n",
    "a small method": "get / HTTP/1.1\r\n\r\n",
    "no header": "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "a bare line feed": "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
    "two lengths": "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a length in words": "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
    "a chunk without a size": "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk of another size": "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
    "packed on the way": "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": "POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
    "an address with half its brackets": "GET http://[/health/ready HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_the_fault_of_the_client(start: Start, kind: str) -> None:
    with start().connect() as client:
        answer = client.ask(UNREADABLE[kind])
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        problem_of(answer)
        assert client.ended()


def test_what_is_refused_is_logged_and_answered_under_the_ids_of_the_request(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "house_prices.serving.access")
    trace = "0af7651916cd43dd8448eb211c80319c"
    head = f"POST /v1 HTTP/1.1\r\nX-Request-ID: r-1\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n"
    for access_log in (True, False):
        with start(access_log=access_log).connect() as client:
            answer = client.ask(head + "Content-Length: 5000\r\n\r\n")
            assert (answer.status, answer.headers["x-request-id"]) == (413, "r-1")
            assert answer.headers["traceparent"].startswith(f"00-{trace}-")
    (line,) = [record.__dict__ for record in caplog.records]
    asked = ("method", "path", "status", "request_id", "trace_id")
    assert [line[name] for name in asked] == ["POST", "/v1", 413, "r-1", trace]


def test_headers_have_an_end(start: Start) -> None:
    with start().connect() as client:
        client.send("GET / HTTP/1.1\r\n" + "".join(f"X-{n}: {'x' * 1_000}\r\n" for n in range(300)))
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (431, "close")
        problem_of(answer)


def test_what_follows_an_unreadable_request_is_no_request(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")
        assert client.answer().status == 413
        assert client.ended()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    request=st.binary(max_size=120)
    | st.from_regex(
        r"(GET|POST|HEAD|OPTIONS|get) (/|\*|/%ff|http://\[|//|/\?a#b)( HTTP/(1\.[01]|2\.0|9\.9))?\r\n"
        r"((Host|Connection|Content-Length|Transfer-Encoding|Expect|Cookie)"
        r": (x|\[|xn--a|close|keep-alive|3|chunked|é)\r\n){0,3}"
        r"\r\n(abc|3\r\nabc\r\n0\r\n\r\n)?",
        fullmatch=True,
    ).map(lambda text: text.encode("latin-1"))
)
def test_whatever_arrives_the_next_client_is_answered(odd_requests: Running, request: bytes) -> None:
    with odd_requests.connect() as client:
        client.send(request)
        client.socket.shutdown(socket.SHUT_WR)
        rest = client.everything()
        assert b" 50" not in rest.split(b"\r\n")[0]
    with odd_requests.connect() as client:
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200


@pytest.fixture(scope="module")
def odd_requests() -> Iterator[Running]:
    running = Running()
    yield running
    running.close()


# Slow clients


def test_half_sent_requests_hold_up_nobody_and_are_told_when_their_time_is_over(start: Start) -> None:
    running = start(threads=2)
    halves = ["POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", "GET / HTTP/1.1\r\nHost:", "G"]
    halves += ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"]
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        clients = [stack.enter_context(running.connect()) for _ in range(12)]
        for number, client in enumerate(clients):
            client.send(halves[number % len(halves)])
        took = []
        for _ in range(11):
            asked = time.monotonic()
            with running.connect() as other:
                assert other.ask("GET / HTTP/1.1\r\n\r\n").status == 200
            took.append(time.monotonic() - asked)
        assert statistics.median(took) < 0.1
        for client in clients:
            answer = client.answer()
            assert (answer.status, answer.headers["connection"]) == (408, "close")
            assert problem_of(answer)["detail"] == "it did not arrive within 1 s"
            assert client.ended()
        assert time.monotonic() - began > READ_SECONDS


def test_a_byte_now_and_then_does_not_buy_time(start: Start) -> None:
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n")
        began = time.monotonic()
        client.socket.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - began < SECONDS:
            client.send("x")
            with contextlib.suppress(TimeoutError):
                answer = client.socket.recv(1_000)
        assert b" 408 " in answer


def test_the_time_of_a_request_begins_with_its_first_byte(start: Start) -> None:
    with start(keep_alive_seconds=60).connect() as client:
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200
        time.sleep(READ_SECONDS + 1.2)
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200


def test_an_idle_connection_is_closed_in_the_end(start: Start) -> None:
    with start(keep_alive_seconds=0.2).connect() as client:
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200
        assert client.ended()


def test_who_does_not_read_the_answer_is_left_after_a_while(start: Start) -> None:
    with start().connect() as deaf:
        deaf.send("GET /much HTTP/1.1\r\n\r\n")
        time.sleep(READ_SECONDS + 2.5)
        rest = deaf.everything()
    assert b" 200 OK" in rest
    assert len(rest) < MUCH


# Overload


def test_bodies_that_arrive_have_room_for_so_many_bytes_and_others_are_refused(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_HELD", 10 * subject.LOOKED_AT)
    running = start(largest_body=2**20, read_seconds=SECONDS)
    begun = b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * (3 * subject.LOOKED_AT)

    def wait_until_held(least: int, most: int) -> None:
        end = time.monotonic() + SECONDS
        while not least <= sum(channel.held for channel in list(running.front.active_channels.values())) <= most:
            assert time.monotonic() < end
            time.sleep(0.01)

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(3)]
        for client in clients:
            client.send(begun)
        wait_until_held(9 * subject.LOOKED_AT, 10 * subject.LOOKED_AT)
        with running.connect() as late:
            answer = late.ask(begun)
        assert (answer.status, answer.headers["retry-after"], answer.headers["connection"]) == (503, "1", "close")
        assert problem_of(answer)["detail"] == "there is no room for more; ask again in 1 s"
        for client in clients:
            client.socket.close()
        wait_until_held(0, 0)
        with running.connect() as client:
            body = b"x" * (9 * subject.LOOKED_AT)
            assert client.ask(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)).status == 200


def test_small_requests_are_not_asked_whether_there_is_room(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """it takes a look at every connection, and clients that send byte by byte would have that many of them"""
    running = start()
    looked: list[object] = []
    monkeypatch.setattr(running.front, "refuse_what_there_is_no_room_for", looked.append)
    with running.connect() as client:
        for byte in "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab":
            client.send(byte)
        assert client.ask("c").status == 200
    assert looked == []


def test_while_answers_are_not_read_there_is_room_for_so_many_bytes(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_HELD", MUCH)
    running = start(read_seconds=2 * SECONDS)
    with contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(running.connect()) for _ in range(3)]
        for client in deaf:
            client.send("GET /much HTTP/1.1\r\n\r\n")
        end = time.monotonic() + SECONDS
        with running.connect() as client:
            while (answer := client.ask("GET / HTTP/1.1\r\n\r\n")).status == 200:
                assert time.monotonic() < end
                time.sleep(0.05)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            for each in deaf:
                each.socket.close()
            while client.ask("GET / HTTP/1.1\r\n\r\n").status != 200:
                assert time.monotonic() < end
                time.sleep(0.05)


class Full:
    """A front with one thread, which is at work, and two requests that wait for it."""

    def __init__(self, running: Running, stack: contextlib.ExitStack) -> None:
        self.running = running
        self.waiting = [stack.enter_context(running.connect()) for _ in range(3)]
        self.waiting[0].send("GET /slow HTTP/1.1\r\n\r\n")
        assert running.application.working.acquire(timeout=SECONDS)
        for client in self.waiting[1:]:
            client.send("GET / HTTP/1.1\r\n\r\n")
        end = time.monotonic() + SECONDS
        while len(running.front.task_dispatcher.queue) < 2:
            assert time.monotonic() < end
            time.sleep(0.005)

    def release(self) -> None:
        self.running.application.go.set()
        for client in self.waiting:
            assert client.answer().status == 200


@pytest.fixture
def full(start: Start) -> Iterator[Full]:
    running = start(threads=1, queue_requests=2)
    with contextlib.ExitStack() as stack:
        full = Full(running, stack)
        yield full
        full.release()


def test_what_finds_the_queue_full_is_refused_quickly_and_may_ask_again(full: Full) -> None:
    took = []
    with full.running.connect() as client:
        for _ in range(21):
            began = time.monotonic()
            answer = client.ask("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
            took.append(time.monotonic() - began)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert "connection" not in answer.headers
            assert problem_of(answer)["detail"] == "2 wait already; ask again in 1 s"
        print(f"refused after {statistics.median(took) * 1_000:.1f} ms, at most {max(took) * 1_000:.1f} ms")
        assert statistics.median(took) < 0.05
        full.running.application.go.set()
        for waiting in full.waiting:
            assert waiting.answer().status == 200
        full.waiting.clear()
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200


def test_a_refused_head_has_no_body(full: Full) -> None:
    with full.running.connect() as client:
        client.send("HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert client.answer(body=False).status == 503
        assert client.answer().status == 503


def test_requests_in_a_row_are_refused_in_a_row(full: Full) -> None:
    with full.running.connect() as client:
        client.send("GET /a HTTP/1.1\r\n\r\n" * 5)
        assert [client.answer().status for _ in range(5)] == [503] * 5


def test_what_is_no_request_takes_no_room_in_the_queue(full: Full) -> None:
    for _ in range(5):
        with full.running.connect() as client:
            assert client.ask("nonsense\r\n\r\n").status == 400
    assert len(full.running.front.task_dispatcher.queue) == 2


def test_a_client_that_is_gone_before_it_is_refused_does_no_harm(full: Full) -> None:
    for _ in range(20):
        client = full.running.connect()
        client.send("GET / HTTP/1.1\r\n\r\n" * 3)
        client.reset()
    with full.running.connect() as client:
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 503


def test_a_connection_that_breaks_while_it_is_refused_ends_no_other(
    full: Full, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = subject._Channel.service

    def broken(channel: Any) -> None:
        monkeypatch.setattr(subject._Channel, "service", service)
        raise TimeoutError(110, "Connection timed out")

    monkeypatch.setattr(subject._Channel, "service", broken)
    with full.running.connect() as client:
        client.send("GET / HTTP/1.1\r\n\r\n")
        assert client.ended()
    assert "a connection broke while its request was refused" in caplog.messages
    with full.running.connect() as client:
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 503


def test_overload_is_logged_once_a_second_with_the_number(full: Full, caplog: pytest.LogCaptureFixture) -> None:
    with full.running.connect() as client:
        for _ in range(7):
            assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 503
    end = time.monotonic() + SECONDS
    while sum(getattr(record, "refused", 0) for record in caplog.records) < 7:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert len(caplog.records) <= 3


# The end


def test_while_it_drains_every_answer_asks_to_close(start: Start) -> None:
    running = start()
    requests = ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "nonsense\r\n\r\n"]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in requests]
        running.front.draining = True
        for client, request in zip(clients, requests, strict=True):
            client.send(request)
            head = client.head()
            assert [line.lower() for line in head.splitlines() if line.lower().startswith(b"connection")] == [
                b"connection: close"
            ]


def test_idle_connections_are_closed_and_those_in_use_are_not(start: Start) -> None:
    running = start()
    with running.connect() as idle, running.connect() as half, running.connect() as slow, running.connect() as fresh:
        assert idle.ask("GET / HTTP/1.1\r\n\r\n").status == 200
        half.send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n")
        slow.send("GET /slow HTTP/1.1\r\n\r\n")
        assert running.application.working.acquire(timeout=SECONDS)
        with running.stopped() as front:
            for _ in range(5):
                front.turn(0.01)
            assert front.busy
            front.stop_accepting()
            front.close_idle()
        assert idle.ended()
        assert half.ask("abc").status == 200
        assert fresh.ask("GET / HTTP/1.1\r\n\r\n").status == 200, "its request was on the way"
        running.application.go.set()
        assert slow.answer().status == 200


def test_nothing_is_under_way_once_all_is_answered(start: Start) -> None:
    running = start()
    with running.connect() as client, running.connect():
        assert client.ask("GET / HTTP/1.1\r\n\r\n").status == 200
        end = time.monotonic() + SECONDS
        while running.front.busy:  # for a moment, the other one could still send a request
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_turn_takes_some_of_the_connections_that_wait_and_leaves_some_to_other_workers(start: Start) -> None:
    with start().stopped() as front, contextlib.ExitStack() as stack:
        for _ in range(ACCEPTED_IN_A_TURN + 3):
            stack.enter_context(socket.create_connection(front.socket.getsockname(), timeout=SECONDS))
        front.turn(0)
        assert len(front.active_channels) == ACCEPTED_IN_A_TURN
        front.turn(0)
        assert len(front.active_channels) == ACCEPTED_IN_A_TURN + 3


def test_a_turn_takes_no_more_connections_than_there_is_room_for(start: Start) -> None:
    with start().stopped() as front, contextlib.ExitStack() as stack:
        front.adj.connection_limit = len(front._map) + 2
        for _ in range(4):
            stack.enter_context(socket.create_connection(front.socket.getsockname(), timeout=SECONDS))
        front.turn(0)
        assert len(front.active_channels) == 2


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "room"),
    [
        (1_024, 1_048_576, 8_200, CONNECTIONS),
        (1_024, 4_096, 4_096, 1_948),
        (256, 256, 256, 28),
        (100, 100, 100, 1),
        (65_536, 65_536, None, CONNECTIONS),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, CONNECTIONS),
        (1_024, resource.RLIM_INFINITY, 8_200, CONNECTIONS),
    ],
)
def test_there_are_never_more_connections_than_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, room: int
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limits.append(limit))
    assert room_for_connections() == room
    assert limits == ([(raised, hard)] if raised else [])
