"""Task 2.6: a real server, told to end while clients of five kinds are at it.

Each kind meets another step of the end: who opens a connection for each request, who keeps one and uses it, who keeps
one and is idle, who is slow to send a request, and who never sends the rest of it. Nobody could hit the moment from
outside at which the door is closed: who comes just then is met by a worker in this process.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from labkit.checks import CheckFailed, expect

# gunicorn kills a worker 2 s after its grace, rounded up. Whoever begins to count at the end of the drain is too late.
DRAIN, GRACE = 2.2, 3.9
QUIET_DRAIN = 1.6
PATIENCE = 10.0  # seconds for what takes milliseconds on a machine that has nothing else to do
START = 60.0
SENT = f"SIGTERM to a server with SERVING_DRAIN_SECONDS={DRAIN:g} and SERVING_GRACE_SECONDS={GRACE:g}"
PATH, JSON = "/v1/predictions", {"Content-Type": "application/json"}


class Server:
    """`python -m house_prices.serving` with a small model, on ports that are free, and what it logs."""

    def __init__(self, model, drain, grace) -> None:
        settings = {
            "MODEL": str(model.folder),
            "MODEL_DIGEST": model.digest,
            "PORT": "0",
            "PROBE_PORT": "0",
            "THREADS": "4",
            "READ_SECONDS": "60",
            "DRAIN_SECONDS": str(drain),
            "GRACE_SECONDS": str(grace),
        }
        environment = os.environ | {f"SERVING_{name}": value for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "house_prices.serving"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log = []
        self._read = threading.Thread(target=self._follow, daemon=True)
        self._read.start()

    def _follow(self) -> None:
        for line in self.process.stdout:
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"message": line.strip()})

    def wait_for(self, text) -> str:
        """Return the first message that holds a text."""
        end = time.monotonic() + START
        while time.monotonic() < end and self._read.is_alive():
            if found := self.said(text):
                return found
            time.sleep(0.02)
        found = self.said(text)
        if not found:
            last = self.log[-1]["message"] if self.log else "nothing"
            raise CheckFailed(
                sent="python -m house_prices.serving",
                got=f"it does not start; its last words: {last}",
                look_at="make lab-02 with the same code",
            )
        return found

    def said(self, text) -> str:
        return next((each["message"] for each in self.log if text in each["message"]), "")

    def broken(self):
        """Return what the learner's code has raised in the worker: its place and its last line."""
        for each in self.log:
            if trace := each.get("exc_info"):
                *_, last = trace.strip().splitlines()
                places = re.findall(r'File ".*?(labs/02_containerize/.+?)", line (\d+)', trace)
                return ":".join(places[-1]) if places else "", last.removeprefix("builtins.")
        return None

    @property
    def port(self) -> int:
        return int(re.search(r"http://127\.0\.0\.1:(\d+)", self.wait_for("Listening at"))[1])

    def ended(self, seconds) -> int | None:
        """Wait for the end and return the exit code; None: it is still there."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._read.join(1)


class Clients:
    """Five clients of a server that is about to be told to end, and what they live to see.

    Attributes
    ----------
    new : for each request over a connection of its own, when it was sent and what came: an answer, or nothing.
    told : after how many seconds the client that keeps its connection was asked to close it; None: never.
    idle_closed : the connection of the idle client was closed before the slow one sent its second half.
    slow : the answer to the request that was sent in two parts, the second after the drain.
    late : what came of a new connection after that answer.
    """

    def __init__(self, server, body) -> None:
        self._port, self._body = server.port, body
        self.new, self.told, self.idle_closed, self.slow, self.late = [], None, False, "", ""
        self._closed, self._over = threading.Event(), threading.Event()
        self._kept, self._idle = (self._client(PATIENCE) for _ in range(2))
        for client in (self._kept, self._idle):
            self._request(client)
        self._slow, self._endless = (
            socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) for _ in range(2)
        )
        for connection in (self._slow, self._endless):
            connection.sendall(self._text()[: -len(self._body) // 2])
        time.sleep(0.2)  # until the halves have arrived

    def live_through(self, tell_to_end) -> None:
        """Tell the server to end, go on as customers do, and return when all is over."""
        self._began = time.monotonic()
        work = (self._be_slow, self._open_new_ones, self._use_the_kept_one, self._wait_for_idle, self._wait_for_endless)
        slow, *others = threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in threads:
            thread.start()
        tell_to_end()
        self._closed.wait(PATIENCE)
        self._over.set()
        slow.join(2 * PATIENCE)
        self.late = self._ask_anew(seconds=0.7)
        for thread in others:
            thread.join(PATIENCE)

    def _text(self) -> bytes:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(self._body)}"
        return f"{head}\r\n\r\n".encode() + self._body

    def _client(self, seconds):
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)

    def _request(self, connection):
        connection.request("POST", PATH, self._body, JSON)
        answer = connection.getresponse()
        answer.read()
        return answer

    def _ask_anew(self, seconds) -> str:
        """Ask over a new connection, and return what came: answered, no answer, or no connection."""
        connection = self._client(seconds)
        try:
            connection.connect()
        except OSError:
            return "no connection"
        try:
            return "answered" if self._request(connection).status == 200 else "no price"
        except (OSError, http.client.HTTPException):
            return "no answer"
        finally:
            connection.close()

    def _open_new_ones(self) -> None:
        while not self._over.is_set():
            sent = time.monotonic() - self._began
            self.new.append((sent, self._ask_anew(PATIENCE)))
            if self.new[-1][1] != "answered":
                return
            time.sleep(0.02)

    def _use_the_kept_one(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not self._over.is_set() and self.told is None:
                if self._request(self._kept).getheader("Connection", "").lower() == "close":
                    self.told = time.monotonic() - self._began
                time.sleep(0.03)

    def _be_slow(self) -> None:
        time.sleep(DRAIN + 0.3)
        # Not before the idle one is gone, so that there is somebody to be served meanwhile; and within the grace.
        self.idle_closed = self._closed.wait(0.7)
        with contextlib.suppress(OSError):
            self._slow.sendall(self._text()[-len(self._body) // 2 :])
            self.slow = self._slow.recv(2**16).split(b"\r\n")[0].decode()

    def _wait_for_idle(self) -> None:
        with contextlib.suppress(OSError):
            self._idle.sock.recv(1)
        self._closed.set()

    def _wait_for_endless(self) -> None:
        with contextlib.suppress(OSError):
            self._endless.recv(1)


@pytest.fixture(scope="module")
def body(model):
    return json.dumps({"houses": model.houses.head(1).to_dict("records")}).encode()


@pytest.fixture(scope="module")
def servers(model):
    """Two servers: one whose clients are at it, and one that nobody asks anything. They start at the same time."""
    with Server(model, DRAIN, GRACE) as busy, Server(model, QUIET_DRAIN, 30.0) as idle:
        for server in (busy, idle):
            server.wait_for("ready")
        yield SimpleNamespace(busy=busy, idle=idle)


@pytest.fixture(scope="module")
def ends(servers, body):
    """Both servers are told to end, at the same time: what their clients have seen is a future for each."""
    with ThreadPoolExecutor(2) as pool:
        yield SimpleNamespace(
            busy=pool.submit(end_busy_server, servers.busy, body), idle=pool.submit(end_idle_server, servers.idle, body)
        )


@pytest.fixture(scope="module")
def seen(ends):
    """What the clients of a server have seen that was told to end."""
    return ends.busy.result()


@pytest.fixture(scope="module")
def quiet(ends):
    """What becomes of a server that has nothing to do when it is told to end, and of a late request."""
    return ends.idle.result()


@pytest.fixture
def last_one_in():
    """The first line of what a client gets that connects just before a worker closes its door; None: it never does."""
    from house_prices.serving.health import Health
    from house_prices.serving.settings import Settings
    from house_prices.serving.worker import DrainingWorker

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        return []

    class Worker(DrainingWorker):
        """Without gunicorn and a model."""

        def __init__(self, listener) -> None:
            self.app, self.health = SimpleNamespace(leaving=lambda: True), Health()
            self.settings = Settings(drain_seconds=0.1, grace_seconds=1)
            self.front = self._front(application, listener, 1, 1_000)

        def notify(self) -> None:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as clients:
        worker, came = Worker(listener), []

        def after_a_client(close):
            def closes():
                if not came:  # the worker's way to close the door ends with the front's
                    came.append(socket.create_connection(listener.getsockname(), timeout=PATIENCE))
                    clients.enter_context(came[0]).sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                close()

            return closes

        worker._stop_accepting = after_a_client(worker._stop_accepting)
        worker.front.stop_accepting = after_a_client(worker.front.stop_accepting)
        try:
            worker._drain()
            end = time.monotonic() + PATIENCE
            while worker.front.busy and time.monotonic() < end:
                worker.front.turn(0.1)
        finally:
            worker.front.task_dispatcher.shutdown()
            worker.front.asyncore.close_all(worker.front._map)
            listener.close()
        if not came:
            return None
        with contextlib.suppress(ConnectionError):
            return came[0].recv(2**16).split(b"\r\n")[0].decode()
        return ""


def end_busy_server(server, body):
    clients = Clients(server, body)
    clients.live_through(server.process.terminate)
    server.ended(PATIENCE)
    raise_what_broke(server)
    return SimpleNamespace(clients=clients, by_itself=bool(server.said("Worker exiting")))


def end_idle_server(server, body):
    port, client = server.port, http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    client.request("POST", PATH, body, JSON)
    client.getresponse().read()
    server.process.terminate()
    time.sleep(QUIET_DRAIN / 2)
    late = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        late.request("POST", PATH, body, JSON)
        came = f"{late.getresponse().status}"
    except (OSError, http.client.HTTPException):
        came = "no answer"
    finally:
        late.close()
    code = server.ended(PATIENCE)
    raise_what_broke(server)
    return SimpleNamespace(late=came, code=code)


def raise_what_broke(server):
    """Raise what the learner's code has raised in the worker, so that the report tells it."""
    if broken := server.broken():
        at, last = broken
        if opened := re.match(r"NotImplementedError: (Task \d.*)", last):
            raise NotImplementedError(opened[1])
        raise CheckFailed(sent=SENT, got=f"{last}, raised in the worker", look_at=at)


