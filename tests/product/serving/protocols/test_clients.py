"""Clients that are not ours get the prices of /v1 from a running service, to the last bit."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.apart import program
from tests.product.serving.making import HOUSE

HERE = Path(__file__).parent
HOUSES = [dict(HOUSE), {**HOUSE, "area": 998, "use_type": "townhouse"}]


def ask(port: int, client: str, *python: str | Path) -> list[float]:
    """Return the prices that a client gets, in a process of its own: some of them bring threads and loops along."""
    done = subprocess.run(
        [*python, HERE / "clients" / f"{client}.py", str(port)],
        input=json.dumps(HOUSES),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    prices: list[float] = json.loads(done.stdout.splitlines()[-1])
    return prices


@pytest.fixture(scope="session")
def expected(port: int) -> list[float]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/predictions",
        json.dumps({"houses": HOUSES}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: dict[str, Any] = json.load(answer)
    return [each["price"] for each in body["predictions"]]


@pytest.mark.parametrize("client", ["triton", "mlflow_server"])
def test_client(port: int, expected: list[float], client: str) -> None:
    assert ask(port, client, sys.executable) == expected


@pytest.mark.clients
@pytest.mark.parametrize("client", ["kserve_rest", "sagemaker_local", "vertex_ai"])
def test_client_in_an_environment_of_its_own(port: int, expected: list[float], client: str) -> None:
    assert ask(port, client, *program("clients", "python")) == expected
