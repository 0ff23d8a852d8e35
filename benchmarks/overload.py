"""How soon lab 02's service refuses and its probes answer under overload: `python benchmarks/overload.py`.

In a set-up clone. `wrk` asks one process of the service for the prices of many houses, over many connections. Meanwhile
a few observers, each with one connection and one question at a time, ask for a price or after the health: their times
are not those of a client that is overloaded itself. Prints a Markdown table, and a line for each target; ends with 1 if
one is missed.
"""

import argparse
import http.client
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from serving import HOUSE, ROOT, Server, free_port, lacks_wrk, request_script, running, trained_model
from targets import Target, judge

HOUSES = 120  # in a request: so much work that to refuse it is cheap beside it
QUEUE = 16  # requests: short, so that most are refused
OBSERVERS = 4  # of the refusals; an answer that is no refusal takes its time
PAUSE = 0.02  # seconds between two questions of an observer
BUDGET = 50  # milliseconds
OVERLOAD = 10  # times what is answered
PRICE, LIVE, READY = "POST /v1/predictions", "GET /health/live", "GET /health/ready"

Times = dict[tuple[str, int], list[float]]


def observe(port: int, question: str, body: bytes, end: float, took: Times) -> None:
    """Ask one thing after the other until the end; keep the milliseconds of each answer by its status."""
    method, path = question.split()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < end:
        began = time.perf_counter()
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        took[question, answer.status].append((time.perf_counter() - began) * 1_000)
        time.sleep(PAUSE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20, help="of the overload")
    parser.add_argument("--connections", type=int, default=64, help="of the client that makes it")
    arguments = parser.parse_args()
    if lacks_wrk():
        return 3
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        model, digest = trained_model(scratch)
        port, probe_port = free_port(), free_port()
        settings = {
            "SERVING_MODEL": str(model),
            "SERVING_MODEL_DIGEST": digest,
            "SERVING_PORT": str(port),
            "SERVING_PROBE_PORT": str(probe_port),
            "SERVING_QUEUE_REQUESTS": str(QUEUE),
            "SERVING_DRAIN_SECONDS": "0",
            "SERVING_ACCESS_LOG": "false",
        }
        command = [sys.executable, "-m", "house_prices.serving"]
        houses = {"houses": [HOUSE] * HOUSES}
        server = Server("lab 02", command, settings, ROOT, port, "/v1/predictions", houses)
        took: Times = defaultdict(list)
        with running(server, scratch):
            wrk = ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "--timeout", "30s"]
            wrk += ["-s", str(request_script(server, scratch)), f"http://127.0.0.1:{port}/v1/predictions"]
            load = subprocess.Popen(wrk, stdout=subprocess.PIPE, text=True)
            time.sleep(1)
            end = time.monotonic() + arguments.seconds - 2
            body = json.dumps({"houses": [HOUSE]}).encode()
            asked_by = [*OBSERVERS * [(port, PRICE, body)], (probe_port, LIVE, b""), (probe_port, READY, b"")]
            with ThreadPoolExecutor(len(asked_by)) as observers:
                for observer in [observers.submit(observe, *each, end, took) for each in asked_by]:
                    observer.result()
            said = load.communicate()[0]
    asked = int(re.findall(r"(\d+) requests in", said)[0])
    refused = int((re.findall(r"Non-2xx or 3xx responses: (\d+)", said) or ["0"])[0])
    answered = asked - refused
    print(f"{asked:,} requests for {HOUSES} houses each, {asked / answered:.1f} times what was answered\n")
    print("| asked | answered with | number | p50, ms | p95 | p99 | slowest |\n|---|--:|--:|--:|--:|--:|--:|")
    for (question, status), each in sorted(took.items()):
        shown = [share_of(each, share) for share in (0.5, 0.95, 0.99, 1)]
        print(f"| {question} | {status} | {len(each)} |", *(f"{value:.1f} |" for value in shown))
    return judge([Target("asked, times what was answered", asked / answered, least=OVERLOAD), *targets_of(took)])


def share_of(times: list[float], share: float) -> float:
    """Return the time within which this share of them stayed; NaN where there are none."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)] if times else math.nan


def targets_of(took: Times) -> Iterator[Target]:
    """Give what is promised of refusals and probes, and that there is no other answer but prices."""
    promised = [(PRICE, 503), (LIVE, 200), (READY, 200)]
    odd = took.keys() - {(PRICE, 200), *promised}
    yield Target("other answers", sum(len(took[each]) for each in odd), most=0)
    for question, status in promised:
        for figure, share in (("median", 0.5), ("p99", 0.99), ("slowest", 1)):
            milliseconds = share_of(took[question, status], share)
            yield Target(f"{question}, {status}, {figure}, ms", milliseconds, most=BUDGET)


if __name__ == "__main__":
    sys.exit(main())
