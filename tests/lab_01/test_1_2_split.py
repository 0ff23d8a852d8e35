"""Task 1.2: what is trained on is older than what is asked about."""

from random import Random

import pandas as pd
import pytest

from house_prices.model.errors import HousePricesError
from house_prices.model.split import EmptySplit, split_by_date
from labkit.checks import CheckFailed, expect, seed


@pytest.fixture
def cutoff(sales):
    """A day on which several houses were sold, somewhere in the middle, and not at the beginning of a year."""
    sold = sales["sale_date"].value_counts()
    days = [day for day in sold.index[sold >= 3] if 2011 < day.year < 2016 and day.month > 2]
    return Random(seed()).choice(sorted(days))


@pytest.fixture
def split(returned):
    """`split_by_date`, whose two parts have been seen to be two DataFrames, the earlier one first."""

    def call(sales, cutoff):
        sent = f"{len(sales):,} sales in no order, cutoff {cutoff:%Y-%m-%d}"
        wanted = "two DataFrames: the earlier sales and the later ones"
        parts = returned(split_by_date(sales, cutoff), tuple, sent, wanted)
        got = f"a tuple of {', '.join(type(part).__name__ for part in parts) or 'nothing'}"
        right = len(parts) == 2 and all(isinstance(part, pd.DataFrame) for part in parts)
        expect(right, sent=sent, got=got, wanted=wanted, look_at="what the function returns")
        earlier, later = parts
        missing = [name for part in parts for name in ("sale_date", "sale_id") if name not in part]
        got = f"a part without {', '.join(missing)}"
        expect(not missing, sent=sent, got=got, look_at="which columns of the sales come out")
        swapped = later["sale_date"].max() < earlier["sale_date"].min()
        got = f"as the first part the sales from {earlier['sale_date'].min():%Y-%m-%d} on" if swapped else ""
        expect(not swapped, sent=sent, got=got, wanted=wanted, look_at="which of the two parts is returned first")
        return parts

    return call


