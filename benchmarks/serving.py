"""Lab 02's service beside what one would pick instead, in one run: `python benchmarks/serving.py`, in a set-up clone.

The same model, one house a request, on loopback, `wrk` as the client (Debian: apt install wrk, macOS: brew install
wrk), each server with as many processes as there are cores. Prints a Markdown table: requests a second at 64
connections, and the times at 64 and at 1, medians of several rounds in which the servers take turns, after a warm-up
that does not count. Then a line for each target, of those whose servers were all measured; ends with 1 if one is missed
or a request has failed.
MLflow's server and MLServer live in environments of their own, which uv makes from the locks beside this file.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from targets import Target, judge

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PRODUCT = ROOT / "labs" / "01_ml_basics"
PROCESSES = str(os.cpu_count() or 1)
OURS, MLSERVER, MLFLOW = "lab 02", "MLServer 1.7.1, adaptive batching", "mlflow models serve 3.17"
HOUSE = {
    "area": 44,
    "use_type": "sfr",
    "lot_sf": 4800,
    "wfnt": 0,
    "bldg_grade": 7,
    "tot_sf": 1680,
    "beds": 3,
    "baths": 1.75,
    "age": 64,
    "eff_age": 60,
    "longitude": -122.29,
    "latitude": 47.55,
}
DATATYPES = {str: "BYTES", int: "INT64", float: "FP64"}
TENSORS = [
    {"name": name, "shape": [1, 1], "datatype": DATATYPES[type(value)], "data": [value]}
    for name, value in HOUSE.items()
]

MLFLOW_MODEL = """
import sys
from pathlib import Path
import mlflow.pyfunc
from house_prices.model.model_file import load_model

class House(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        folder = Path(context.artifacts["model"])
        self.model = load_model(folder, {context.model_config["digest"]}).model
    def predict(self, context, model_input, params=None):
        return self.model.predict(model_input)

mlflow.pyfunc.save_model(
    sys.argv[1], python_model=House(), artifacts={"model": sys.argv[2]}, model_config={"digest": sys.argv[3]},
    pip_requirements=[],
)
"""

MLSERVER_MODEL = """
from pathlib import Path
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceResponse
from house_prices.model.model_file import load_model

class House(MLModel):
    async def load(self):
        told = self.settings.parameters.extra
        self.model = load_model(Path(told["folder"]), {told["digest"]}).model
        return True
    async def predict(self, payload):
        houses = PandasCodec.decode_request(payload)
        houses["use_type"] = houses["use_type"].map(lambda v: v.decode() if isinstance(v, bytes) else v)
        prices = self.model.predict(houses)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("price", prices)])
"""


@dataclass(frozen=True)
class Server:
    """A server to measure: its command, and the request that it understands."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    port: int
    path: str
    body: dict[str, Any]


