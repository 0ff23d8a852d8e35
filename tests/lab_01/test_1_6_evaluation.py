"""Task 1.6: each segment has its own figures, the small ones too."""

from random import Random

import numpy as np
import pandas as pd
import pytest

from house_prices.model.evaluation import (
    FEW_SALES,
    METRICS,
    InvalidPredictions,
    by_area,
    by_month,
    by_price_band,
    evaluate,
    evaluate_by,
)
from labkit.checks import CheckFailed, expect, seed

ERROR = "median_absolute_percentage_error"


@pytest.fixture
def table(returned):
    """A function that evaluates by the column ``segment``, and returns a table that has been seen to be one."""

    def call(sales, predicted, segment=lambda sales: sales["segment"], **options):
        sent = f"{len(sales)} sales, of which the first has the label {sales.index[0]}"
        try:
            given = evaluate_by(sales, predicted, segment, **{"resamples": 20} | options)
        except (IndexError, KeyError) as error:
            if isinstance(error, KeyError) and "index" not in str(error):  # a column, or a key of a dict
                raise
            raise CheckFailed(
                sent=sent,
                got=f"{type(error).__name__}: {error}",
                look_at="whether a position or a label of the index is meant here, and which of the two is given",
            ) from error
        sent = f"{len(sales)} sales"
        given = returned(given, pd.DataFrame, sent, "a DataFrame")
        missing = [name for name in ("sales", "small", *METRICS) if name not in given]
        got = f"a table without {', '.join(missing)}"
        expect(not missing, sent=sent, got=got, look_at="the columns that the docstring names")
        return given

    return call


def segments_of(sales: pd.DataFrame, **sizes: int) -> pd.DataFrame:
    """Return as many sales of each segment as ``sizes`` says, mixed, with an index that means nothing."""
    names = np.repeat(list(sizes), list(sizes.values()))
    order = np.random.default_rng(seed()).permutation(len(names))
    return sales.head(len(names)).assign(segment=names[order])


def value(table: pd.DataFrame, segment: object, column: str, sent: str) -> float:
    """Return a cell, if the table has a row for the segment."""
    there = ", ".join(map(str, table.index[:6])) + (" …" if len(table) > 6 else "") or "none"
    got, where = f"rows for {there}", "which segments become a row of the table"
    if list(table.index) == list(range(len(table))):
        where = "what the index of the table is"
    columns = [name for name in table if segment in list(table[name])]
    if columns:
        got = f"the segments in a column, {columns[0]}, and rows numbered {there}"
        where = "what the index of the table is"
    expect(segment in table.index, sent=sent, got=got, look_at=where)
    cell = table.loc[segment, column]
    return float("nan") if cell is None else float(cell)


@pytest.mark.task("1.6")
def test_each_segment_is_measured_alone(table, sales):
    """each segment's figures come from its own sales and no others"""
    some = segments_of(sales, north=60, south=45)
    off = {"north": 0.01, "south": Random(seed()).uniform(0.5, 0.9)}
    predicted = some["sale_price"].to_numpy() * (1 + some["segment"].map(off).to_numpy())
    got = table(some, predicted)
    errors = {name: value(got, name, ERROR, "sales in north and south") for name in off}
    expect(
        errors["north"] < 0.02 and errors["south"] > 0.3,
        sent=f"in north every prediction 1 % too high, in south {off['south']:.0%}",
        got=f"an error of {errors['north']:.1%} in north and {errors['south']:.1%} in south",
        look_at="which rows and which predictions belong to a segment: is it by position or by label?",
    )
    labelled = pd.Series(predicted, index=list(reversed(some.index)))
    again = {name: value(table(some, labelled), name, ERROR, "predictions that are a Series") for name in off}
    expect(
        again == errors,
        sent="the same predictions in the same order, as a Series whose labels run the other way",
        got=f"an error of {again['north']:.1%} in north and {again['south']:.1%} in south",
        wanted=f"{errors['north']:.1%} and {errors['south']:.1%}, as before",
        look_at="how pandas pairs a Series of predictions with the sales: by label",
    )


@pytest.mark.task("1.6")
def test_a_share_of_the_price_paid(table, sales):
    """an error is a share of the price that was paid"""
    factor = Random(seed()).choice([1.5, 1.8, 2.5])
    some = segments_of(sales, north=40).assign(sale_price=500_000)
    got = value(table(some, some["sale_price"].to_numpy() * factor), "north", ERROR, "40 sales")
    expect(
        abs(got - (factor - 1)) < 1e-9,
        sent=f"every house predicted at {factor} times the price paid",
        got=f"an error of {got:.1%}",
        wanted=f"{factor - 1:.1%}",
        look_at="what the difference is divided by",
    )