@pytest.mark.task("2.6")
def test_new_connections(seen):
    """while it drains, new connections are answered: the balancer does not know yet"""
    answered = [sent for sent, came in seen.clients.new if came == "answered"]
    long_enough = bool(answered) and answered[-1] > DRAIN / 3
    expect(
        long_enough,
        sent=f"{SENT}, and requests over new connections",
        got="answers for less than a third of that",
        wanted=f"answers for all {DRAIN:g} s",
        look_at="what happens between SIGTERM and the closing of the door",
    )


@pytest.mark.task("2.6")
def test_clients_are_told(seen):
    """a client that keeps its connection is told to close it from SIGTERM on, and not only when the drain is over"""
    told = seen.clients.told
    expect(
        told is not None and told < DRAIN / 2,
        sent=f"{SENT}, and request after request over one connection",
        got=f"no answer with Connection: close for {DRAIN / 2:g} s",
        wanted="each answer says it from SIGTERM on",
        look_at="what the answers say while it drains",
    )


@pytest.mark.task("2.6")
def test_what_is_under_way(seen):
    """a request that is under way when the drain is over is answered"""
    expect(
        seen.clients.slow == "HTTP/1.1 200 OK",
        sent=f"{SENT}, and a request whose second half arrives after the drain, within the grace",
        got=seen.clients.slow or "the connection was closed without an answer",
        wanted="HTTP/1.1 200 OK",
        look_at="what is waited for after the drain",
    )


