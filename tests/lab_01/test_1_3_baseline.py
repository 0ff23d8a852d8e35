"""Task 1.3: a house costs its area's median price per square foot, times its square feet."""

from random import Random

import numpy as np
import pandas as pd
import pytest

from house_prices.model.baseline import MedianPricePerSquareFoot
from labkit.checks import expect, seed

AREAS = Random(seed()).sample(range(1, 900), 4)
*KNOWN, UNKNOWN = AREAS
RATES = {
    area: dollars + 0.25 for area, dollars in zip(KNOWN, Random(seed()).sample(range(150, 600, 10), 3), strict=True)
}
"""Dollars per square foot in three areas, no whole number of them; in the fourth nothing has been sold."""


def houses_of(area: int, sizes: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"area": area, "tot_sf": sizes})


def sold(factors: list[float]) -> tuple[pd.DataFrame, np.ndarray]:
    """Return houses of all sizes in each known area, and the prices, each off its area's rate by one of the factors."""
    sizes = [Random(seed()).randrange(600, 4_000, 40) + 400 * n for n in range(len(factors))]
    houses = pd.concat([houses_of(area, sizes) for area in KNOWN], ignore_index=True)
    return houses, houses["tot_sf"].to_numpy() * houses["area"].map(RATES).to_numpy() * np.tile(factors, len(KNOWN))


@pytest.fixture
def estimate(returned):
    """A function that fits the baseline, and returns its estimates for other houses."""

    def call(houses, prices, asked):
        sent = f"{len(houses)} houses sold in the areas {', '.join(map(str, KNOWN))}"
        fitted = returned(
            MedianPricePerSquareFoot().fit(houses.copy(), prices.copy()), MedianPricePerSquareFoot, sent, "itself"
        )
        left = {name: type(value).__name__ for name, value in vars(fitted).items()}
        expect(
            left.get("by_area_") == "Series" and "anywhere_" in left,
            sent=f"fit({len(houses)} houses and their prices)",
            got=f"it leaves {', '.join(f'{name}, a {kind}' for name, kind in left.items()) or 'no attribute'}",
            wanted="by_area_, a Series with a figure for each area, and anywhere_, a number",
            look_at="the attributes that `predict` reads, by name and kind",
        )
        return fitted.predict(asked)

    return call


@pytest.mark.task("1.3")
def test_the_rate_of_the_area(estimate):
    """a house is estimated at what its area charges for a square foot"""
    houses, prices = sold([1.0] * 5)
    learned = MedianPricePerSquareFoot().fit(houses.copy(), prices.copy())
    for area in KNOWN:
        (got,) = estimate(houses, prices, houses_of(area, [1_000]))
        where = "of what the median is taken, and of which sales"
        rates = getattr(learned, "by_area_", KNOWN)
        if len(rates) and not any(known in rates for known in KNOWN):
            where = "by what by_area_ is indexed: `predict` looks for the area's number"
        elif area not in rates:
            where = "whether every area that has a sale has a rate of its own"
        elif abs(got - 1_000 * RATES[area]) < 1_000:
            where = "whether a rate loses its cents"
        expect(
            abs(got - 1_000 * RATES[area]) < 1,
            sent=f"1,000 square feet in area {area}, where every house fetched ${RATES[area]} a square foot",
            got=f"${got:,.0f}",
            look_at=where,
        )