class Figures(NamedTuple):
    """What one round has shown of a server, or their medians: times are in milliseconds, ``failed`` counts requests."""

    rate: float
    p50: float
    p99: float
    p50_alone: float
    p99_alone: float
    failed: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="that the figures are medians of")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--only", nargs="*", default=[], help="measure those whose names begin so")
    arguments = parser.parse_args()
    if lacks_wrk():
        return 3
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        servers = [s for s in _servers(scratch) if s.name.startswith(tuple(arguments.only or [""]))]
        measured: dict[str, list[Figures]] = {server.name: [] for server in servers}
        for number in range(arguments.rounds):
            for server in servers:
                with running(server, scratch):
                    script = request_script(server, scratch)
                    _wrk(server, script, 64, 3)
                    rate, p50, p99, failed = _wrk(server, script, 64, arguments.seconds)
                    _, p50_alone, p99_alone, failed_alone = _wrk(server, script, 1, arguments.seconds)
                    figures = Figures(rate, p50, p99, p50_alone, p99_alone, failed + failed_alone)
                    measured[server.name].append(figures)
                print(f"round {number + 1} {server.name}: {measured[server.name][-1]}", file=sys.stderr)
    medians = {server_name: median(rounds) for server_name, rounds in measured.items()}
    print("| server | requests/s at 64 | p50, ms | p99, ms | p50 at 1, ms | p99 at 1, ms | failed |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for server_name, (*columns, failed) in medians.items():
        print(f"| {server_name} |", *(f"{value:,.1f} |" for value in columns), f"{failed} |")
    return judge(targets_of(medians))


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure, and all that has failed."""
    *columns, failed = zip(*rounds, strict=True)
    return Figures(*(statistics.median(column) for column in columns), sum(failed))


def targets_of(medians: dict[str, Figures]) -> Iterator[Target]:
    """Give what can be said of those that were measured."""
    for name, figures in medians.items():
        # What has failed was answered sooner than a price, or not at all: the figures beside it are worth nothing.
        yield Target(f"{name}: requests that failed", figures.failed, most=0)
    ours, mlserver, mlflow = (medians.get(name) for name in (OURS, MLSERVER, MLFLOW))
    if ours and mlflow:
        yield Target("requests/s at 64, times those of mlflow models serve", ours.rate / mlflow.rate, least=10)
    if ours and mlserver:
        yield Target("requests/s at 64, times those of MLServer", ours.rate / mlserver.rate, least=2)
        yield Target("p99 at 64, of that of MLServer", ours.p99 / mlserver.p99, most=0.5)
    if ours and mlflow:
        # Where the machine is too slow for 3 ms, a third of what mlflow takes on it will do.
        name = f"p50 at 1, ms, {ours.p50_alone / mlflow.p50_alone:.2f} of that of mlflow models serve"
        yield Target(name, ours.p50_alone, most=max(3, mlflow.p50_alone / 3))


def lacks_wrk() -> bool:
    """Say whether the client is missing, and on stderr how to get it."""
    if shutil.which("wrk"):
        return False
    print("wrk is missing: apt install wrk, or brew install wrk", file=sys.stderr)
    return True


def _servers(scratch: Path) -> list[Server]:
    model, digest = trained_model(scratch)
    ports = [free_port() for _ in range(7)]
    own = {
        "SERVING_MODEL": str(model),
        "SERVING_MODEL_DIGEST": digest,
        "SERVING_PORT": str(ports[0]),
        "SERVING_PROBE_PORT": str(ports[1]),
        "SERVING_WORKERS": PROCESSES,
        "SERVING_DRAIN_SECONDS": "0",
        "SERVING_ACCESS_LOG": "false",  # MLServer writes no line for each request either
    }
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "PYTHONPATH": str(PRODUCT)}
    mlflow = _environment("serving_mlflow.txt")
    (scratch / "save.py").write_text(MLFLOW_MODEL)
    save = [*mlflow, "python", str(scratch / "save.py"), str(scratch / "mlflow"), str(model), digest]
    subprocess.run(save, env=os.environ | quiet, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
    served = ["--env-manager", "local", "--workers", PROCESSES, "--host", "127.0.0.1", "--port", str(ports[2])]
    return [
        Server(
            OURS, [sys.executable, "-m", "house_prices.serving"], own, ROOT, ports[0], "/v1/predictions",
            {"houses": [HOUSE]},
        ),
        Server(
            MLSERVER, [*_environment("serving_mlserver.txt"), "mlserver", "start", "."],
            quiet, _mlserver_folder(scratch, model, digest, ports[3:]), ports[3], "/v2/models/house/infer",
            {"inputs": TENSORS},
        ),
        Server(
            MLFLOW, [*mlflow, "mlflow", "models", "serve", "-m", str(scratch / "mlflow"), *served],
            quiet, scratch, ports[2], "/invocations",
            {"dataframe_split": {"columns": list(HOUSE), "data": [list(HOUSE.values())]}},
        ),
    ]  # fmt: skip


def trained_model(scratch: Path) -> tuple[Path, str]:
    """Train lab 01's model and return its folder and digest."""
    folder, known = scratch / "model", scratch / "known.json"
    train = [sys.executable, "-m", "house_prices.model", "train", "--out", str(folder), "--known", str(known)]
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    (digest,) = json.loads(known.read_text())
    return folder, digest


def _mlserver_folder(scratch: Path, model: Path, digest: str, ports: list[int]) -> Path:
    folder = scratch / "mlserver"
    folder.mkdir()
    (folder / "house.py").write_text(MLSERVER_MODEL)
    settings = {
        "host": "127.0.0.1",
        "http_port": ports[0],
        "grpc_port": ports[1],
        "metrics_port": ports[2],
        "parallel_workers": int(PROCESSES),
        "debug": False,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    extra = {"folder": str(model), "digest": digest}
    of_model = {
        "name": "house",
        "implementation": "house.House",
        "max_batch_size": 64,
        "max_batch_time": 0.005,
        "parameters": {"extra": extra},
    }
    (folder / "model-settings.json").write_text(json.dumps(of_model))
    return folder


def _environment(lock: str) -> list[str]:
    """Return the beginning of a command that runs in an environment made from a lock."""
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    return [*uv, "--with-requirements", str(HERE / lock)]


@contextlib.contextmanager
def running(server: Server, scratch: Path) -> Iterator[None]:
    """Start a server in a session of its own, wait until it answers 200, and end all of it afterwards."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | server.environment
    with (scratch / "server.log").open("w") as log:
        process = subprocess.Popen(
            server.command, env=environment, cwd=server.folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                request = urllib.request.Request(
                    f"http://127.0.0.1:{server.port}{server.path}",
                    json.dumps(server.body).encode(),
                    {"Content-Type": "application/json"},
                )
                if urllib.request.urlopen(request, timeout=5).status == 200:
                    break
            if process.poll() is not None:
                raise SystemExit(f"{server.name} ended: {(scratch / 'server.log').read_text()[-2000:]}")
            time.sleep(0.2)
        else:
            raise SystemExit(f"{server.name} does not answer: {(scratch / 'server.log').read_text()[-2000:]}")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def request_script(server: Server, scratch: Path) -> Path:
    path = scratch / "request.lua"
    path.write_text(
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [==[{json.dumps(server.body)}]==]\n"
    )
    return path


def _wrk(server: Server, script: Path, connections: int, seconds: int) -> tuple[float, float, float, int]:
    """Return requests a second, the median and the 99th percentile of their milliseconds, and how many have failed."""
    address = f"http://127.0.0.1:{server.port}{server.path}"
    # wrk leaves out of its percentiles what takes longer than its timeout, so nothing may.
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{seconds + 1}s", "--latency"]
    text = subprocess.run([*command, "-s", str(script), address], check=True, capture_output=True, text=True).stdout
    complaints = re.findall(r"(?m)^ *(?:Non-2xx or 3xx responses|Socket errors): (.*)", text)
    failed = sum(int(number) for complaint in complaints for number in re.findall(r"\d+", complaint))
    rate = float(re.findall(r"Requests/sec: +([\d.]+)", text)[0])
    return rate, _milliseconds(text, "50%"), _milliseconds(text, "99%"), failed


def _milliseconds(text: str, percentile: str) -> float:
    found = re.findall(rf"(?m)^ +{percentile} +([\d.]+)(us|ms|s) *$", text)
    if not found:
        return float("nan")  # a server that warms up may answer nobody in these seconds
    value, unit = found[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1_000.0}[unit]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
