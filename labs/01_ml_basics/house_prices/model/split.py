"""Split sales by date, as production will meet them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from house_prices.model.errors import HousePricesError

Positions = npt.NDArray[np.intp]


class EmptySplit(HousePricesError):
    """One side of a split would have no sales."""


def split_by_date(sales: pd.DataFrame, cutoff: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sales before ``cutoff`` and those from it on.

    A model never sees the future, so a random split flatters it: neighbours of the same month, even the same house,
    land on both sides.

    Parameters
    ----------
    sales : DataFrame, one row a sale, with ``sale_date`` (datetime64). It stays as it was.
    cutoff : first day of the later part.

    Returns
    -------
    earlier, later : DataFrames that share no row, each in date order; sales of one day keep the order they came in.
        Each row keeps its columns, its values and its index.

    Raises
    ------
    EmptySplit : one side would have no sales, or there are none at all; the message names the first and the last date
        that there are (see `_nothing_on_one_side`, which words it).
    """
    # TASK 1.2: hold out the most recent sales
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
    # END TASK 1.2


def temporal_folds(sales: pd.DataFrame, folds: int = 4) -> Iterator[tuple[Positions, Positions]]:
    """Yield train and test positions for time-ordered cross-validation.

    The sales are cut by date into ``folds + 1`` parts of about equal size. Fold *k* trains on the first *k* parts and
    is asked about part *k + 1*: an expanding window, as in retraining on all that is known so far. A day is never
    divided, so no sale is tested on a day that was trained on.

    Parameters
    ----------
    sales : DataFrame with ``sale_date``, in any order.
    folds : how many train/test pairs, at least 1.

    Yields
    ------
    train, test : positions for ``sales.iloc``, each in date order.

    Raises
    ------
    EmptySplit : there are not enough different days for so many folds.

    Notes
    -----
    Rolling-origin evaluation: Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*, section 5.10.
    """
    dates = sales["sale_date"].to_numpy()
    order = np.argsort(dates, kind="stable")
    edges = [order.size * part // (folds + 1) for part in range(1, folds + 1)]
    first_days = [dates[order[edge]] for edge in edges] if order.size else []
    starts = [int(np.searchsorted(dates[order], day)) for day in first_days]
    if len({0, *starts}) != folds + 1:
        days = len(np.unique(dates))
        raise EmptySplit(
            f"{len(sales)} sales on {days} days cannot make {folds} folds by date; "
            "ask for fewer folds or bring more sales"
        )
    for start, end in zip(starts, [*starts[1:], order.size], strict=True):
        yield order[:start], order[start:end]


def _nothing_on_one_side(ordered: pd.DataFrame, cutoff: pd.Timestamp) -> str:
    """Return the message of `EmptySplit`; ``ordered`` are all the sales, in date order."""
    if ordered.empty:
        return f"there are no sales to split at {cutoff:%Y-%m-%d}; read some first, with read_sales or load_seattle"
    first, last = ordered["sale_date"].iloc[[0, -1]]
    side = "before" if first >= cutoff else "from that day on"
    return (
        f"no sales {side}: the cutoff is {cutoff:%Y-%m-%d}, the sales run from {first:%Y-%m-%d} to {last:%Y-%m-%d}; "
        "choose a day after the first and up to the last"
    )
