"""The next version of the model, for a release of it: a year of sales later."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from house_prices.model.features import FEATURES
from house_prices.model.manifest import Manifest, Output, Training, code_version, package_versions, signature_of
from house_prices.model.model_file import KnownModels, save_model
from house_prices.model.sales import SEATTLE_SHA256, load_seattle
from house_prices.model.split import split_by_date
from house_prices.model.training import train

UNTIL = pd.Timestamp("2013-01-01")


def save_newer_model(folder: Path, known: KnownModels) -> str:
    """Train on the sales before ``UNTIL``, save the model into a folder, and return its digest.

    It is not judged here (its manifest has no metrics): whether a newer model is a better one is what lab 03 decides.
    """
    sales, _ = split_by_date(load_seattle(), UNTIL)
    model = train(sales)
    last = sales["sale_date"].max()
    trees = model.regressor_["trees"]
    manifest = Manifest(
        name="house-prices",
        version=f"{last:%Y.%m}",
        created=datetime.now(UTC).replace(microsecond=0),
        inputs=signature_of(sales, FEATURES),
        output=Output(name="price", unit="dollars"),
        training=Training(
            first_sale=sales["sale_date"].min().date(),
            last_sale=last.date(),
            sales=len(sales),
            data_sha256=SEATTLE_SHA256,
        ),
        parameters={"max_leaf_nodes": trees.max_leaf_nodes, "max_iter": trees.max_iter},
        seed=0,
        code=code_version(),
        packages=dict(package_versions()),
        metrics={},
    )
    digest = save_model(folder, model, manifest)
    known.add(digest, f"{manifest.name} {manifest.version}, for a release in lab 02")
    return digest
