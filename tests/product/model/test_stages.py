"""The whole run of lab 01, on the real sales."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from house_prices.model import complexity, stages
from house_prices.model.features import FEATURES
from house_prices.model.model_file import KnownModels, load_model
from house_prices.model.sales import load_seattle
from house_prices.model.stages import STAGES, run

# One process for all of them: what they look at is half a minute's work.
pytestmark = pytest.mark.xdist_group("stages")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that `train` was called in, and what it printed."""
    folder = tmp_path_factory.mktemp("lab")
    command = [sys.executable, "-W", "error", "-m", "house_prices.model", "train"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout


@pytest.fixture(scope="module")
def metrics(ran: tuple[Path, str]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ran[0] / "artifacts/lab-01/metrics.json").read_text())
    return read


ERROR = "median_absolute_percentage_error"


def test_it_leaves_what_the_lab_promises(ran: tuple[Path, str]) -> None:
    folder = ran[0] / "artifacts/lab-01"
    names = {"model.skops", "manifest.json", "model_card.md", "metrics.json", "report.html", "plots"}
    assert {file.name for file in folder.iterdir()} == names
    assert len(list((folder / "plots").glob("*.png"))) == 10


def test_each_stage_is_told_in_its_order(ran: tuple[Path, str]) -> None:
    lines = [line for line in ran[1].splitlines() if line.startswith("✓")]
    assert len(lines) == len(STAGES) + 1
    for number, (line, name) in enumerate(zip(lines[1:], STAGES, strict=True), start=1):
        assert line.startswith(f"✓ {number}/{len(STAGES)}  {name}")


def test_the_summary_sets_the_flattering_figure_beside_the_honest_one(ran: tuple[Path, str]) -> None:
    said = ran[1]
    assert "2010, its own sales   7.1 %" in said
    assert "11.8 %    18.0 %" in said
    rows = [line.split()[0] for line in said.splitlines() if " %" in line]
    assert rows == ["2010", "2010", *["2010–2011"] * 5]
    assert "2010–2011   2016                 36.9 %    37.4 %  same model, the market moved\n" in said
    assert "artifacts/lab-01/report.html" in said


def test_the_figures_are_those_that_the_readme_tells(metrics: dict[str, Any]) -> None:
    by_year = {row["segment"]: row[ERROR] for row in metrics["by_year"]}
    expected = {2012: 0.111, 2013: 0.147, 2014: 0.207, 2015: 0.290, 2016: 0.369}
    assert {year: by_year[year] for year in expected} == pytest.approx(expected, abs=0.002)
    assert metrics["max_leaf_nodes"] == 31


def test_the_model_is_known_on_this_machine_and_predicts_what_was_reported(
    ran: tuple[Path, str], metrics: dict[str, Any]
) -> None:
    folder = ran[0] / "artifacts"
    loaded = load_model(folder / "lab-01", KnownModels(folder / "known-models.json").digests())
    assert loaded.manifest.version == "2011.12"
    sales = load_seattle()
    year = sales[sales["sale_date"].dt.year == 2012]
    off = np.abs(loaded.model.predict(year[list(FEATURES)]) - year["sale_price"]) / year["sale_price"]
    reported = metrics["champion"]["later"][ERROR]["value"]
    assert np.median(off) == pytest.approx(reported, rel=1e-12)
    assert loaded.manifest.metrics["2012"][ERROR].value == reported
    assert loaded.manifest.parameters["max_leaf_nodes"] == metrics["max_leaf_nodes"]


def test_a_complexity_that_numpy_counted_becomes_a_number_that_json_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Enough(Exception):
        pass

    def train_and_ask(*_: Any, leaves: int, **__: Any) -> None:
        raise Enough(json.dumps(leaves))

    monkeypatch.setattr(complexity, "validation_curve", lambda *_, **__: None)
    monkeypatch.setattr(complexity, "choose_complexity", lambda _: np.int64(8))
    monkeypatch.setattr(stages, "_train_and_ask", train_and_ask)
    with pytest.raises(Enough, match=r"^8$"):
        run(tmp_path, KnownModels(tmp_path / "known.json"))
