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
def test_prices_belong_by_position(estimate):
    """the first price is the first house's, whatever the index of either says"""
    houses, prices = sold([0.8, 0.9, 1.0, 1.1, 1.2])
    area = Random(seed()).choice(KNOWN)
    for order in (np.arange(len(houses))[::-1], np.arange(len(houses)) + 1_000):
        (got,) = estimate(houses, pd.Series(prices, index=order), houses_of(area, [1_000]))
        expect(
            abs(got - 1_000 * RATES[area]) < 1,
            sent=f"houses numbered 0 to {len(houses) - 1}, and their prices in the same order as a Series numbered "
            f"{order[0]} to {order[-1]}",
            got=f"${got:,.0f} for 1,000 square feet in area {area}, where the median is ${RATES[area]} a square foot",
            look_at="how pandas pairs two Series when it calculates with them",
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
