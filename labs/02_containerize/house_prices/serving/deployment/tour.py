"""The whole of lab 02: from lab 01's model file to a service that is changed on a cluster while others use it.

What this machine has no engine or no cluster for is not run, and said to be so with the remedy; the rest is.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import urllib3

from house_prices.model.errors import HousePricesError
from house_prices.model.model_file import KnownModels, RefusedModel, load_model
from house_prices.serving.deployment import building, engine
from house_prices.serving.deployment.address import reachable
from house_prices.serving.deployment.context import Cluster, local_cluster
from house_prices.serving.deployment.drills import Drill, Drills
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.images import load_images
from house_prices.serving.deployment.load import HOUSE, PATH
from house_prices.serving.deployment.manifests import LOCAL, apply, render
from house_prices.serving.deployment.newer_model import save_newer_model
from house_prices.serving.deployment.open_tasks import stop_if_raised, stopping_if_raised
from house_prices.serving.deployment.removal import remove_from_cluster, remove_from_docker, require_nothing_deployed
from house_prices.serving.deployment.rollout import wait_for_rollout

Tell = Callable[[str], None]

MODEL = Path("artifacts/lab-01")
NEWER_MODEL = Path("artifacts/lab-02/model-2012")
KNOWN_MODELS = Path("artifacts/known-models.json")
FIRST, SECOND = "house-prices:v1", "house-prices:v2"
SERVICE = [sys.executable, "-m", "house_prices.serving"]
REQUESTS_A_SECOND = 50.0


@dataclass
class Part:
    """One part of the tour.

    Attributes
    ----------
    name : of it.
    outcome : ``done``, ``not run``, ``failed``, or ``stopped`` at an open task.
    lines : what was seen, one after the other.
    seconds : it took.
    """

    name: str
    outcome: str = "done"
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0


def tour(folder: Path, tell: Tell) -> list[Part]:
    """Go through all parts, write ``report.md`` and ``report.json`` into a folder, and return them.

    Parameters
    ----------
    tell : gets each line as it comes.

    Raises
    ------
    NotImplementedError : it came to a task that is open; what was seen before is in the report.
    """
    parts = []
    stopped: NotImplementedError | None = None
    for name, visit in (
        ("The model of lab 01", _model),
        ("The service, as a process", partial(_process, log=folder / "service.log")),
        ("The service, as a container", _container),
        ("The service, on a cluster", _on_cluster),
    ):
        part = Part(name)
        tell(f"\n{name}")
        begun = time.monotonic()

        def say(line: str, part: Part = part) -> None:
            part.lines.append(line)
            tell(f"  {line}")

        try:
            visit(say)
        except NotRun as error:
            part.outcome = "not run"
            say(str(error))
        except (HousePricesError, urllib3.exceptions.HTTPError) as error:
            part.outcome = "failed"
            say(str(error))
        except NotImplementedError as error:
            part.outcome, stopped = "stopped", error
            say(f"open: {error}")
        part.seconds = time.monotonic() - begun
        parts.append(part)
        if part.outcome in ("failed", "stopped"):
            break
    _report(folder, parts)
    if stopped:
        raise stopped
    return parts


def _model(say: Tell) -> None:
    """Make sure that lab 01's model is there and can be loaded; train it where it is not."""
    known = KnownModels(KNOWN_MODELS)
    try:
        loaded = load_model(MODEL, known.digests())
    except RefusedModel:
        say("it is not there, or not known here: training it as lab 01 does")
        from house_prices.model.stages import run

        run(MODEL, known)
        loaded = load_model(MODEL, known.digests())
    manifest = loaded.manifest
    say(f"{manifest.name} {manifest.version}, {manifest.training.sales:,} sales, digest {loaded.digest[:12]}…")


def _process(say: Tell, log: Path) -> None:
    """Start the service here, ask it well and badly, and tell it to end.

    Parameters
    ----------
    log : gets what it prints.

    Raises
    ------
    DeploymentError : it did not answer, or did not end, as it has to.
    """
    port, probe_port = _free_port(), _free_port()
    url, probes = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{probe_port}"
    own = {"SERVING_PORT": str(port), "SERVING_PROBE_PORT": str(probe_port), "SERVING_DRAIN_SECONDS": "1"}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said, stopping_if_raised(log), _started(own, said) as process:
        begun = time.monotonic()
        _wait_until_ready(probes, process, log)
        say(f"ready after {time.monotonic() - begun:.1f} s at {url}")
        _ask(url, say)
        wrong = _post(url, {"houses": [HOUSE | {"tot_sf": -1680, "use_type": "castle"}]})
        say(f"a castle of -1,680 square feet: {wrong.status}")
        _expect(wrong.status, 422, log)
        for error in wrong.json()["errors"]:
            say(f"  {error['pointer']}: {error['detail']}, got {error['got']}")
        alone, many = (_milliseconds(url, houses) for houses in (1, 64))
        say(f"1 house takes {alone:.1f} ms, 64 in one request {many:.1f} ms: so what waits together is asked together")
        process.send_signal(signal.SIGTERM)
        ready = _once_it_leaves(probes)
        late = _post(url, {"houses": [HOUSE]})
        connection = late.headers.get("Connection")
        say(
            f"told to end: ready answers {ready.status} ({ready.data.decode().strip()}), a request that still comes "
            f"{late.status}, with Connection: {connection}"
        )
        _expect((ready.status, late.status, connection), (503, 200, "close"), log)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired as error:
            raise DeploymentError(f"it was told to end 30 s ago, and still runs: look at {log}") from error
        say(f"it has ended with code {code}")
        _expect(code, 0, log)


