import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from house_prices.model import manifest as subject
from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.features import FEATURES
from house_prices.model.manifest import (
    Interval,
    InvalidManifest,
    Manifest,
    Output,
    Training,
    code_version,
    package_versions,
    signature_of,
)


def manifest_of(sales: pd.DataFrame, **changes: Any) -> Manifest:
    fields = {
        "name": "house-prices",
        "version": "2012.12",
        "created": datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        "inputs": signature_of(sales, FEATURES),
        "output": Output(name="price", unit="dollars"),
        "training": Training(
            first_sale=date(2010, 1, 2), last_sale=date(2012, 12, 31), sales=len(sales), data_sha256="ab" * 32
        ),
        "parameters": {"max_leaf_nodes": 31},
        "seed": 0,
        "code": code_version(),
        "packages": dict(package_versions()),
        "metrics": {"2012": {"median_absolute_percentage_error": Interval(value=0.11, low=0.10, high=0.12)}},
    }
    return Manifest(**{**fields, **changes})


def test_it_comes_back_as_it_was_written(few_sales: pd.DataFrame) -> None:
    written = manifest_of(few_sales)
    assert Manifest.from_json(written.to_json()) == written
    assert written.to_json() == Manifest.from_json(written.to_json()).to_json()


def test_the_signature_tells_what_was_seen_and_what_is_allowed(few_sales: pd.DataFrame) -> None:
    inputs = {column.name: column for column in signature_of(few_sales, FEATURES)}
    assert tuple(inputs) == FEATURES
    assert inputs["area"].categories == tuple(sorted(few_sales["area"].unique()))
    assert not inputs["area"].closed
    assert inputs["use_type"].categories == ("sfr", "townhouse")
    assert inputs["use_type"].closed
    size, declared = inputs["tot_sf"], {column.name: column for column in HOUSE_COLUMNS}["tot_sf"]
    assert (size.seen_minimum, size.seen_maximum) == (few_sales["tot_sf"].min(), few_sales["tot_sf"].max())
    assert (size.minimum, size.maximum, size.unit) == (declared.minimum, declared.maximum, "square feet")
    assert size.categories is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 2}, "format: Input should be 1"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"seed": "0"}, "seed: Input should be a valid integer"),
        ({"created": "2026-11-24T12:00:00"}, "created: Input should have timezone info"),
        ({"file": {"name": "model.skops", "sha256": "short", "size": 3}}, "file.sha256: String should match"),
    ],
)
def test_a_wrong_field_is_named(few_sales: pd.DataFrame, change: dict[str, Any], named: str) -> None:
    fields = json.loads(manifest_of(few_sales).to_json()) | change
    with pytest.raises(InvalidManifest, match=named):
        Manifest.from_json(json.dumps(fields).encode())


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[]", b"null"])
def test_what_is_no_manifest_is_told_so(text: bytes) -> None:
    with pytest.raises(InvalidManifest, match="not a model's manifest of format 1"):
        Manifest.from_json(text)


def test_outside_of_git_the_code_has_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(subject, "__file__", str(tmp_path / "manifest.py"))
    assert code_version().commit is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_version().commit is None


def test_the_commit_is_that_of_the_repository_which_tracks_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    (tmp_path / "manifest.py").write_text("code")
    monkeypatch.setattr(subject, "__file__", str(tmp_path / "manifest.py"))
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "somebody else's")
    assert code_version().commit is None

    git("add", "manifest.py")
    git("commit", "--quiet", "--message", "ours")
    assert (code_version().commit, code_version().modified) == (git("rev-parse", "HEAD"), False)

    (tmp_path / "manifest.py").write_text("changed code")
    assert code_version().modified is True


def test_the_versions_that_predictions_depend_on_are_named() -> None:
    assert {"python", "numpy", "scikit-learn", "skops"} <= set(package_versions())
