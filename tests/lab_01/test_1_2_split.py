"""Task 1.2: what is trained on is older than what is asked about."""

from random import Random

import pandas as pd
import pytest

from house_prices.model.split import EmptySplit, split_by_date
from labkit.checks import expect, seed


@pytest.fixture
def cutoff(sales):
    """A day on which houses were sold, somewhere in the middle."""
    days = sorted(sales["sale_date"].unique())
    return pd.Timestamp(Random(seed()).choice(days[len(days) // 4 : -len(days) // 4]))


@pytest.fixture
def split(returned):
    """`split_by_date`, whose two parts have been seen to be two DataFrames."""

    def call(sales, cutoff):
        sent = f"{len(sales):,} sales in no order, cutoff {cutoff:%Y-%m-%d}"
        wanted = "two DataFrames: the earlier sales and the later ones"
        parts = returned(split_by_date(sales, cutoff), tuple, sent, wanted)
        got = f"a tuple of {', '.join(type(part).__name__ for part in parts) or 'nothing'}"
        right = len(parts) == 2 and all(isinstance(part, pd.DataFrame) for part in parts)
        expect(right, sent=sent, got=got, wanted=wanted, look_at="what the function returns")
        return parts

    return call


@pytest.mark.task("1.2")
def test_no_later_sale_is_trained_on(split, sales, cutoff):
    """every training sale is older than every evaluation sale"""
    earlier, later = split(sales, cutoff)
    newest, oldest = earlier["sale_date"].max(), later["sale_date"].min()
    expect(
        newest < oldest,
        sent=f"{len(sales):,} sales in no order, cutoff {cutoff:%Y-%m-%d}",
        got=f"a training sale of {newest:%Y-%m-%d} and an evaluation sale of {oldest:%Y-%m-%d}",
        look_at="what decides the side that a row lands on",
    )


@pytest.mark.task("1.2")
def test_nothing_is_lost_or_shared(split, sales, cutoff):
    """every sale is in one of the two parts, and in one only"""
    earlier, later = split(sales, cutoff)
    kept = pd.Index([*earlier["sale_id"], *later["sale_id"]])
    lost = sales[~sales["sale_id"].isin(kept)]
    days = f", all of {lost['sale_date'].iloc[0]:%Y-%m-%d}" if lost["sale_date"].nunique() == 1 else ""
    expect(
        lost.empty and not kept.has_duplicates,
        sent=f"{len(sales):,} sales, cutoff {cutoff:%Y-%m-%d}",
        got=f"{len(lost):,} sales in neither part{days}; {int(kept.duplicated().sum()):,} in both",
        look_at="whether the two conditions leave a gap or overlap",
    )


@pytest.mark.task("1.2")
def test_the_day_of_the_cutoff_is_later(split, sales, cutoff):
    """the sales of the cutoff day itself belong to the later part"""
    earlier, later = split(sales, cutoff)
    day = int((sales["sale_date"] == cutoff).sum())
    sides = [int((part["sale_date"] == cutoff).sum()) for part in (earlier, later)]
    expect(
        sides == [0, day],
        sent=f"cutoff {cutoff:%Y-%m-%d}, a day with {day} sales",
        got=f"{sides[0]} of them in the earlier part, {sides[1]} in the later",
        look_at="which side of the comparison the day itself is on",
    )


@pytest.mark.task("1.2")
def test_each_part_is_in_date_order(split, sales, cutoff):
    """each part is in date order, and the sales of one day stay in the order they came in"""
    came_in = pd.Series(range(len(sales)), index=sales["sale_id"])
    for name, part in zip(("earlier", "later"), split(sales, cutoff), strict=True):
        expect(
            part["sale_date"].is_monotonic_increasing,
            sent=f"{len(sales):,} sales in no order",
            got=f"the {name} part begins {', '.join(part['sale_date'].head(3).dt.strftime('%Y-%m-%d'))}",
            look_at="where the order of the rows comes from",
        )
        order = pd.Series(came_in[part["sale_id"]].to_numpy(), index=part["sale_date"].to_numpy())
        swapped = order.groupby(level=0).agg(lambda day: not day.is_monotonic_increasing)
        expect(
            not swapped.any(),
            sent=f"{len(sales):,} sales, several on most days",
            got=f"on {int(swapped.sum())} days of the {name} part the sales have changed places",
            look_at="what the sort does with equal dates",
        )


@pytest.mark.task("1.2")
def test_an_empty_part_is_refused(sales):
    """a cutoff that leaves one part empty is refused, and the message names the dates that there are"""
    first, last = sales["sale_date"].min(), sales["sale_date"].max()
    some_days = pd.Timedelta(days=Random(seed()).randint(1, 300))
    for cutoff, empty in ((first - some_days, "before"), (last + some_days, "from that day on")):
        sent = f"sales from {first:%Y-%m-%d} to {last:%Y-%m-%d}, cutoff {cutoff:%Y-%m-%d}: none {empty}"
        try:
            split_by_date(sales, cutoff)
            got = "two parts and no error"
        except EmptySplit as error:
            got = f"EmptySplit: {error}"
        named = got.startswith("EmptySplit") and f"{first:%Y-%m-%d}" in got and f"{last:%Y-%m-%d}" in got
        expect(named, sent=sent, got=got, wanted="EmptySplit, with the first and the last date in its message",
               look_at="what is returned when nothing is left on one side")  # fmt: skip
