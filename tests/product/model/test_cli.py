"""The commands, as a person types them."""

import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from house_prices.model.cli import HOUSE, KNOWN_MODELS, MODEL_FOLDER
from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.features import FEATURES
from house_prices.model.model_file import KnownModels, load_model, save_model
from house_prices.model.sales import load_seattle
from house_prices.model.training import train
from tests.product.model.test_manifest import manifest_of

VALUES = {
    "area": "44", "use_type": "sfr", "tot_sf": "1680", "lot_sf": "4800", "bldg_grade": "7", "beds": "3",
    "baths": "1.75", "age": "64", "eff_age": "60", "wfnt": "0", "longitude": "-122.29", "latitude": "47.55",
}  # fmt: skip
WORDS = [f"{name}={value}" for name, value in VALUES.items()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a model was trained."""
    folder = tmp_path_factory.mktemp("place")
    sales = load_seattle().iloc[:1_500]
    digest = save_model(folder / MODEL_FOLDER, train(sales, max_iter=10), manifest_of(sales))
    KnownModels(folder / KNOWN_MODELS).add(digest, "for these tests")
    return folder


def run(folder: Path, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "house_prices.model", *words]
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60, check=False)


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_one_house_is_priced_as_by_the_model_itself(place: Path) -> None:
    done = run(place, "predict", "--json", *WORDS)
    assert done.returncode == 0, done.stderr
    loaded = load_model(place / MODEL_FOLDER, KnownModels(place / KNOWN_MODELS).digests())
    import pandas as pd

    house = pd.DataFrame([{name: value if name == "use_type" else float(value) for name, value in VALUES.items()}])
    assert json.loads(done.stdout) == {
        "predicted_price": loaded.model.predict(house[list(FEATURES)])[0],
        "notes": [],
        "model": "house-prices 2012.12",
    }


def test_a_person_sees_dollars_and_what_the_model_does_not_know(place: Path) -> None:
    done = run(place, "predict", *[word.replace("area=44", "area=23") for word in WORDS])
    assert done.stdout.startswith("$")
    assert "area 23 was not in the training data" in done.stderr
    assert "as of 2012-12-31, in dollars of that time" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([*WORDS[:-1], "latitude=x"], 1, "latitude: got 'x', wanted a number from 47.0 to 47.8 (degrees)"),
        (WORDS[1:], 1, "area: got nothing, wanted a whole number from 1 to 999"),
        ([*WORDS, "area=6"], 1, "area is given twice"),
        ([*WORDS, "colour=red"], 1, "'colour=red' is not of the form NAME=VALUE with one of the names age, area"),
        ([], 2, "describe one house as NAME=VALUE"),
        ([*WORDS, "--csv", "x.csv"], 2, "describe one house as NAME=VALUE"),
        ([*WORDS, "--out", "x.csv"], 2, "--json goes with one house"),
        (["--csv", "missing.csv"], 1, "missing.csv"),
        (["--csv", "x.csv", "--out", "y.csv", "--rejected", "./y.csv"], 2, "--out and --rejected name the same file"),
        ([*WORDS, "--digest", "ab" * 32], 1, "nobody has vouched for this model"),
        ([*WORDS, "--model", "elsewhere"], 1, "elsewhere/manifest.json is missing"),
    ],
)
def test_what_cannot_be_priced_is_told_in_words(place: Path, words: list[str], code: int, message: str) -> None:
    done = run(place, "predict", *words)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_is_priced_row_by_row_and_bad_rows_are_listed(place: Path, tmp_path: Path) -> None:
    houses = write(
        tmp_path / "houses.csv", [VALUES | {"id": "a"}, VALUES | {"id": "b", "tot_sf": "-5"}, VALUES | {"id": "c"}]
    )
    out, rejected = tmp_path / "priced.csv", tmp_path / "rejected.csv"
    done = run(place, "predict", "--csv", str(houses), "--out", str(out), "--rejected", str(rejected))
    assert done.returncode == 1
    assert done.stderr == "2 priced, 1 refused\n"
    assert done.stdout == ""
    assert [row["id"] for row in csv.DictReader(out.read_text().splitlines())] == ["a", "c"]
    (bad,) = csv.DictReader(rejected.read_text().splitlines())
    assert (bad["row"], bad["column"], bad["value"]) == ("2", "tot_sf", "-5")


def test_a_pipe_goes_in_and_out(place: Path, tmp_path: Path) -> None:
    houses = write(tmp_path / "houses.csv", [VALUES] * 3)
    done = run(place, "predict", "--csv", "-", text=houses.read_text())
    assert done.returncode == 0
    assert len(list(csv.DictReader(done.stdout.splitlines()))) == 3
    assert run(place, "predict", "--csv", "-", text="\ufeff" + houses.read_text()).stdout == done.stdout
    packed = tmp_path / "houses.csv.gz"
    packed.write_bytes(gzip.compress(houses.read_bytes()))
    assert run(place, "predict", "--csv", str(packed)).stdout == done.stdout


def test_a_reader_that_leaves_early_ends_it_quietly(place: Path, tmp_path: Path) -> None:
    houses = write(tmp_path / "houses.csv", [VALUES] * 20_000)
    command = [sys.executable, "-m", "house_prices.model", "predict", "--csv", str(houses)]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode == 1


def test_a_full_disk_is_told_in_words(place: Path, tmp_path: Path) -> None:
    houses = write(tmp_path / "houses.csv", [VALUES] * 3)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "house_prices.model", "predict", "--csv", str(houses)]
        done = subprocess.run(
            command, cwd=place, env=buffered, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "no space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_behind_labs_it_goes_by_that_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_PROGRAM", "labs")
    assert "Usage: labs predict [OPTIONS]" in run(place, "predict", "--help").stdout
    assert "Try 'labs predict --help' for help." in run(place, "predict", "--nothing").stderr


def test_help_names_every_column_and_does_not_wait_for_the_libraries(place: Path) -> None:
    done = run(place, "predict", "--help")
    assert all(column.name in done.stdout and column.name in HOUSE for column in HOUSE_COLUMNS)
    assert "Usage: python -m house_prices.model predict [OPTIONS]" in done.stdout
    loaded = run(place, "--help")
    assert loaded.returncode == 0
    probe = "import sys, house_prices.model.cli; print(sorted({'pandas', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "[]\n"