@pytest.mark.task("2.6")
def test_the_door_is_closed(seen):
    """after the drain no new connection is taken, while what is under way is finished"""
    expect(
        seen.clients.late != "answered",
        sent=f"{SENT}, and a new connection after the drain",
        got="it was answered, so more and more keep coming until some are cut off",
        wanted="no answer: others serve now",
        look_at="who still comes in while the last ones are served",
    )


@pytest.mark.task("2.6")
def test_the_last_one_in(last_one_in):
    """a connection that is made just before the door is closed is taken and answered"""
    expect(
        last_one_in in ("HTTP/1.1 200 OK", None),
        sent="a client that connects at the moment at which `_drain` begins to take no new connections",
        got=last_one_in or "the kernel had made the connection, nobody took it, and it was reset",
        wanted="HTTP/1.1 200 OK",
        look_at="the two methods that take no more connections: what does the worker's do that the front's does not?",
    )


@pytest.mark.task("2.6")
def test_idle_connections(seen):
    """after the drain, connections on which nothing is under way are closed, while the others are served"""
    expect(
        seen.clients.idle_closed,
        sent=f"{SENT}, a request whose second half has yet to come, and a connection on which nobody asks",
        got="the idle connection is still open while the other is waited for",
        wanted="it is closed when the drain is over: its client opens another, elsewhere",
        look_at="which connections need not be waited for",
    )


@pytest.mark.task("2.6")
def test_it_does_not_wait_for_ever(seen):
    """what is under way is waited for until SERVING_GRACE_SECONDS after SIGTERM, and no longer"""
    expect(
        seen.by_itself,
        sent=f"{SENT}, and a request whose second half never arrives",
        got="the worker had to be killed, 2 s after its grace was over",
        wanted="it gives that request up, and leaves",
        look_at="how long is waited at most, and from when on that counts",
    )


@pytest.mark.task("2.6")
def test_it_stays_for_those_who_have_not_heard(quiet):
    """with nothing under way it stays all the same until the drain is over: somebody may not have heard yet"""
    expect(
        quiet.late == "200",
        sent=f"SIGTERM to a server that nobody asks, SERVING_DRAIN_SECONDS={QUIET_DRAIN:g}, and a request half-way",
        got=quiet.late,
        wanted="200",
        look_at="what the drain waits for: its time, or that nothing is under way",
    )


@pytest.mark.task("2.6")
def test_it_does_not_wait_for_nothing(quiet):
    """with nothing under way it leaves when the drain is over, and with code 0"""
    expect(
        quiet.code == 0,
        sent=f"SIGTERM to a server with an idle connection, SERVING_DRAIN_SECONDS={QUIET_DRAIN:g} and a grace of 30 s",
        got=f"after {PATIENCE:g} s it is still there" if quiet.code is None else f"code {quiet.code}",
        wanted="it leaves, with code 0",
        look_at="what it waits for after the drain",
    )
