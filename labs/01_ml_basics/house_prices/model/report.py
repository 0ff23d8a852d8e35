"""Tell what was measured, in one HTML file that opens anywhere.

`Results` is everything that a run finds out. From it come `Results.to_dict` for programs, `draw` for the pictures and
`write_report` for people; none of the three computes a figure of its own.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from house_prices.model import plots
from house_prices.model.complexity import Curve, Decomposition
from house_prices.model.evaluation import Estimate, Numbers, records

Metrics = Mapping[str, Estimate]

_ERROR = plots.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One model's flattering figure beside the honest one.

    Attributes
    ----------
    learned, asked : names of the training period and the period after: "2010", "2011".
    own : metrics (of `evaluate`) on the sales that it was trained on.
    later : on the sales of the period after.
    baseline : of the baseline, trained on the same sales, on the period after.
    """

    learned: str
    asked: str
    own: Metrics
    later: Metrics
    baseline: Metrics

    def to_dict(self) -> dict[str, Any]:
        """Return the contrast in types that JSON has."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that a run finds out about a model.

    Attributes
    ----------
    rehearsal : a first model, trained on less, whose next period has known prices: why in-sample figures flatter.
    champion : the model that is kept; the tables below are its own.
    window : first and last day of the champion's training sales.
    training_sales : how many they are.
    by_month, baseline_by_month : tables of `evaluate_by` over all sales, training window and after.
    by_year, baseline_by_year : the same by year.
    by_price_band, by_area : tables of `evaluate_by` over the champion's ``asked`` period.
    predicted, residuals : shape (n_sales,), of the same period: dollars, and log(paid / predicted).
    calibration, importance : tables of `calibration` and `feature_importance` over the same period.
    validation, learning : curves over the training sales by temporal folds.
    chosen : the ``max_leaf_nodes`` that `choose_complexity` made of ``validation``.
    decomposition : bias and variance, from the stiffest model to the most flexible.
    made_from : what it takes to make this again (versions, seed, digest of the data …), by name.
    """

    rehearsal: Contrast
    champion: Contrast
    window: tuple[pd.Timestamp, pd.Timestamp]
    training_sales: int
    by_month: pd.DataFrame
    baseline_by_month: pd.DataFrame
    by_year: pd.DataFrame
    baseline_by_year: pd.DataFrame
    by_price_band: pd.DataFrame
    by_area: pd.DataFrame
    predicted: Numbers
    residuals: Numbers
    calibration: pd.DataFrame
    importance: pd.DataFrame
    validation: Curve
    learning: Curve
    chosen: int
    decomposition: Sequence[Decomposition]
    made_from: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return all but the single predictions in types that JSON has."""
        tables = ("by_month", "baseline_by_month", "by_year", "baseline_by_year", "by_price_band", "by_area")
        return {
            "made_from": dict(self.made_from),
            "training_window": [f"{day:%Y-%m-%d}" for day in self.window],
            "training_sales": self.training_sales,
            "rehearsal": self.rehearsal.to_dict(),
            "champion": self.champion.to_dict(),
            "max_leaf_nodes": self.chosen,
            **{name: records(getattr(self, name)) for name in (*tables, "calibration", "importance")},
            "validation_curve": self.validation.to_dict(),
            "learning_curve": self.learning.to_dict(),
            "bias_variance": [part.to_dict() for part in self.decomposition],
        }


def draw(results: Results) -> dict[str, plots.Picture]:
    """Return the pictures of the report by name; the name serves as that of the file, too."""
    rehearsal, asked = results.rehearsal, results.champion.asked
    figures = {
        "honest_comparison": plots.honest_comparison(
            rehearsal.own[_ERROR],
            rehearsal.later[_ERROR],
            rehearsal.baseline[_ERROR],
            learned=rehearsal.learned,
            asked=rehearsal.asked,
        ),
        "decay": plots.decay(results.by_month, results.baseline_by_month, results.window),
        "residuals": plots.residual_plot(results.predicted, results.residuals, period=asked),
        "calibration": plots.calibration_plot(results.calibration, period=asked),
        "by_price_band": plots.segment_plot(results.by_price_band, segment="price band", period=asked),
        "by_area": plots.segment_plot(results.by_area.sort_values(_ERROR), segment="area", period=asked),
        "validation_curve": plots.validation_plot(results.validation, results.chosen),
        "learning_curve": plots.learning_plot(results.learning),
        "bias_variance": plots.bias_variance_plot(results.decomposition),
        "importance": plots.importance_plot(results.importance),
    }
    return {name: plots.picture(figure) for name, figure in figures.items()}


def write_report(path: Path | str, results: Results, pictures: Mapping[str, plots.Picture]) -> None:
    """Write the report: one HTML file with its pictures inside, without scripts, and nothing that it loads from afar.

    Parameters
    ----------
    path : where to; an existing file is replaced.
    results : what was found out.
    pictures : of `draw`.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": plots.percent, "dollars": _dollars, "data_uri": _data_uri}
    template = environment.from_string(files("house_prices.model").joinpath("report.html.j2").read_text("utf-8"))
    years = results.by_year.join(results.baseline_by_year[[_ERROR]], rsuffix="_baseline")
    html = template.render(
        results=results,
        pictures=pictures,
        error=_ERROR,
        metrics=_METRICS,
        years=records(years),
        bands=records(results.by_price_band),
        areas=records(results.by_area),
        trained=range(results.window[0].year, results.window[1].year + 1),
    )
    Path(path).write_text(html, encoding="utf-8")


def _dollars(amount: float) -> str:
    return f"${amount:,.0f}"


def _data_uri(picture: plots.Picture) -> str:
    return f"data:image/png;base64,{b64encode(picture.png).decode('ascii')}"


_METRICS = {
    "median_absolute_percentage_error": ("Median absolute percentage error", plots.percent),
    "share_within_10_percent": ("Share of predictions within 10\u00a0%", plots.percent),
    "share_within_20_percent": ("Share of predictions within 20\u00a0%", plots.percent),
    "mean_absolute_error": ("Mean absolute error", _dollars),
    "root_mean_squared_log_error": ("Root mean squared log error", "{:.3f}".format),
}
