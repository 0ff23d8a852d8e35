"""A small model and the service around it, for the tests of serving; and houses to ask it about."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from house_prices.model.manifest import Manifest
from house_prices.model.model_file import load_model, save_model
from house_prices.model.sales import load_seattle
from house_prices.model.training import train
from house_prices.serving.batching import Batcher
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import Service
from tests.product.model.test_manifest import manifest_of

HOUSE: Mapping[str, Any] = {
    "area": 79,
    "use_type": "sfr",
    "lot_sf": 9295,
    "wfnt": 0,
    "bldg_grade": 7,
    "tot_sf": 2560,
    "beds": 6,
    "baths": 2.5,
    "age": 98,
    "eff_age": 6,
    "longitude": -122.312491367052,
    "latitude": 47.5613803736604,
}
FEWEST_ROWS = 1_000
"""What a queue has to hold, so that the largest request finds room in it."""


@dataclass(frozen=True)
class Made:
    """A model that was made for the tests.

    Attributes
    ----------
    folder, digest : its files, and what they are trusted by.
    model : fitted; asked with a DataFrame.
    sales : what it learned from.
    """

    folder: Path
    digest: str
    model: Any
    sales: pd.DataFrame

    def load(self) -> Predictor:
        return Predictor(load_model(self.folder, {self.digest}))


def make(folder: Path, *, trees: int = 20) -> Made:
    """Train a small model on 1,500 sales, none of them in area 6, and save it."""
    sales = load_seattle()
    sales = sales[(sales["sale_date"] < "2013-01-01") & (sales["area"] != 6)].sample(1_500, random_state=7)
    model = train(sales, max_iter=trees)
    return Made(folder, save_model(folder, model, manifest_of(sales)), model, sales)


def serve(predictor: Predictor, **batching: Any) -> Service:
    """Put a queue in front of a predictor; close its ``batcher`` in the end."""
    limits = {"max_rows": 256, "max_wait": 0.0, "queue_rows": FEWEST_ROWS} | batching
    return Service(predictor, Batcher(predictor.predict, **limits))


def manifest_with(manifest: Manifest, name: str, **changes: Any) -> Manifest:
    """Return the manifest with another description of one input."""
    changed = tuple(each.model_copy(update=changes) if each.name == name else each for each in manifest.inputs)
    return manifest.model_copy(update={"inputs": changed})


def vouched_for(folder: Path, archive: bytes, **changes: Any) -> str:
    """Put an archive in the place of a model, with a manifest that names it, and return the digest of the pair."""
    fields = json.loads((folder / "manifest.json").read_text()) | changes
    fields["file"] = {"name": "model.skops", "sha256": hashlib.sha256(archive).hexdigest(), "size": len(archive)}
    (folder / "model.skops").write_bytes(archive)
    text = json.dumps(fields).encode()
    (folder / "manifest.json").write_bytes(text)
    return hashlib.sha256(text).hexdigest()
