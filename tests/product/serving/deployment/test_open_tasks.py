"""An open task is told by its own words, wherever it was met, and whatever else went wrong because of it."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.serving.deployment import building, tour
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.manifests import render
from house_prices.serving.deployment.open_tasks import stop_if_left, stop_if_raised, stopping_if_raised

TITLE = 'a "queue" with an end'
WORDS = f"Task 2.5: {TITLE}"
RAISED = f"NotImplementedError: {WORDS}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.touch()
    return path


def as_json(trace: object) -> str:
    return json.dumps({"level": "ERROR", "message": "unexpected", "exc_info": trace})


@pytest.mark.parametrize(
    "line",
    [
        RAISED,
        f"Traceback\n  File x\n{RAISED}\nmore",
        as_json(f"Traceback\n{RAISED}"),
        as_json(f"{RAISED}\n\nDuring handling of the above exception, another one occurred:\nKeyError: 1"),
    ],
)
def test_what_a_process_raises_is_raised_again(log: Path, line: str) -> None:
    log.write_text(f"starting\n{line}\n")
    with pytest.raises(NotImplementedError) as raised:
        stop_if_raised(log)
    assert str(raised.value) == WORDS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all is well\n",
        "NotImplementedError: a base class\n",
        f"# {WORDS}\n",
        "[1]\n",
        as_json(None),
        as_json("ValueError: Task 2.5: x"),
    ],
)
def test_nothing_else_is_taken_for_it(log: Path, text: str) -> None:
    log.write_text(text)
    stop_if_raised(log)


def test_bytes_that_are_no_text_are_no_obstacle(log: Path) -> None:
    log.write_bytes(b"\xff\n" + RAISED.encode())
    with pytest.raises(NotImplementedError):
        stop_if_raised(log)


def fail() -> None:
    raise KeyError("errors")


@pytest.mark.parametrize("act", [fail, lambda: None])
def test_at_the_end_of_a_block_it_is_looked_for(log: Path, act: Callable[[], None]) -> None:
    log.write_text(RAISED)
    with pytest.raises(NotImplementedError), stopping_if_raised(log):
        act()


def test_what_fails_without_an_open_task_stays_what_it_was(log: Path) -> None:
    with pytest.raises(KeyError), stopping_if_raised(log):
        fail()
    with stopping_if_raised(log):
        pass


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        (f"a: 1\n    # {WORDS}\nb: 2\n", True),
        (f"# {WORDS}\r\n", True),
        (f"# TASK 2.5: {TITLE}\na: 1\n# END TASK 2.5\n", False),
        (f"a: 1  # {WORDS}\n", False),
    ],
)
def test_a_file_is_open_where_its_mark_is_left(log: Path, text: str, is_open: bool) -> None:
    log.write_bytes(text.encode())
    if is_open:
        with pytest.raises(NotImplementedError) as raised:
            stop_if_left(log)
        assert str(raised.value) == WORDS
    else:
        stop_if_left(log, log)


def test_nothing_is_built_from_an_open_dockerfile(tmp_path: Path) -> None:
    dockerfile = tmp_path / building.DOCKERFILE
    dockerfile.parent.mkdir(parents=True)
    dockerfile.write_text(f"FROM x\n# {WORDS}\n")
    with pytest.raises(NotImplementedError, match=r"Task 2\.5"):
        building.build("x", Path("model"), "0" * 64, tmp_path / "log", root=tmp_path)
    assert not (tmp_path / "log").exists()


def test_nothing_is_rendered_from_an_open_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "k8s/base/deployment.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(f"a: 1\n# {WORDS}\n")
    untouched: Any = SimpleNamespace()
    with pytest.raises(NotImplementedError, match=r"Task 2\.5"):
        render(untouched, tmp_path / "k8s/overlays/local", "x", "y")


def test_the_tour_stops_at_it_after_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def met(say: Callable[[str], None], log: Path) -> None:
        say("ready")
        with stopping_if_raised(log):
            log.write_text(RAISED)
            raise DeploymentError("the service answered 500")

    def never(say: Callable[[str], None]) -> None:
        raise AssertionError("the tour goes on")

    monkeypatch.setattr(tour, "_model", lambda say: None)
    monkeypatch.setattr(tour, "_process", met)
    monkeypatch.setattr(tour, "_container", never)
    lines: list[str] = []
    with pytest.raises(NotImplementedError, match=r"Task 2\.5"):
        tour.tour(tmp_path, lines.append)
    _, part = json.loads((tmp_path / "report.json").read_text())
    assert (part["outcome"], part["seen"]) == ("stopped", ["ready", f"open: {WORDS}"])
    assert "## The service, as a process: stopped" in (tmp_path / "report.md").read_text()
