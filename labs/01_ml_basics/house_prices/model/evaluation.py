"""Say how wrong a model is: overall, by segment, and how sure we are of the figure itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.inspection import permutation_importance
from threadpoolctl import threadpool_limits

from house_prices.model.errors import HousePricesError
from house_prices.model.features import FEATURES

Numbers = npt.NDArray[np.float64]

RESAMPLES = 500
FEW_SALES = 30
PRICE_BAND_EDGES = (300_000, 450_000, 600_000, 800_000, 1_200_000)


class InvalidPredictions(HousePricesError):
    """Prices paid and predicted that cannot be compared."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure measured on a sample, with its 95 % interval; no interval (None) below ``FEW_SALES`` sales."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that sums up one loss for each sale; call it with the prices paid and predicted, in dollars.

    The two steps are kept apart so that the bootstrap works out the losses once and repeats only the summary.

    Attributes
    ----------
    loss : (paid, predicted) → array of the same shape, one loss a sale.
    summary : array of shape (..., n_sales) → array of shape (...).

    Raises
    ------
    InvalidPredictions : lengths differ, nothing to compare, or a price that is not a finite number above zero.
    """

    loss: Callable[[Numbers, Numbers], Numbers]
    summary: Callable[[Numbers], Any]

    def __call__(self, paid: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
        return float(self.summary(self.loss(*_comparable(paid, predicted))))


def _percentage_error(paid: Numbers, predicted: Numbers) -> Numbers:
    return np.abs(predicted / paid - 1)


def _median(losses: Numbers) -> Any:
    return np.median(losses, axis=-1)


def _mean(losses: Numbers) -> Any:
    return np.mean(losses, axis=-1)


def share_within(limit: float) -> Metric:
    """Return the metric: share of the sales (0 to 1) whose prediction is within ``limit`` (0.1 = 10 %) of the price."""
    return Metric(lambda paid, predicted: (_percentage_error(paid, predicted) <= limit).astype(np.float64), _mean)


# Half of the predictions are closer than this (0.1 = 10 %). One palace more or less does not move a median.
median_absolute_percentage_error = Metric(_percentage_error, _median)
# What a prediction is off by on average, in dollars. The dear houses dominate it.
mean_absolute_error = Metric(lambda paid, predicted: np.abs(predicted - paid), _mean)
# Root of the mean squared difference of the logarithms: what training minimises. scikit-learn's metric of this name
# takes log(1 + price) to allow for zeros; prices have none, and at $150,000 the two agree to five digits.
root_mean_squared_log_error = Metric(
    lambda paid, predicted: np.log(predicted / paid) ** 2, lambda losses: np.sqrt(np.mean(losses, axis=-1))
)

METRICS: Mapping[str, Metric] = {
    "median_absolute_percentage_error": median_absolute_percentage_error,
    "share_within_10_percent": share_within(0.10),
    "share_within_20_percent": share_within(0.20),
    "mean_absolute_error": mean_absolute_error,
    "root_mean_squared_log_error": root_mean_squared_log_error,
}


def evaluate(
    paid: npt.ArrayLike, predicted: npt.ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Estimate]:
    """Return every metric of ``METRICS`` with a 95 % interval.

    The sales are drawn again with replacement, ``resamples`` times, and the interval runs from the 2.5th to the 97.5th
    percentile of the metric over those draws. It answers: how far could the figure lie elsewhere if other houses had
    been sold *in the same market*? It knows nothing of a market that moves on.

    Parameters
    ----------
    paid, predicted : arrays of shape (n_sales,), dollars above zero, in the same order.
    seed : of the draws; the same seed gives the same intervals.
    resamples : number of draws; all metrics share them. 0 gives the values alone, without intervals.

    Returns
    -------
    dict : from the metric's name to its `Estimate`. Below 30 sales the interval is None: a bootstrap of so few is too
        narrow (of one sale, it has no width at all).

    Raises
    ------
    InvalidPredictions : lengths differ, nothing to compare, or a price that is not a finite number above zero.

    Notes
    -----
    Percentile bootstrap: Efron and Tibshirani, *An Introduction to the Bootstrap* (1993), chapter 13.
    """
    checked = _comparable(paid, predicted)
    losses = {name: metric.loss(*checked) for name, metric in METRICS.items()}
    values = {name: float(METRICS[name].summary(losses[name])) for name in METRICS}
    sales = len(checked[0])
    if sales < FEW_SALES or resamples == 0:
        return {name: Estimate(value, None, None) for name, value in values.items()}
    draws: dict[str, list[Numbers]] = {name: [] for name in METRICS}
    random = np.random.default_rng(seed)
    at_once = max(1, 500_000 // sales)  # keeps the drawn sales within a few megabytes, whatever their number
    for done in range(0, resamples, at_once):
        drawn = random.integers(0, sales, (min(at_once, resamples - done), sales), dtype=np.int32)
        for name, metric in METRICS.items():
            draws[name].append(metric.summary(losses[name][drawn]))
    intervals = {name: np.percentile(np.concatenate(parts), [2.5, 97.5]) for name, parts in draws.items()}
    return {name: Estimate(values[name], *map(float, intervals[name])) for name in METRICS}


def evaluate_by(
    sales: pd.DataFrame,
    predicted: npt.ArrayLike,
    segment: Callable[[pd.DataFrame], pd.Series],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Evaluate each segment of the sales on its own: an average hides who pays for it.

    Parameters
    ----------
    sales : DataFrame of shape (n_sales, ...) with ``sale_price`` and what ``segment`` looks at.
    predicted : array of shape (n_sales,), dollars, in the order of ``sales`` (whose index may be anything).
    segment : gives each sale its segment: `by_month`, `by_year`, `by_area`, `by_price_band`, or one of your own.
    seed, resamples : see `evaluate`, which measures each segment.

    Returns
    -------
    DataFrame : one row a segment that has sales, however few, with the segment as its index (a date stays a date), in
        the order of the segments. Columns: ``sales`` (how many), ``small`` (fewer than ``FEW_SALES`` of them: the
        value stays, but there is no interval, and no conclusion either) and for each metric its value and its interval
        in ``<metric>``, ``<metric>_low`` and ``<metric>_high``, float64, NaN where there is no interval.

    Raises
    ------
    InvalidPredictions : as in `evaluate`; asked of all the sales, before they are parted.
    """
    # TASK 1.6: evaluate each segment on its own
    paid, predicted = _comparable(sales["sale_price"], predicted)
    rows = {}
    codes, names = pd.factorize(segment(sales), sort=True)
    for code, name in enumerate(names):
        where = np.flatnonzero(codes == code)
        row: dict[str, Any] = {"sales": len(where), "small": len(where) < FEW_SALES}
        for metric, estimate in evaluate(paid[where], predicted[where], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({column: float for column in table.columns if column not in ("sales", "small")})
    # END TASK 1.6


def by_month(sales: pd.DataFrame) -> pd.Series:
    """Segment by the month of the sale, as its first day."""
    return sales["sale_date"].dt.to_period("M").dt.start_time


def by_year(sales: pd.DataFrame) -> pd.Series:
    """Segment by the calendar year of the sale."""
    return sales["sale_date"].dt.year


def by_area(sales: pd.DataFrame) -> pd.Series:
    """Segment by the assessor's area."""
    return sales["area"]


def by_price_band(sales: pd.DataFrame) -> pd.Series:
    """Segment by the price paid, at ``PRICE_BAND_EDGES``.

    The edges are dollars, not quantiles, so that a band means the same houses' prices in every period. Mind what the
    bands are made of: a bargain lands in a low band *because* it was cheap, so any model seems to overrate the lowest
    band and underrate the highest. `calibration` asks the other way round.
    """
    edges = PRICE_BAND_EDGES
    names = [
        f"under ${edges[0]:,}",
        *(f"${low:,} to {high:,}" for low, high in pairwise(edges)),
        f"${edges[-1]:,} and more",
    ]
    return pd.cut(sales["sale_price"], [0, *edges, np.inf], right=False, labels=names)


def residuals(paid: npt.ArrayLike, predicted: npt.ArrayLike) -> Numbers:
    """Return log(paid / predicted), shape (n_sales,): above zero where the house fetched more than predicted.

    Raises
    ------
    InvalidPredictions : as in `evaluate`.
    """
    paid, predicted = _comparable(paid, predicted)
    return np.log(paid / predicted)


def calibration(paid: npt.ArrayLike, predicted: npt.ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Compare what was paid with what was predicted, from the cheapest predictions to the dearest.

    Of all houses that the model prices near $500,000, the median should have fetched near $500,000. Where it did not,
    the predictions are off by a factor that looking at the size of the errors alone does not show.

    Parameters
    ----------
    paid, predicted : arrays of shape (n_sales,), dollars above zero.
    bins : groups of equal size by prediction, at least 1 and at most n_sales; 10 gives deciles.

    Returns
    -------
    DataFrame : one row a bin (index 1 … ``bins``), with ``sales``, median ``predicted`` and median ``paid`` in dollars,
        and ``paid_over_predicted``, the median ratio of the two (1 = calibrated).

    Raises
    ------
    InvalidPredictions : as in `evaluate`, and fewer sales than bins.
    """
    paid, predicted = _comparable(paid, predicted)
    if not 1 <= bins <= len(paid):
        raise InvalidPredictions(f"{len(paid)} sales cannot fill {bins} bins; ask for 1 to {len(paid)}")
    rows = [
        {
            "sales": len(where),
            "predicted": float(np.median(predicted[where])),
            "paid": float(np.median(paid[where])),
            "paid_over_predicted": float(np.median(paid[where] / predicted[where])),
        }
        for where in np.array_split(np.argsort(predicted, kind="stable"), bins)
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, bins + 1, name="bin"))


def feature_importance(
    model: Any, sales: pd.DataFrame, *, repeats: int = 3, most: int = 2_000, seed: int = 0
) -> pd.DataFrame:
    """Measure what the model loses when it can no longer tell one value of a feature from another.

    Each column in turn is shuffled among sales that the model has *not* been trained on, and the median absolute
    percentage error taken again. On training rows the same measure would praise whatever the model has memorised.
    Features that say the same (area, longitude, latitude) stand in for each other, so each alone seems to matter less
    than they do together.

    Parameters
    ----------
    model : fitted, with ``predict(houses)`` in dollars.
    sales : DataFrame with the columns of ``FEATURES`` and ``sale_price``, later than the training sales.
    repeats : how often each column is shuffled.
    most : a random sample of so many sales is used, if there are more.
    seed : of the sample and the shuffles.

    Returns
    -------
    DataFrame : indexed by feature, the most important first, with ``increase`` of the median absolute percentage error
        (0.05 = five percentage points) and its standard deviation over the shuffles, ``spread``.

    Notes
    -----
    Permutation importance: Breiman, "Random Forests", *Machine Learning* 45 (2001), section 10.
    """
    sample = sales.sample(min(most, len(sales)), random_state=seed)
    with threadpool_limits(limits=1):
        found = permutation_importance(
            model,
            sample[list(FEATURES)],
            sample["sale_price"],
            scoring=_closeness,
            n_repeats=repeats,
            random_state=seed,
        )
    table = pd.DataFrame(
        {"increase": found.importances_mean, "spread": found.importances_std}, index=pd.Index(FEATURES, name="feature")
    )
    return table.sort_values("increase", ascending=False, kind="stable")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, its index first, in types that JSON has: a missing interval is null, a date text."""
    named = table.rename_axis(table.index.name or "segment").reset_index()
    return [{str(name): _plain(value) for name, value in row.items()} for row in named.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def _closeness(model: Any, houses: pd.DataFrame, prices: pd.Series) -> float:
    return -median_absolute_percentage_error(prices, model.predict(houses))


def _comparable(paid: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    paid, predicted = np.asarray(paid, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if paid.ndim != 1 or paid.shape != predicted.shape:
        raise InvalidPredictions(
            f"prices paid have shape {paid.shape} and predictions {predicted.shape}; "
            "give one prediction for each sale, in the same order"
        )
    if not paid.size:
        raise InvalidPredictions("there are no sales to evaluate; check what was filtered out before")
    for what, prices in (("price paid", paid), ("prediction", predicted)):
        wrong = np.flatnonzero(~(np.isfinite(prices) & (prices > 0)))
        if wrong.size:
            raise InvalidPredictions(
                f"{what} number {wrong[0] + 1} is {prices[wrong[0]]:g}; "
                f"{wrong.size} of {prices.size} are not a finite number above zero; "
                "check what made them: prices are in dollars"
            )
    return paid, predicted
