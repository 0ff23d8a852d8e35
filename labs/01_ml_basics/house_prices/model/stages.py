"""The whole of lab 01: from the sales to a model that is kept, and everything that should be known about it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import TransformedTargetRegressor

from house_prices.model import complexity, evaluation
from house_prices.model.baseline import MedianPricePerSquareFoot
from house_prices.model.features import FEATURES
from house_prices.model.manifest import (
    Interval,
    Manifest,
    Output,
    Training,
    code_version,
    package_versions,
    signature_of,
)
from house_prices.model.model_card import write_card
from house_prices.model.model_file import KnownModels, save_model
from house_prices.model.report import Contrast, Results, draw, write_report
from house_prices.model.sales import SEATTLE_SHA256, load_seattle
from house_prices.model.split import split_by_date
from house_prices.model.training import train

Stage = Callable[[str], None]

REHEARSAL_FROM = pd.Timestamp("2011-01-01")
CHAMPION_FROM = pd.Timestamp("2012-01-01")
STIFF, FLEXIBLE = 2, 127

STAGES = (
    "load and check the sales",
    "choose the complexity by temporal folds",
    "compare honestly: trained on 2010, asked about 2011",
    "train the champion on 2010 and 2011",
    "ask it about every month until 2016",
    "look into it: segments, importance",
    "watch it learn: learning curve, bias and variance",
    "write model, manifest and card",
    "draw the plots, write the report",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found and made.

    Attributes
    ----------
    results : every figure.
    digest : by which the saved model can be trusted.
    folder : where the files are.
    """

    results: Results
    digest: str
    folder: Path


def run(folder: Path, known: KnownModels, *, seed: int = 0, stage: Stage = lambda name: None) -> Run:
    """Train, judge, keep and report.

    Parameters
    ----------
    folder : gets model.skops, manifest.json, model_card.md, metrics.json, plots/*.png and report.html.
    known : the record that the new model's digest is added to.
    seed : of the model, the resampling and the folds.
    stage : called with the name of each of ``STAGES`` as it begins.
    """
    stages = iter(STAGES)

    def begin() -> None:
        stage(next(stages))

    begin()
    sales = load_seattle()
    early, late = split_by_date(sales, CHAMPION_FROM)
    year_2010, year_2011 = split_by_date(early, REHEARSAL_FROM)
    year_2012, _ = split_by_date(late, pd.Timestamp("2013-01-01"))

    begin()
    validation = complexity.validation_curve(early, seed=seed)
    # Picked out of an array it would be a number of NumPy's, which JSON does not know.
    leaves = int(complexity.choose_complexity(validation))

    begin()
    _, _, rehearsal = _train_and_ask(year_2010, year_2011, "2010", "2011", leaves=leaves, seed=seed)

    begin()
    model, baseline, champion = _train_and_ask(early, year_2012, "2010–2011", "2012", leaves=leaves, seed=seed)

    begin()
    predicted, guessed = model.predict(sales[list(FEATURES)]), baseline.predict(sales)
    by_month = evaluation.evaluate_by(sales, predicted, evaluation.by_month, seed=seed)
    by_year = evaluation.evaluate_by(sales, predicted, evaluation.by_year, seed=seed)
    baseline_by_month = evaluation.evaluate_by(sales, guessed, evaluation.by_month, resamples=0)
    baseline_by_year = evaluation.evaluate_by(sales, guessed, evaluation.by_year, resamples=0)

    begin()
    on_2012, paid = model.predict(year_2012[list(FEATURES)]), year_2012["sale_price"]
    by_price_band = evaluation.evaluate_by(year_2012, on_2012, evaluation.by_price_band, seed=seed)
    by_area = evaluation.evaluate_by(year_2012, on_2012, evaluation.by_area, seed=seed)
    importance = evaluation.feature_importance(model, year_2012, seed=seed)

    begin()
    learning = complexity.learning_curve(early, max_leaf_nodes=leaves, seed=seed)
    models = [("stiff", STIFF), ("chosen", leaves), ("flexible", FLEXIBLE)]
    decomposition = complexity.bias_and_variance(year_2010, year_2011, models=models, seed=seed)

    results = Results(
        rehearsal=rehearsal,
        champion=champion,
        window=(early["sale_date"].iloc[0], early["sale_date"].iloc[-1]),
        training_sales=len(early),
        by_month=by_month,
        baseline_by_month=baseline_by_month,
        by_year=by_year,
        baseline_by_year=baseline_by_year,
        by_price_band=by_price_band,
        by_area=by_area,
        predicted=on_2012,
        residuals=evaluation.residuals(paid, on_2012),
        calibration=evaluation.calibration(paid, on_2012),
        importance=importance,
        validation=validation,
        learning=learning,
        chosen=leaves,
        decomposition=decomposition,
        made_from=_origin(seed),
    )

    begin()
    manifest = describe(early, model, results, seed=seed)
    digest = save_model(folder, model, manifest)
    known.add(
        digest, f"{manifest.name} {manifest.version}, trained {manifest.created:%Y-%m-%d %H:%M} UTC into {folder}"
    )
    write_card(folder / "model_card.md", manifest)
    metrics = json.dumps(results.to_dict(), indent=1, allow_nan=False)
    (folder / "metrics.json").write_text(metrics + "\n", encoding="utf-8")

    begin()
    plots = folder / "plots"
    plots.mkdir(exist_ok=True)
    pictures = draw(results)
    for name, picture in pictures.items():
        (plots / f"{name}.png").write_bytes(picture.png)
    write_report(folder / "report.html", results, pictures)
    return Run(results, digest, folder)


