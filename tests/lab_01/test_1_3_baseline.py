"""Task 1.3: a house costs its area's median price per square foot, times its square feet."""

from random import Random

import numpy as np
import pandas as pd
import pytest

from house_prices.model.baseline import MedianPricePerSquareFoot
from labkit.checks import expect, seed

AREAS = Random(seed()).sample(range(1, 900), 4)
*KNOWN, UNKNOWN = AREAS
RATES = dict(zip(KNOWN, Random(seed()).sample(range(150, 600, 10), 3), strict=True))
"""Dollars per square foot in three areas; in the fourth nothing has been sold."""


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
        fitted = returned(MedianPricePerSquareFoot().fit(houses, prices), MedianPricePerSquareFoot, sent, "itself")
        left = {name: type(value).__name__ for name, value in vars(fitted).items()}
        expect(
            left.get("by_area_") in ("Series", "dict") and "anywhere_" in left,
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
    for area in KNOWN:
        (got,) = estimate(houses, prices, houses_of(area, [1_000]))
        expect(
            abs(got - 1_000 * RATES[area]) < 1,
            sent=f"1,000 square feet in area {area}, where every house fetched ${RATES[area]} a square foot",
            got=f"${got:,.0f}",
            look_at="of what the median is taken, and of which sales",
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
        look_at="what sums up the sales of an area",
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
        got=f"${got / 1_000:,.0f} a square foot",
        wanted=f"${rate:,}, the median of the five",
        look_at="what is worked out first: the rate of each house, or a median",
    )


@pytest.mark.task("1.3")
def test_prices_belong_by_position(estimate):
    """the first price is the first house's, whatever the index of either says"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    area = Random(seed()).choice(KNOWN)
    numbers = np.arange(len(houses))
    elsewhere = np.roll(numbers, len(numbers) // len(KNOWN))  # each area's numbers are another's positions
    for of_houses, of_prices in ((numbers, numbers[::-1]), (numbers, numbers + 1_000), (elsewhere, numbers)):
        (got,) = estimate(houses.set_axis(of_houses), pd.Series(prices, index=of_prices), houses_of(area, [1_000]))
        expect(
            abs(got - 1_000 * RATES[area]) < 1,
            sent=f"houses numbered {', '.join(map(str, of_houses[:3]))} …, and their prices, in the same order, as a "
            f"Series numbered {', '.join(map(str, of_prices[:3]))} …",
            got=f"${got:,.0f} for 1,000 square feet in area {area}, where the median is ${RATES[area]} a square foot",
            look_at="how pandas pairs two Series when it calculates with them, or groups one by the other",
        )


@pytest.mark.task("1.3")
def test_the_houses_stay_as_they_were(estimate):
    """the houses that were handed in are as they were afterwards: the caller still needs them"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    before = houses.copy()
    estimate(houses, prices, houses_of(KNOWN[0], [1_000]))
    added = [name for name in houses if name not in before]
    expect(
        houses.equals(before),
        sent=f"{len(before)} houses with {' and '.join(before)}, which are looked at again afterwards",
        got=f"the caller's own houses have a column {', '.join(added)}" if added else "the caller's own houses changed",
        look_at="whether you change the DataFrame that you were given, or make a new one",
    )


@pytest.mark.task("1.3")
def test_an_area_without_sales(estimate):
    """an area without a sale gets the median rate of all sales together"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 7.0])
    # Of two areas a single sale each, so that a median of the areas' medians is another figure.
    cheap = sorted(KNOWN, key=RATES.__getitem__)[:2]
    kept = ~houses["area"].isin(cheap) | ~houses.duplicated("area")
    houses, prices = houses[kept], prices[kept]
    wanted = float(np.median(prices / houses["tot_sf"].to_numpy()))
    (got,) = estimate(houses, prices, houses_of(UNKNOWN, [1_000]))
    expect(
        abs(got - 1_000 * wanted) < 1,
        sent=f"1,000 square feet in area {UNKNOWN}, where nothing was sold; {len(houses)} sales elsewhere",
        got=f"${got:,.0f}",
        wanted=f"${1_000 * wanted:,.0f}",
        look_at="what `predict` falls back on, and over which rows it is taken",
    )
