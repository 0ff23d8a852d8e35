"""A process that ends, and its successor, under load: no request is lost, and everybody is told in time."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from house_prices.serving.deployment.load import Failure, Load
from tests.product.serving.connections import Connection
from tests.product.serving.making import Made
from tests.product.serving.servers import BODY, SECONDS, started, until

POST = b"POST /v1/predictions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
REQUEST = POST % (len(BODY), BODY)
RATE = 75.0
"""Requests a second, of each of the two kinds of clients."""


def lost(failed: tuple[Failure, ...]) -> list[Failure]:
    """Return the failures that cost a request: not those of a client that found nobody to connect to."""
    return [
        failure for failure in failed if not failure.reason.startswith(("NewConnectionError", "ConnectTimeoutError"))
    ]


@pytest.mark.parametrize("time_of_five", range(1, 6))
def test_sigterm_under_load_loses_no_request(made: Made, tmp_path: Path, time_of_five: int) -> None:
    with (
        started(made, tmp_path, drain_seconds=1, access_log="false") as server,
        Load(server.url, rate=RATE, clients=8, at_most=20) as opening,
        Load(server.url, rate=RATE, clients=8, at_most=20, kept_alive=True) as keeping,
    ):
        time.sleep(0.5)
        before = [load.counts() for load in (opening, keeping)]
        server.process.terminate()
        until(lambda: server.probe("ready") == (503, "leaving"), server)
        assert server.probe("live") == (200, "alive")
        assert server.ends() == 0
    for load, early in zip((opening, keeping), before, strict=True):
        counts = load.counts()
        print(counts)
        assert early.failed == ()
        assert lost(counts.failed) == []
        answered = counts.sent - len(counts.failed)
        assert answered > early.sent + RATE / 4, "nobody was answered while it drained"


def test_hup_under_load_loses_no_request_and_brings_a_new_process(made: Made, tmp_path: Path) -> None:
    times = 2
    with (
        started(made, tmp_path, drain_seconds=0.5, access_log="false") as server,
        Load(server.url, rate=RATE, clients=8, at_most=120) as opening,
        Load(server.url, rate=RATE, clients=8, at_most=120, kept_alive=True) as keeping,
    ):
        for number in range(1, times + 1):
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_workers(number + 1)
            server.wait_for("Worker exiting", times=number)
            assert server.probe("ready") == (200, "ready")
        workers = server.workers()
        assert len(set(workers)) == times + 1
        told = [line["message"] for line in server.log() if line["message"].startswith(("ready", "Worker exiting"))]
        assert told[0] == "ready"
        # Each stays until its successor has loaded the model, however much longer than the drain that takes.
        assert told[1:] == [line for old in workers[:-1] for line in ("ready", f"Worker exiting (pid: {old})")]
        for load in (opening, keeping):
            counts = load.counts()
            print(counts)
            assert counts.failed == ()
            assert counts.sent > 100


def test_what_is_under_way_is_finished_and_idle_connections_are_closed(made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path, drain_seconds=0.5, grace_seconds=20) as server, contextlib.ExitStack() as stack:
        idle, half, late = (stack.enter_context(Connection(server.address)) for _ in range(3))
        assert idle.ask(REQUEST).status == 200
        half.send(REQUEST[:-20])
        server.process.terminate()
        until(lambda: server.probe("ready")[0] == 503, server)
        answer = late.ask(REQUEST)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert late.ended()
        assert idle.ended()
        assert server.process.poll() is None
        answer = half.ask(REQUEST[-20:])
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert server.ends() == 0


def test_what_never_arrives_is_waited_for_no_longer_than_the_grace_period(made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path, drain_seconds=0, grace_seconds=1) as server, Connection(server.address) as half:
        half.send(REQUEST[:-20])
        assert server.post().status == 200
        began = time.monotonic()
        server.process.terminate()
        assert server.ends() == 0
        assert 0.5 < time.monotonic() - began < SECONDS / 2


def test_a_killed_process_is_replaced_and_its_loss_is_in_the_log(made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path) as server:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        _, successor = server.wait_for_workers(2)
        assert successor != worker
        until(lambda: server.probe("ready")[0] == 200, server)
        assert server.post().status == 200
        lines = [line for line in server.log() if f"(pid:{worker}) was sent SIGKILL" in line["message"]]
        assert [line["level"] for line in lines] == ["ERROR"]


def test_half_sent_requests_hold_up_neither_port_and_are_told_when_their_time_is_over(
    made: Made, tmp_path: Path
) -> None:
    threads = 4
    with started(made, tmp_path, threads=threads, read_seconds=1.5) as server, contextlib.ExitStack() as stack:
        halves = [stack.enter_context(Connection(server.address)) for _ in range(threads * 2)]
        probing = [stack.enter_context(Connection(server.probes)) for _ in range(4)]
        for half in halves:
            half.send(REQUEST[:-20])
        for half in probing:
            half.send("GET /health/live HTTP/1.1\r\nHost:")
        for address in (server.address, server.probes):
            began = time.monotonic()
            with Connection(address) as client:
                assert client.ask("GET /health/live HTTP/1.1\r\n\r\n").status == 200
            print(f"answered after {(time.monotonic() - began) * 1_000:.1f} ms")
            assert time.monotonic() - began < 1
        for half in (*halves, *probing):
            answer = half.answer()
            assert (answer.status, answer.headers["connection"]) == (408, "close")
            assert half.ended()


def test_threads_of_a_worker_are_not_kept_by_clients_that_do_not_read(made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path, threads=2) as server, contextlib.ExitStack() as stack:
        for _ in range(6):
            deaf = stack.enter_context(Connection(server.address))
            deaf.send(REQUEST * 40)
        answered = threading.Event()

        def ask() -> None:
            if server.post().status == 200:
                answered.set()

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(SECONDS / 4)
        assert answered.is_set()