@pytest.mark.task("1.2")
def test_no_later_sale_is_trained_on(split, sales, cutoff):
    """every training sale is older than every evaluation sale"""
    earlier, later = split(sales, cutoff)
    sent = f"{len(sales):,} sales in no order, cutoff {cutoff:%Y-%m-%d}"
    where = "what decides the side that a row lands on"
    got = f"parts of {len(earlier):,} and {len(later):,} sales"
    expect(not earlier.empty and not later.empty, sent=sent, got=got, look_at=where)
    newest, oldest = earlier["sale_date"].max(), later["sale_date"].min()
    got = f"a training sale of {newest:%Y-%m-%d} and an evaluation sale of {oldest:%Y-%m-%d}"
    expect(newest < oldest, sent=sent, got=got, look_at=where)


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
def test_the_cutoff_decides(split, sales, cutoff):
    """every sale before the cutoff belongs to the earlier part, up to the day before it, and no sale after it"""
    earlier, later = split(sales, cutoff)
    early = later.loc[later["sale_date"] < cutoff, "sale_date"]
    late = earlier.loc[earlier["sale_date"] > cutoff, "sale_date"]
    wrong = [
        f"{len(days):,} sales of {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d} in the {part} part"
        for days, part in ((early, "later"), (late, "earlier"))
        if len(days)
    ]
    expect(
        not wrong,
        sent=f"{len(sales):,} sales, cutoff {cutoff:%Y-%m-%d}",
        got=" and ".join(wrong),
        look_at="whether it is the cutoff, all of it, that the date of each sale is compared with",
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


def difference(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Return what tells two DataFrames apart, the first thing that does; empty if nothing does."""
    added = [str(name) for name in after if name not in before]
    lost = [str(name) for name in before if name not in after]
    if added or lost:
        return " and ".join([*(f"a new column {name}" for name in added), *(f"no column {name}" for name in lost)])
    if list(before.columns) != list(after.columns):
        return "the columns in another order"
    if list(before["sale_id"]) != list(after["sale_id"]):
        return "the rows in another order"
    if list(before.index) != list(after.index):
        first = [", ".join(map(str, frame.index[:3])) for frame in (before, after)]
        return f"rows whose index is {first[1]} …, where it was {first[0]} …"
    return " and ".join(f"another {name}" for name in before if not before[name].equals(after[name]))


@pytest.mark.task("1.2")
def test_rows_come_out_as_they_came_in(split, sales, cutoff):
    """each row comes out as it came in: with its columns, its values and its index"""
    by_id = sales.set_index("sale_id", drop=False)
    for name, part in zip(("earlier", "later"), split(sales.copy(), cutoff), strict=True):
        came_in = by_id.loc[part["sale_id"]].set_axis(
            sales.index[by_id.index.get_indexer(part["sale_id"])], axis="index"
        )
        other = difference(came_in, part)
        expect(
            not other,
            sent=f"{len(sales):,} sales, whose index is {', '.join(map(str, sales.index[:3]))} …",
            got=f"in the {name} part {other}",
            look_at="what else than the rows' places your code changes",
        )


@pytest.mark.task("1.2")
def test_the_sales_stay_as_they_were(split, sales, cutoff):
    """the sales that were handed in are as they were afterwards: the caller still needs them"""
    before = sales.copy()
    split(sales, cutoff)
    other = difference(before, sales)
    expect(
        not other,
        sent=f"{len(before):,} sales, which are looked at again afterwards",
        got=f"in the caller's own DataFrame {other}",
        look_at="whether you change the DataFrame that you were given, or make a new one",
    )


@pytest.mark.task("1.2")
def test_a_cutoff_at_either_end(split, sales):
    """a cutoff that leaves a single day on one side is no mistake, and neither is one on a day without sales"""
    days = sales["sale_date"].drop_duplicates().sort_values()
    first, last = days.iloc[0], days.iloc[-1]
    idle = pd.date_range(days.iloc[1], days.iloc[-2]).difference(days)
    nobody = idle[Random(seed()).randrange(len(idle))]
    refusing = "when it is refused to split: of what do you tell that a part is empty?"
    for cutoff, sent, where in (
        (last, "the day of the last sale", refusing),
        (first + pd.Timedelta(days=1), "the day after the first sale", refusing),
        (nobody, "a day without a sale", "whether your code needs a sale on the day of the cutoff"),
    ):
        there_are = f"sales from {first:%Y-%m-%d} to {last:%Y-%m-%d}, cutoff {cutoff:%Y-%m-%d}, {sent}"
        sides = [int((sales["sale_date"] < cutoff).sum()), int((sales["sale_date"] >= cutoff).sum())]
        wanted = f"two parts, of {sides[0]:,} and {sides[1]:,} sales"
        try:
            parts = split(sales, cutoff)
        except (HousePricesError, LookupError, ValueError, TypeError) as error:
            got = f"{type(error).__name__}: {error}"
            raise CheckFailed(sent=there_are, got=got, wanted=wanted, look_at=where) from error
        there = [len(part) for part in parts]
        where = "which side of the cutoff each sale is on, and whether every one is on a side"
        got = f"parts of {there[0]:,} and {there[1]:,}"
        expect(there == sides, sent=there_are, got=got, wanted=wanted, look_at=where)


@pytest.mark.task("1.2")
def test_an_empty_part_is_refused(sales):
    """a cutoff that leaves one part empty is refused, and the message names the dates that there are"""
    first, last = sales["sale_date"].min(), sales["sale_date"].max()
    some_days = pd.Timedelta(days=Random(seed()).randint(1, 300))
    dates = (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")
    for some, cutoff, empty in (
        (sales, first - some_days, "none before"),
        (sales, first, "none before"),
        (sales, last + some_days, "none from that day on"),
        (sales.head(0), last, "none at all"),
    ):
        there_are = f"sales from {dates[0]} to {dates[1]}" if len(some) else "no sales"
        wanted = "EmptySplit, with the first and the last date in its message" if len(some) else "EmptySplit"
        where = "what is done when nothing is left on one side"
        try:
            split_by_date(some, cutoff)
            got, right = "two parts and no error", False
        except EmptySplit as error:
            got, right = f"EmptySplit: {error}", not len(some) or all(day in str(error) for day in dates)
            where = "of which sales, and in which order, the message is made; the helper's docstring says what it wants"
        except NotImplementedError:
            raise
        except (HousePricesError, ValueError, AssertionError, RuntimeError) as error:
            got, right = f"{type(error).__name__}: {error}", False
            where = "which error is raised when nothing is left on one side"
        expect(right, sent=f"{there_are}, cutoff {cutoff:%Y-%m-%d}: {empty}", got=got, wanted=wanted, look_at=where)
