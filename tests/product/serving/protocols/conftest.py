"""The service as a process of its own, started as Vertex AI would, and clients that are not ours."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product.serving.making import Made

# The path under which Google's own client asks; on Vertex AI it is another one.
PREDICT_ROUTE = "/v1/projects/p/locations/l/endpoints/e:predict"


@pytest.fixture(scope="session")
def port(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running service."""
    port, probe_port = _free_ports()
    vertex_ai = {"AIP_HTTP_PORT": str(port), "AIP_STORAGE_URI": str(made.folder), "AIP_PREDICT_ROUTE": PREDICT_ROUTE}
    environment = {
        **os.environ,
        **vertex_ai,
        **{"SERVING_MODEL_DIGEST": made.digest, "SERVING_PROBE_PORT": str(probe_port), "SERVING_DRAIN_SECONDS": "0"},
    }
    log = tmp_path_factory.mktemp("service") / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "house_prices.serving", "serve"], env=environment, stdout=said, stderr=said
        ) as process,
    ):
        try:
            _wait_until_ready(process, port, log)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"the service does not answer:\n{log.read_text(encoding='utf-8')}")
