"""How the service starts, refuses to start, and reloads: by what its process does and logs."""

import contextlib
import json
import pickle
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skops.io
from hypothesis import HealthCheck, given, seed, settings
from sklearn.dummy import DummyRegressor

from house_prices.serving.app import LARGEST_BODY
from house_prices.serving.predictor import Predictor
from tests.product.serving.connections import Connection
from tests.product.serving.making import Made, vouched_for
from tests.product.serving.servers import Server, started
from tests.product.serving.strategies import bodies


def missing(folder: Path, digest: str) -> str:
    (folder / "model.skops").unlink()
    return digest


def tampered(folder: Path, digest: str) -> str:
    archive = bytearray((folder / "model.skops").read_bytes())
    archive[len(archive) // 2] ^= 1
    (folder / "model.skops").write_bytes(archive)
    return digest


def foreign(folder: Path, digest: str) -> str:
    return vouched_for(folder, pickle.dumps({"a": 1}))


def incompatible(folder: Path, digest: str) -> str:
    return vouched_for(folder, skops.io.dumps(DummyRegressor(constant=1.0).fit([[1]], [1])))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (missing, r"model\.skops is missing; a model has model\.skops and manifest\.json\. Train one: make lab-01"),
        (tampered, r"was cut short or altered\. Train the model again\."),
        (foreign, r"is no skops archive\. A pickle or joblib file runs code when it is opened"),
        (incompatible, r"the model cannot be served: 'DummyRegressor' object has no attribute 'regressor_'"),
    ],
)
def test_a_model_that_is_refused_ends_the_start_with_one_line(
    copied: Path, made: Made, tmp_path: Path, spoil: Callable[[Path, str], str], reason: str
) -> None:
    trusted = spoil(copied, made.digest)
    with Server(tmp_path, model=copied, model_digest=trusted) as server:
        assert server.ends() == 4
    (line,) = [line for line in server.log() if line["level"] == "CRITICAL"]
    assert line["trusted"] == trusted
    assert line["message"].startswith("the model was refused: ")
    assert re.search(reason, line["message"])
    assert "\n" not in line["message"]
    assert "Traceback" not in server.stdout + server.stderr
    assert "exc_info" not in server.stdout
    assert server.stderr == ""


def test_settings_that_cannot_be_used_end_the_start_before_anything_else(tmp_path: Path) -> None:
    with Server(tmp_path, port="http", workers=0) as server:
        assert server.ends() == 1
    assert server.stderr.splitlines() == [
        "error: these settings cannot be used:",
        "  SERVING_PORT=http: input should be a valid integer, unable to parse string as an integer",
        "  SERVING_WORKERS=0: input should be greater than or equal to 1",
    ]
    assert server.stdout == ""


def test_a_reload_keeps_the_workers_if_the_model_would_be_refused(copied: Path, made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path, model=copied) as server:
        tampered(copied, made.digest)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("not reloaded, the workers stay as they are: ")
        (line,) = [line for line in server.log() if line["message"].startswith("not reloaded")]
        assert line["level"] == "ERROR"
        assert "was cut short or altered. Train the model again." in line["message"]
        assert "Traceback" not in line["message"]
        assert server.post().status == 200
        assert len(server.workers()) == 1


def test_several_workers_answer_and_all_of_them_end(made: Made, tmp_path: Path) -> None:
    with started(made, tmp_path, workers=2) as server:
        workers = server.wait_for_workers(2)
        answering = {line["process"] for line in server.log() if line["message"] == "request"}
        while answering != set(workers):
            assert server.post().status == 200
            answering = {line["process"] for line in server.log() if line["message"] == "request"}
        server.process.terminate()
        assert server.ends() == 0
    assert {f"Worker exiting (pid: {worker})" for worker in workers} <= set(server.messages())


def ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6(made: Made, tmp_path: Path) -> None:
    with Server(tmp_path, host="::1", model=made.folder, model_digest=made.digest) as server:
        server.wait_for("ready")
        found = re.search(r"http://\[::1\]:(\d+)", server.stdout)
        assert found
        with socket.create_connection(("::1", int(found[1]))) as client:
            client.sendall(b"GET /health/ready HTTP/1.0\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.0 200 OK")


POST = b"POST /v1/predictions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def resident_bytes(process: int, which: str = "VmRSS") -> int:
    """Return what a process has in memory; VmHWM: the most that it had."""
    found = re.search(rf"{which}:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 2**10


only_linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the memory of a process"
)


@only_linux
def test_floods_of_the_largest_requests_need_little_room_and_give_it_back(made: Made, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "many fields": {"houses": [{f"{number:x}": 1 for number in range(85_000)}]},
        "unknown fields": {"houses": [{f"{number:x}": 1 for number in range(120)}] * 1_000},
        "lists": {"houses": [[[1]] for _ in range(170_000)]},
        "unfinished": "x" * (LARGEST_BODY - 2),
    }
    with started(made, tmp_path, read_seconds=5, access_log="false") as server:
        (worker,) = server.workers()
        idle = resident_bytes(worker)
        for flood, value in values.items():
            unfinished = flood == "unfinished"
            body = json.dumps(value, separators=(",", ":")).encode()
            assert 2**19 < len(body) <= LARGEST_BODY
            request = POST % (len(body), body)
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(Connection(server.address)) for _ in range(100 if unfinished else 8)]
                for client in clients:
                    client.send(request[:-1] if unfinished else request)
                assert {client.answer().status for client in clients} == ({503, 408} if unfinished else {422})
            most, left = resident_bytes(worker, "VmHWM") - idle, resident_bytes(worker) - idle
            print(f"{flood}: at most {most / 2**20:.0f} MiB more, and {left / 2**20:.0f} MiB afterwards")
            assert most < 160 * 2**20
            assert left < 80 * 2**20
        assert server.probe("ready") == (200, "ready")


@only_linux
def test_odd_requests_over_the_network_get_no_error_of_ours_and_leave_nothing_behind(
    server: Server, predictor: Predictor
) -> None:
    asked: list[bytes] = []

    @seed(3)
    @settings(max_examples=50, suppress_health_check=list(HealthCheck), database=None)
    @given(drawn=bodies(predictor.manifest, 20))
    def draw(drawn: list[bytes]) -> None:
        asked.extend(body + b" " * 20_000 for body in drawn)  # so that whatever is kept of one can be seen

    draw()
    memory = []
    (worker,) = server.workers()
    for _ in range(3):
        with Connection(server.address) as client:
            for body in asked[:1_000]:
                began = time.monotonic()
                answer = client.ask(POST % (len(body), body))
                assert answer.status in (200, 400, 422)
                assert time.monotonic() - began < 5
        memory.append(resident_bytes(worker))
    print(f"resident: {', '.join(f'{each / 2**20:.1f} MiB' for each in memory)}")
    assert memory[2] - memory[1] < 2**22
    assert server.workers() == [worker]