@pytest.mark.task("1.3")
def test_one_palace_moves_nothing(estimate):
    """one palace among an area's sales does not move its estimate"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, Random(seed()).uniform(6, 9)])
    area = Random(seed()).choice(KNOWN)
    (got,) = estimate(houses, prices, houses_of(area, [1_000]))
    expect(
        abs(got - 1_000 * RATES[area]) < 1,
        sent=f"1,000 square feet in area {area}, where of five houses three fetched ${0.9 * RATES[area]:,.0f} to "
        f"${1.1 * RATES[area]:,.0f} a square foot, one less, and a palace many times as much",
        got=f"${got:,.0f}",
        look_at="whether every sale takes part, the palace too"
        if 1_000 < abs(got - 1_000 * RATES[area]) < 250 * RATES[area]
        else "what sums up the sales of an area",
    )


@pytest.mark.task("1.3")
def test_the_median_of_the_rates(estimate):
    """it is the median of what each house fetched per square foot, the large houses like the small ones"""
    area, other, _ = KNOWN
    rate = RATES[area]
    # By size; the median of the prices and that of the sizes belong to other houses than that of the rates does.
    sizes, factors = [600, 900, 2_000, 3_000, 4_000], [1.0, 1.2, 0.7, 0.8, 1.3]
    houses = pd.concat([houses_of(area, sizes), houses_of(other, sizes)], ignore_index=True)
    (got,) = estimate(houses, houses["tot_sf"].to_numpy() * rate * np.tile(factors, 2), houses_of(area, [1_000]))
    each = ", ".join(f"${rate * factor:,.0f} for {size:,}" for size, factor in zip(sizes, factors, strict=True))
    expect(
        abs(got - 1_000 * rate) < 1,
        sent=f"five houses in area {area}, which fetched per square foot: {each} square feet",
        got=f"${got / 1_000:,.2f} a square foot",
        wanted=f"${rate:,}, the median of the five",
        look_at="what is worked out first: the rate of each house, or a median",
    )


@pytest.mark.task("1.3")
def test_areas_of_few_sales(estimate):
    """an area has its own rate from its first sale on, and with two sales the rate halfway between them"""
    one, two, usual = sorted(KNOWN, key=RATES.__getitem__, reverse=True)
    # The cheapest and the dearest sale of all are in the third area: to leave those out is another mistake.
    factors = [1.0, 1.0, 1.5, 0.02, 0.9, 1.0, 1.0, 1.1, 30.0]
    houses = pd.concat([houses_of(one, [1_200]), houses_of(two, [1_200] * 2), houses_of(usual, [1_200] * 6)])
    houses = houses.reset_index(drop=True)
    prices = 1_200 * houses["area"].map(RATES).to_numpy() * factors
    (elsewhere,) = estimate(houses, prices, houses_of(UNKNOWN, [1_000]))
    for area, wanted, sent in (
        (one, RATES[one], f"one house was sold, at ${RATES[one]:,} a square foot"),
        (two, 1.25 * RATES[two], f"two were sold, at ${RATES[two]:,} and ${1.5 * RATES[two]:,.2f} a square foot"),
    ):
        (got,) = estimate(houses, prices, houses_of(area, [1_000]))
        where = "what sums up the sales of an area, and how many it takes"
        if area == two:
            where = "what the median of an even number of sales is"
        elif abs(got - elsewhere) < 1:
            where = "whether every area that has a sale has a rate of its own"
        expect(
            abs(got - 1_000 * wanted) < 1_000,
            sent=f"1,000 square feet in area {area}, where {sent}; in another area six were sold",
            got=f"${got:,.0f}",
            wanted=f"${1_000 * wanted:,.0f}",
            look_at=where,
        )


@pytest.mark.task("1.3")
def test_every_sale_takes_part(estimate):
    """every sale takes part: the cheapest, the dearest, the largest and the smallest"""
    cheap, dear, usual = KNOWN
    ordinary = houses_of(usual, list(range(1_000, 3_000, 40)))
    ends = pd.concat([houses_of(cheap, [900, 1_200, 50_000]), houses_of(dear, [900, 1_200, 100])])
    houses = pd.concat([ordinary, ends], ignore_index=True)
    # The house of an unusual size is the middle one in each of the two areas.
    rates = np.array([*np.linspace(250, 350, len(ordinary)), 16, 24, 21, 2_400, 3_600, 3_100])
    prices = rates * houses["tot_sf"].to_numpy()
    for area, wanted, those in (
        (cheap, 21, "$16 and $24, and a house of 50,000 square feet at $21"),
        (dear, 3_100, "$2,400 and $3,600, and a house of 100 square feet at $3,100"),
    ):
        (got,) = estimate(houses, prices, houses_of(area, [1_000]))
        expect(
            abs(got - 1_000 * wanted) < 1,
            sent=f"1,000 square feet in area {area}, where three houses were sold: two at {those} a square foot; "
            f"in an area of {len(ordinary)} sales at $250 to $350",
            got=f"${got:,.0f}",
            wanted=f"${1_000 * wanted:,.0f}",
            look_at="whether every sale takes part, as it is: the cheapest, the dearest, the largest, the smallest",
        )


@pytest.mark.task("1.3")
def test_prices_belong_by_position(estimate):
    """the first price is the first house's, whatever the index of either says"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    asked = houses_of(Random(seed()).choice(KNOWN), [1_000])
    (without,) = estimate(houses, prices, asked)
    numbers = np.arange(len(houses))
    elsewhere = np.roll(numbers, len(numbers) // len(KNOWN))  # each area's numbers are another's positions
    for of_houses, of_prices in ((numbers, numbers[::-1]), (numbers, numbers + 1_000), (elsewhere, numbers)):
        (got,) = estimate(houses.set_axis(of_houses), pd.Series(prices, index=of_prices), asked)
        expect(
            abs(got - without) < 1,
            sent=f"houses numbered {', '.join(map(str, of_houses[:3]))} …, and their prices, in the same order, as a "
            f"Series numbered {', '.join(map(str, of_prices[:3]))} …",
            got=f"${got:,.0f} for 1,000 square feet in area {asked['area'].iloc[0]}; of the same houses numbered from "
            f"0, and their prices as an array, ${without:,.0f}",
            look_at="how pandas pairs two Series when it calculates with them, or groups one by the other",
        )


@pytest.mark.task("1.3")
def test_fitted_again():
    """fitted to other sales, it has forgotten the first"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    baseline = MedianPricePerSquareFoot()
    baseline.fit(houses, prices)
    baseline.fit(houses, 2 * prices)
    for area, whose in ((KNOWN[0], "an area with sales"), (UNKNOWN, "an area without")):
        asked = houses_of(area, [1_000])
        new = MedianPricePerSquareFoot()
        new.fit(houses, 2 * prices)
        (got,), (wanted,) = baseline.predict(asked), new.predict(asked)
        expect(
            abs(got - wanted) < 1,
            sent=f"1,000 square feet in {whose}; fitted to {len(houses)} sales, and again to others at twice the price",
            got=f"${got:,.0f}",
            wanted=f"${wanted:,.0f}, as from one that has seen the latter only",
            look_at="what fit does with what an earlier fit has left",
        )


@pytest.mark.task("1.3")
def test_what_is_handed_in_stays_as_it_was():
    """the houses and the prices that were handed in are as they were afterwards: the caller still needs them"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    before, paid = houses.copy(), prices.copy()
    MedianPricePerSquareFoot().fit(houses, prices)
    added = [str(name) for name in houses if name not in before]
    changed = [f"a new column {name}" for name in added]
    changed += [f"another {name}" for name in before if name not in houses or not before[name].equals(houses[name])]
    sent = f"{len(before)} houses with {' and '.join(before)}, and an array of prices, which are looked at again"
    expect(
        not changed and np.array_equal(prices, paid),
        sent=sent,
        got=f"in the caller's own houses {' and '.join(changed)}" if changed else "the caller's own prices are others",
        look_at="whether you change what you were given, or make something new",
    )
    labelled = pd.Series(paid, index=range(1_000, 1_000 + len(paid)))
    MedianPricePerSquareFoot().fit(houses, labelled)
    expect(
        list(labelled.index) == list(range(1_000, 1_000 + len(paid))),
        sent=f"{len(paid)} prices in a Series whose labels are 1000, 1001 …, which is looked at again",
        got=f"the caller's own prices have the labels {labelled.index[0]}, {labelled.index[1]} …",
        look_at="whether you change what you were given, or make something new",
    )


@pytest.mark.task("1.3")
def test_an_area_without_sales(estimate):
    """an area without a sale gets the median rate of all sales together"""
    asked = houses_of(UNKNOWN, [1_000])
    rate = RATES[KNOWN[0]]
    sent = f"1,000 square feet in area {UNKNOWN}, where nothing was sold"
    houses, _ = sold([1.0] * 5)
    (got,) = estimate(houses, houses["tot_sf"].to_numpy() * rate, asked)
    expect(
        abs(got - 1_000 * rate) < 1,
        sent=f"{sent}; elsewhere each house fetched ${rate} a square foot",
        got=f"${got:,.0f}",
        look_at="what `predict` falls back on, and of what it is taken: of prices, or of prices per square foot",
    )
    factors = [0.8, 0.9, 1.0, 1.1, 7.0]
    (got,) = estimate(houses, houses["tot_sf"].to_numpy() * rate * np.tile(factors, len(KNOWN)), asked)
    expect(
        abs(got - 1_000 * rate) < 1,
        sent=f"{sent}; in each other area five houses fetched "
        f"{', '.join(f'${rate * factor:,.0f}' for factor in factors)} a square foot",
        got=f"${got:,.0f}",
        look_at="what sums up all the sales in the figure that `predict` falls back on: palaces are to move nothing",
    )
    # Of two areas a single sale each, so that a median of the areas' medians is another figure.
    houses, prices = sold(factors)
    cheap = sorted(KNOWN, key=RATES.__getitem__)[:2]
    kept = ~houses["area"].isin(cheap) | ~houses.duplicated("area")
    houses, prices = houses[kept], prices[kept]
    wanted = float(np.median(prices / houses["tot_sf"].to_numpy()))
    (got,) = estimate(houses, prices, asked)
    expect(
        abs(got - 1_000 * wanted) < 1,
        sent=f"{sent}; elsewhere five sales in area {max(KNOWN, key=RATES.__getitem__)}, and one each in the areas "
        f"{' and '.join(map(str, cheap))}",
        got=f"${got:,.0f}",
        wanted=f"${1_000 * wanted:,.0f}",
        look_at="over which rows the figure is taken that `predict` falls back on: each sale counts once",
    )
