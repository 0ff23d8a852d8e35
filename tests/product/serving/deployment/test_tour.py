"""The tour judges what it sees: it fails where the service does not behave, or where a drill loses a request."""

import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from house_prices.serving.deployment import building, cli, engine, tour
from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.drills import Drill
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.load import Counts, Failure
from house_prices.serving.deployment.manifests import NAMESPACE

STAND_IN = Path(__file__).with_name("service_stand_in.py")


def go_to_the_process(monkeypatch: pytest.MonkeyPatch, folder: Path, **behaviour: object) -> list[str]:
    monkeypatch.setattr(tour, "SERVICE", [sys.executable, str(STAND_IN), json.dumps(behaviour)])
    lines: list[str] = []
    tour._process(lines.append, folder / "service.log")
    return lines


def test_a_process_that_behaves_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = go_to_the_process(monkeypatch, tmp_path)
    assert "a castle of -1,680 square feet: 422" in lines
    assert lines[-1] == "it has ended with code 0"


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ({"castle": 200}, "that is 200, and should be 422"),
        ({"leaving": 200}, "that is (200, 200, 'close'), and should be (503, 200, 'close')"),
        ({"late": 503}, "that is (503, 503, 'close'), and should be"),
        ({"connection": "keep-alive"}, "that is (503, 200, 'keep-alive'), and should be"),
        ({"code": 3}, "that is 3, and should be 0"),
    ],
)
def test_a_process_that_does_not_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: dict[str, object], told: str
) -> None:
    with pytest.raises(DeploymentError) as failure:
        go_to_the_process(monkeypatch, tmp_path, **behaviour)
    assert told in str(failure.value)
    assert str(failure.value).endswith(f": look at {tmp_path / 'service.log'}")


DRILLS = ("roll_out", "undo", "scale", "break_release")


def counts(*failed: Failure) -> Counts:
    return Counts(sent=600, failed=failed, seconds=20.0, slowest=0.1, latest=0.0)


@pytest.fixture
def go_to_the_cluster(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The part on the cluster, with stand-ins for all that it calls; one of its drills may lose requests."""

    def go(loses: str = "", deployed: bool = False) -> list[str]:
        lost = counts(Failure(2.0, "503 too late")), counts(Failure(1.0, "connection reset"))
        drills = {
            name: lambda *_, name=name: Drill(name, 20.0, *(lost if name == loses else (counts(), counts())))
            for name in DRILLS
        }
        monkeypatch.setattr(tour, "Drills", lambda *_, **__: SimpleNamespace(**drills))
        namespaces = SimpleNamespace(items=[NAMESPACE] * deployed)
        monkeypatch.setattr(Cluster, "core", SimpleNamespace(list_namespace=lambda **_: namespaces))
        lines: list[str] = []
        tour._on_cluster(lines.append)
        return lines

    monkeypatch.setattr(tour, "local_cluster", lambda: Cluster("minikube", "https://127.0.0.1:6443"))
    monkeypatch.setattr(tour, "reachable", lambda cluster: nullcontext("http://127.0.0.1:30080"))
    monkeypatch.setattr(tour, "_version", lambda url: "2011.12")
    monkeypatch.setattr(tour, "_clean_up", lambda cluster, say: say("removed"))
    for name in ("render", "apply", "load_images", "save_newer_model", "wait_for_rollout"):
        monkeypatch.setattr(tour, name, lambda *_: None)
    for module, name in ((building, "build"), (engine, "image_id")):
        monkeypatch.setattr(module, name, lambda *_: None)
    return go


def test_drills_that_lose_nothing_pass(go_to_the_cluster: Callable[..., list[str]]) -> None:
    lines = go_to_the_cluster()
    assert [line.split(":")[0] for line in lines if "requests meanwhile, 0 failed" in line] == list(DRILLS)
    assert lines[-1] == "removed"


def test_a_service_that_somebody_has_deployed_is_left_alone(go_to_the_cluster: Callable[..., list[str]]) -> None:
    with pytest.raises(NotRun, match="something is deployed to minikube already"):
        go_to_the_cluster(deployed=True)


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_that_loses_requests_fails(go_to_the_cluster: Callable[..., list[str]], name: str) -> None:
    with pytest.raises(DeploymentError) as failure:
        go_to_the_cluster(loses=name)
    assert f"{name}: 2 of 1,200 requests were lost, and none may be; the first: connection reset." in str(failure.value)
    assert "Look at how pods are replaced (2.9, k8s/base/deployment.yaml)" in str(failure.value)


def test_a_part_that_failed_is_told_in_the_report_and_by_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(say: Callable[[str], None], **_: Any) -> None:
        say("2 failed")
        raise DeploymentError("2 requests were lost: look there")

    monkeypatch.setattr(tour, "_model", lambda say: None)
    monkeypatch.setattr(tour, "_process", fail)
    result = CliRunner().invoke(cli.app, ["tour", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert str(result.exception).splitlines() == [
        "The service, as a process: failed: 2 requests were lost: look there",
        f"  what was seen so far is in {tmp_path / 'report.md'}",
    ]
    report = (tmp_path / "report.md").read_text()
    assert "## The service, as a process: failed (0 s)" in report
    assert "2 requests were lost: look there" in report
