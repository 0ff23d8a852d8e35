"""How soon lab 02's service refuses and its probes answer under overload: `python benchmarks/overload.py`.

In a set-up clone. `wrk` asks one process of the service for the prices of many houses, over many connections. Meanwhile
a few observers, each with one connection and one question at a time, ask for a price or after the health: their times
are not those of a client that is overloaded itself. Prints a Markdown table.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from serving import HOUSE, ROOT, Server, free_port, lacks_wrk, request_script, running, trained_model

HOUSES = 100  # in a request: so much work that to refuse it is cheap beside it
QUEUE = 16  # requests: short, so that most are refused
OBSERVERS = 4  # of the refusals; an answer that is no refusal takes its time
PAUSE = 0.02  # seconds between two questions of an observer
BUDGET = 50  # milliseconds

Times = dict[str, list[float]]


def observe(port: int, method: str, path: str, body: bytes, end: float, took: Times) -> None:
    """Ask one thing after the other until the end; keep the milliseconds of each answer by its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < end:
        began = time.perf_counter()
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        took[f"{method} {path}, {answer.status}"].append((time.perf_counter() - began) * 1_000)
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
            observers = [
                threading.Thread(target=observe, args=asked)
                for asked in (
                    *OBSERVERS * [(port, "POST", "/v1/predictions", body, end, took)],
                    (probe_port, "GET", "/health/ready", b"", end, took),
                )
            ]
            for each in observers:
                each.start()
            for each in observers:
                each.join()
            said = load.communicate()[0]
    asked = int(re.findall(r"(\d+) requests in", said)[0])
    refused = int((re.findall(r"Non-2xx or 3xx responses: (\d+)", said) or ["0"])[0])
    answered = asked - refused
    print(f"{asked:,} requests for {HOUSES} houses each, {asked / answered:.1f} times what was answered\n")
    print("| asked, and answered with | number | p50, ms | p95 | p99 | slowest | budget |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, each in sorted(took.items()):
        ordered = sorted(each)
        shown = [ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99)] + [ordered[-1]]
        budget = "" if name.endswith("200") and name.startswith("POST") else f"{BUDGET}"
        print(f"| {name} | {len(ordered)} |", *(f"{value:.1f} |" for value in shown), f"{budget} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