@pytest.mark.task("1.6")
def test_a_few_absurd_predictions(table, sales):
    """a few absurd predictions do not move the error of their segment"""
    some = segments_of(sales, north=50).assign(sale_price=500_000)
    off = np.where(np.arange(50) < 10, Random(seed()).uniform(4, 9), 0.1)
    got = value(table(some, some["sale_price"].to_numpy() * (1 + off)), "north", ERROR, "50 sales")
    expect(
        0.08 < got < 0.12,
        sent=f"40 predictions 10 % too high, 10 of them {off[0]:.0%}",
        got=f"a median error of {got:.1%}",
        look_at="what sums up the errors of a segment",
    )


@pytest.mark.task("1.6")
def test_small_segments_stay(table, sales):
    """a segment of few sales stays in the table, is marked small and gets no interval"""
    few = Random(seed()).randint(1, FEW_SALES - 1)
    some = segments_of(sales, north=FEW_SALES, south=few)
    noise = np.random.default_rng(seed()).uniform(0.8, 1.2, len(some))
    got = table(some, some["sale_price"].to_numpy() * noise)
    sent = f"{FEW_SALES} sales in north, {few} in south"
    counts = [value(got, name, "sales", sent) for name in ("north", "south")]
    expect(counts == [float(FEW_SALES), float(few)], sent=sent, got=f"{counts[0]:g} and {counts[1]:g} sales",
           look_at="what the column sales counts")  # fmt: skip
    small = [bool(got.loc[name, "small"]) for name in ("north", "south")]
    expect(small == [False, True], sent=sent, got=f"small: {small[0]} and {small[1]}", look_at="where small begins")
    given = table(some, some["sale_price"].to_numpy() * noise, resamples=0)
    small = [bool(given.loc[name, "small"]) for name in ("north", "south")]
    expect(small == [False, True], sent=f"{sent}, and resamples=0", got=f"small: {small[0]} and {small[1]}",
           look_at="what makes a segment small: its sales, or that it has no interval")  # fmt: skip
    intervals = [name for name in ("north", "south") if not np.isnan(value(got, name, f"{ERROR}_low", sent))]
    expect(
        intervals == ["north"],
        sent=sent,
        got=f"an interval for {' and '.join(intervals) or 'neither'}",
        look_at="what `evaluate` gives for few sales, and what becomes of it in the table",
    )
    blank = [metric for metric in METRICS if np.isnan(value(got, "south", metric, sent))]
    expect(
        not blank,
        sent=sent,
        got=f"no figure for south in {', '.join(blank)}",
        wanted="the figure without an interval",
        look_at="what a small segment has to do without: the interval, or the figure as well?",
    )
    small = (some["segment"] == "south").to_numpy()
    alone = table(some[small], some["sale_price"].to_numpy()[small] * noise[small])
    kinds = {name: str(alone[name].dtype) for name in (ERROR, f"{ERROR}_low", f"{ERROR}_high")}
    expect(
        set(kinds.values()) == {"float64"},
        sent=f"{few} sales in south and no others",
        got=", ".join(f"{name}: {kind}" for name, kind in kinds.items()),
        wanted="float64 in each, with NaN where there is no interval",
        look_at="what a column becomes that holds nothing but None",
    )


@pytest.mark.task("1.6")
def test_segments_in_their_order(table, sales):
    """the rows are in the order of the segments, and a segment without a sale has none"""
    prices = np.repeat([310_000, 2_000_000, 150_000], [35, 40, 45])
    some = sales.head(120).assign(sale_price=np.random.default_rng(seed()).permutation(prices))
    given = table(some, prices * 1.1, by_price_band)
    got = [str(name) for name in given.index]
    wanted = ["under $300,000", "$300,000 to 450,000", "$1,200,000 and more"]
    value(given, wanted[0], ERROR, "sales in three of the six price bands")
    expect(
        got == wanted,
        sent="sales in three of the six price bands",
        got="; ".join(got),
        look_at="what order the segments have, and what becomes of those that nothing falls into",
    )