def _container(say: Tell) -> None:
    """Build the image, run it with nothing that it does not need, and ask it."""
    engine.docker("version", "--format", "{{.Server.Version}}")
    digest = load_model(MODEL, KnownModels(KNOWN_MODELS).digests()).digest
    begun = time.monotonic()
    image = building.build(FIRST, MODEL, digest, Path("artifacts/lab-02/build-v1.log"))
    say(f"{FIRST} built in {time.monotonic() - begun:.0f} s, {image.megabytes:.0f} MB beyond its base")
    with building.running(FIRST) as (url, user):
        say(f"runs as user {user}, read-only, without capabilities, at {url}")
        _ask(url, say)


def _on_cluster(say: Tell) -> None:
    """Deploy, release the next version under load and take it back, scale, release what is broken, and clean up."""
    cluster = local_cluster()
    say(f"cluster {cluster.context} at {cluster.server}")
    require_nothing_deployed(cluster)
    try:
        manifests = render(cluster, LOCAL, FIRST, engine.image_id(FIRST))
        newer = save_newer_model(NEWER_MODEL, KnownModels(KNOWN_MODELS))
        building.build(SECOND, NEWER_MODEL, newer, Path("artifacts/lab-02/build-v2.log"))
        say(f"{SECOND} built: the same code, and a model that knows the sales of 2012 as well")
        load_images(cluster, FIRST, SECOND)
        apply(cluster, manifests)
        wait_for_rollout(cluster, say)
        with reachable(cluster) as url:
            say(f"{FIRST} answers at {url}: version {_version(url)}")
            drills = Drills(cluster, url, lambda line: None, rate=REQUESTS_A_SECOND)
            _drill(drills.roll_out(SECOND), say)
            say(f"  now it is version {_version(url)}")
            _drill(drills.undo(), say)
            say(f"  now it is version {_version(url)} again")
            _drill(drills.scale(4), say)
            _drill(drills.break_release(), say)
    finally:
        _clean_up(cluster, say)


def _clean_up(cluster: Cluster, say: Tell) -> None:
    removed = len(remove_from_cluster(cluster)) + len(remove_from_docker(kinds=("container", "network", "volume")))
    say(f"removed {removed} things that carry the lab's label; none is left (labs undeploy removes the images too)")


def _drill(drill: Drill, say: Tell) -> None:
    sent = drill.new.sent + drill.kept.sent
    say(f"{drill.what}: {drill.seconds:.0f} s, {sent:,} requests meanwhile, {drill.failed} failed")
    for line in drill.seen:
        say(f"  {line}")
    if drill.failed:
        first = min((*drill.new.failed, *drill.kept.failed), key=lambda failure: failure.second)
        raise DeploymentError(
            f"{drill.what}: {drill.failed} of {sent:,} requests were lost, and none may be; the first: {first.reason}. "
            "Look at how pods are replaced (2.9, k8s/base/deployment.yaml) and at how the service ends (2.6)"
        )


def _expect(got: object, wanted: object, log: Path) -> None:
    if got != wanted:
        raise DeploymentError(f"that is {got}, and should be {wanted}: look at {log}")


def _ask(url: str, say: Tell) -> None:
    answer = _post(url, {"houses": [HOUSE]})
    if answer.status != 200:
        raise DeploymentError(f"the service answered {answer.status}: {answer.data.decode()}")
    told = answer.json()
    say(
        f"a house of 1,680 square feet: ${told['predictions'][0]['price']:,.0f}, says {told['model']} {told['version']}"
    )


def _version(url: str) -> str:
    version: str = _post(url, {"houses": [HOUSE]}).json()["version"]
    return version


def _milliseconds(url: str, houses: int) -> float:
    """Return the median time of a request for so many houses, of 30 over one connection."""
    with urllib3.PoolManager() as pool:
        times = []
        for _ in range(30):
            begun = time.perf_counter()
            pool.request("POST", url + PATH, json={"houses": [HOUSE] * houses}, retries=False)
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1_000


def _post(url: str, body: object) -> Any:
    return urllib3.request("POST", url + PATH, json=body, retries=False, timeout=10)


@contextmanager
def _started(environment: dict[str, str], said: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(SERVICE, env=os.environ | environment, stdout=said, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(probes: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        stop_if_raised(log)
        if process.poll() is not None:
            raise DeploymentError(f"the service ended with code {process.returncode}; {log} has its words")
        try:
            if urllib3.request("GET", f"{probes}/health/ready", retries=False, timeout=1).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise DeploymentError(f"the service did not become ready within 30 s; {log} has its words")


def _once_it_leaves(probes: str) -> Any:
    """Return what a service that was told to end says of its readiness, as soon as it has heard, or 3 s later."""
    for _ in range(60):
        answer = urllib3.request("GET", f"{probes}/health/ready", retries=False, timeout=1)
        if answer.status != 200:
            break
        time.sleep(0.05)
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _report(folder: Path, parts: list[Part]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = [
        {"part": part.name, "outcome": part.outcome, "seconds": round(part.seconds, 1), "seen": part.lines}
        for part in parts
    ]
    (folder / "report.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ["# Lab 02, as it went"]
    for part in parts:
        lines += ["", f"## {part.name}: {part.outcome} ({part.seconds:.0f} s)", "", "```"]
        lines += [*part.lines, "```"]
    (folder / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