def describe(sales: pd.DataFrame, model: TransformedTargetRegressor, results: Results, *, seed: int) -> Manifest:
    """Return the manifest of the champion; ``sales`` are those it was trained on."""
    last = sales["sale_date"].max()
    trees = model.regressor_["trees"]
    periods: dict[str, Mapping[str, evaluation.Estimate]] = {
        f"{results.champion.learned}, its own sales": results.champion.own,
        results.champion.asked: results.champion.later,
        f"{results.champion.asked}, baseline": results.champion.baseline,
    }
    error = "median_absolute_percentage_error"
    for year, row in results.by_year.iterrows():
        if int(str(year)) > last.year + 1:
            interval = evaluation.Estimate(row[error], row[f"{error}_low"], row[f"{error}_high"])
            periods[str(year)] = {error: interval}
    return Manifest(
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
        seed=seed,
        code=code_version(),
        packages=dict(package_versions()),
        metrics={
            period: {name: Interval(value=e.value, low=e.low, high=e.high) for name, e in metrics.items()}
            for period, metrics in periods.items()
        },
    )


def _train_and_ask(
    past: pd.DataFrame, after: pd.DataFrame, learned: str, asked: str, *, leaves: int, seed: int
) -> tuple[TransformedTargetRegressor, MedianPricePerSquareFoot, Contrast]:
    model = train(past, max_leaf_nodes=leaves, seed=seed)
    baseline = MedianPricePerSquareFoot().fit(past, past["sale_price"])

    def figures(estimator: Any, sales: pd.DataFrame) -> dict[str, evaluation.Estimate]:
        return evaluation.evaluate(sales["sale_price"], estimator.predict(sales[list(FEATURES)]), seed=seed)

    contrast = Contrast(
        learned=learned,
        asked=asked,
        own=figures(model, past),
        later=figures(model, after),
        baseline=figures(baseline, after),
    )
    return model, baseline, contrast


def _origin(seed: int) -> dict[str, str]:
    code = code_version()
    commit = f", commit {code.commit[:12]}{' with changes' if code.modified else ''}" if code.commit else ""
    return {
        "Data": f"data/seattle_sales.csv.gz, SHA-256 {SEATTLE_SHA256}",
        "Code": f"house-prices {code.version}{commit}",
        "Seed": str(seed),
        **{("Python" if name == "python" else name): number for name, number in package_versions().items()},
        "matplotlib": version("matplotlib"),
    }