@pytest.mark.task("1.6")
def test_segments_are_what_they_were(table, sales):
    """a segment is in the index as it was named: a month is still a date, and an area a number"""
    prices = sales["sale_price"].to_numpy()
    for by in (by_month, by_area):
        wanted = sorted(set(by(sales)))
        sent = f"{len(sales)} sales, {by.__name__}: {len(wanted)} segments, the first of them {wanted[0]!r}"
        got = table(sales, prices, by, resamples=0)
        given = list(got.index)
        expect(
            not isinstance(given[0], str),
            sent=sent,
            got=f"the text {given[0]!r}",
            wanted="the segment itself",
            look_at="what is put into the index, and what it was made into on the way",
        )
        value(got, wanted[0], "sales", sent)
        expect(len(given) == len(wanted), sent=sent, got=f"{len(given)} rows",
               look_at="which segments become a row of the table")  # fmt: skip
        expect(
            given == wanted,
            sent=sent,
            got=f"the rows {', '.join(map(str, given[:4]))} …",
            look_at="what order the segments have",
        )


@pytest.mark.task("1.6")
def test_what_cannot_be_compared(sales):
    """predictions that cannot be compared with the sales are refused: too many, too few, or none at all"""
    paid = sales["sale_price"].to_numpy(dtype=float)
    segment, wrong = Random(seed()).randrange(1, 5), Random(seed()).choice([0.0, -1.0, np.nan])
    spoilt = np.where(np.arange(5) == segment, wrong, paid[:5])
    look_at = {
        "lengths": "where the number of predictions is compared with the number of sales, before they are parted",
        "nothing": "what is asked of sales and predictions where there is no segment that could be evaluated",
        "price": "what is given to `evaluate`, and what becomes of what it raises",
    }
    for count, predicted, sent, why in (
        (5, paid[:6], "5 sales and 6 predictions", "lengths"),
        (5, paid[:4], "5 sales and 4 predictions", "lengths"),
        (0, paid[:0], "no sales and no predictions", "nothing"),
        (5, spoilt, f"5 sales, and for one of them a prediction of {wrong:g}", "price"),
    ):
        wanted = "InvalidPredictions, as the docstring says"
        some = sales.head(count).assign(segment=np.arange(count) % 2)
        try:
            got = evaluate_by(some, predicted, lambda sales: sales["segment"], resamples=20)
        except InvalidPredictions:
            continue
        except NotImplementedError:
            raise
        except Exception as error:
            raised = f"{type(error).__name__}: {error}"
            raise CheckFailed(sent=sent, got=raised, wanted=wanted, look_at=look_at[why]) from error
        what = f"a table of {len(got)} rows" if isinstance(got, pd.DataFrame) else type(got).__name__
        raise CheckFailed(sent=sent, got=what, wanted=wanted, look_at=look_at[why])


@pytest.mark.task("1.6")
def test_every_metric_with_its_interval(table, sales):
    """every metric is there with its interval, the same as for these sales by themselves"""
    some = segments_of(sales, north=90, south=60)
    predicted = some["sale_price"].to_numpy() * np.random.default_rng(seed()).uniform(0.7, 1.5, len(some))
    number = Random(seed()).randrange(1_000)
    got = table(some, predicted, seed=number, resamples=30)
    alone = (some["segment"] == "south").to_numpy()
    wanted = evaluate(some["sale_price"].to_numpy()[alone], predicted[alone], seed=number, resamples=30)
    for name, estimate in wanted.items():
        missing = [column for column in (f"{name}_low", f"{name}_high") if column not in got]
        expect(not missing, sent="90 sales in north, 60 in south", got=f"a table without {', '.join(missing)}",
               look_at="the columns that the docstring names")  # fmt: skip
        figures = [value(got, "south", column, "60 sales in south") for column in (name, f"{name}_low", f"{name}_high")]
        limits = [estimate.low, estimate.high]
        where = "which sales and predictions are handed on to `evaluate`, and which of its estimates goes where"
        if np.allclose(figures[0], estimate.value):
            where = "what else than the prices is handed on to `evaluate`"
            if np.allclose(figures[1:], limits[::-1]):
                where = "which limit of the interval goes into which column"
        expect(
            bool(np.allclose(figures, [estimate.value, *limits], rtol=1e-9)),
            sent=f"60 sales in south, seed {number}, 30 resamples",
            got=f"{name}: {figures[0]:.4g}, from {figures[1]:.4g} to {figures[2]:.4g}",
            wanted="what `evaluate` says of them",
            look_at=where,
        )
