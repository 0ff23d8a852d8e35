"""Task 1.4: areas become codes, those of the training sales and no others, and the numbers stay as they are."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from house_prices.model.features import CATEGORIES, FEATURES, NUMBERS, feature_step
from labkit.checks import expect, seed


@pytest.fixture
def step(returned):
    """A function that returns a new feature step, which has been seen to be one."""
    wanted = "a transformer, with fit and transform, and not fitted"

    def call():
        new = returned(feature_step(), BaseEstimator, "feature_step()", wanted)
        learned = [name for name in vars(new) if name.endswith("_") and not name.startswith("_")]
        got = f"a {type(new).__name__} that has learned {', '.join(learned)}"
        where = "who fits the step, and on which sales: not the function that makes it"
        expect(not learned, sent="feature_step()", got=got, wanted=wanted, look_at=where)
        return new

    return call


@pytest.fixture
def fit(step):
    """A function that fits a new feature step to houses; their prices are no business of its."""

    def call(houses):
        new = step()
        try:
            return new.fit(houses)
        except (TypeError, ValueError) as error:
            try:
                new.fit(houses, np.arange(len(houses)))
            except Exception:
                raise error from None
        got = "it can be fitted to houses with their prices, but not without"
        expect(False, sent=f"fit({len(houses)} houses)", got=got, look_at="what a code is made of: a name, or prices?")

    return call


@pytest.fixture
def matrix(returned):
    """A function that transforms houses and returns the array, seen to be of 12 columns and to begin with the codes."""

    def call(fitted, houses):
        wanted = f"an array of shape ({len(houses)}, {len(FEATURES)})"
        sent = f"transform({len(houses)} houses)"
        given = fitted.transform(houses)
        got = f"{type(given).__name__} of shape {getattr(given, 'shape', 'unknown')}"
        where = "which columns come out of the step, and as what"
        if isinstance(given, np.ndarray) and given.shape == houses.shape:
            got += f", as many columns as went in: {', '.join(houses)}"
            where = "whether the step picks the columns of CATEGORIES and NUMBERS, by their names, and drops the others"
        elif isinstance(given, np.ndarray) and given.ndim == 2 and given.shape[1] > houses.shape[1]:
            where = "how many columns the step makes of one category"
        right = isinstance(given, np.ndarray) and given.shape == (len(houses), len(FEATURES))
        expect(right, sent=sent, got=got, wanted=wanted, look_at=where)
        backwards = np.array_equal(given[:, : len(NUMBERS)], houses[list(NUMBERS)].to_numpy())
        got, wanted = "first the numbers, and the codes at the end", "first the codes of CATEGORIES, then NUMBERS"
        expect(not backwards, sent=sent, got=got, wanted=wanted, look_at="which part of the step comes first")
        return given

    return call


@pytest.mark.task("1.4")
def test_columns_are_known_by_name(fit, matrix, sales):
    """it takes its columns by their names: other columns, and another order, change nothing"""
    plain = sales[list(FEATURES)]
    wanted = matrix(fit(plain), plain).astype(float)
    kinds = [len(np.unique(wanted[:, position])) for position in range(len(CATEGORIES))]
    there_are = [plain[name].nunique() for name in CATEGORIES]
    where = "in which order the step has its categories"
    got = f"in the first columns {' and '.join(map(str, kinds))} codes"
    names = " and ".join(f"{number} of {name}" for number, name in zip(there_are, CATEGORIES, strict=True))
    expect(kinds != there_are[::-1], sent=f"houses of {names}, in this order", got=got, look_at=where)
    shuffled = sales[list(np.random.default_rng(seed()).permutation(sales.columns))]
    for frame, sent in (
        (shuffled, f"{sales.shape[1]} columns in no order: {', '.join(shuffled.columns[:4])} …"),
        (plain[plain.columns[::-1]], "the columns of FEATURES the other way round"),
    ):
        where = "how the step finds its columns: by name, or by place"
        try:
            given = matrix(fit(frame), frame).astype(float)
        except (TypeError, ValueError, IndexError) as error:
            expect(False, sent=sent, got=f"{type(error).__name__}: {error}", look_at=where)
        same = np.array_equal(given, wanted, equal_nan=True)
        expect(same, sent=sent, got="another matrix than for the same houses in the order of FEATURES", look_at=where)


@pytest.mark.task("1.4")
def test_a_new_area(fit, matrix, sales):
    """an area that was never sold in is no crash: its code is missing"""
    fitted = fit(sales)
    areas = Random(seed()).sample(range(100, 900), 2)
    sent = f"two houses, in the areas {areas[0]} and {areas[1]}, of which no sale was fitted"
    where = "what the encoder does with a category that it has not seen"
    try:
        codes = matrix(fitted, sales.head(2).assign(area=areas))[:, CATEGORIES.index("area")].astype(float)
    except (ValueError, TypeError, LookupError) as error:
        expect(False, sent=sent, got=f"{type(error).__name__}: {error}", look_at=where)
    if list(codes) == areas:
        where = "whether an area becomes a code: its number is a name, and no amount"
    elif codes[0] != codes[1]:
        # What stands for the unknown is one value; two codes are those of two areas that it knows.
        where = "where the list of known areas comes from"
    got = f"codes {' and '.join(f'{code:g}' for code in codes)}"
    expect(bool(np.isnan(codes).all()), sent=sent, got=got, look_at=where)


@pytest.mark.task("1.4")
def test_a_new_type_of_house(fit, matrix, sales):
    """a type of house that was never sold is no crash either: its code is missing"""
    fitted = fit(sales)
    value = Random(seed()).choice(["castle", "houseboat", "yurt"])
    sent = f"three houses with use_type {value}, of which no sale was fitted"
    where = "what becomes of a new name in each of the CATEGORIES, and not in the area alone"
    try:
        out = matrix(fitted, sales.head(3).assign(use_type=value))
        codes = out[:, CATEGORIES.index("use_type")].astype(float)
    except (ValueError, TypeError, LookupError) as error:
        expect(False, sent=sent, got=f"{type(error).__name__}: {error}", look_at=where)
    expect(bool(np.isnan(codes).all()), sent=sent, got=f"code {codes[0]:g}", look_at=where)


@pytest.mark.task("1.4")
def test_only_what_it_was_fitted_on(fit, matrix, seattle, sales):
    """it knows the areas of the sales that it was fitted on, and no others of Seattle"""
    area = Random(seed()).choice(sorted(seattle["area"].unique()))
    fitted = fit(sales[sales["area"] != area])
    sent = f"fitted without a sale in area {area}, then asked for a house there"
    try:
        codes = matrix(fitted, seattle[seattle["area"] == area].head(3))[:, 0].astype(float)
    except (ValueError, TypeError, LookupError) as error:
        where = "what the encoder does with a category that it has not seen"
        expect(False, sent=sent, got=f"{type(error).__name__}: {error}", look_at=where)
    nowhere = Random(seed()).randrange(100, 900)
    where = "where the list of known areas comes from"
    if codes[0] == matrix(fitted, sales.head(1).assign(area=nowhere))[0, 0]:
        # It does not know the area, then: all that are unknown have this code.
        where = "what the encoder does with a category that it has not seen"
    expect(
        bool(np.isnan(codes).all()),
        sent=sent,
        got=f"code {codes[0]:g}, as if it had seen that area",
        look_at=where,
    )


@pytest.mark.task("1.4")
def test_one_code_for_one_area(fit, matrix, sales):
    """an area has one code, whichever houses come with it, and no other area has it, be its sales ever so few"""
    areas = sales["area"].unique()
    rare = sorted(Random(seed()).sample(sorted(areas), 2))
    some = sales[~sales["area"].isin(rare) | ~sales.duplicated("area")]
    fitted = fit(some)
    for column in CATEGORIES:
        codes = pd.Series(matrix(fitted, some)[:, CATEGORIES.index(column)].astype(float), index=some[column])
        where = "what a code depends on"
        if column == "area" and codes.loc[rare].nunique() < len(rare):
            where = "what the encoder does with an area that has few sales"
        names = codes.index.unique()
        expect(
            codes.nunique() == len(names) and bool((codes.groupby(level=0).nunique() == 1).all()),
            sent=f"houses of {len(names)} kinds of {column}"
            + (f", with one sale in area {rare[0]} and one in area {rare[1]}" if column == "area" else ""),
            got=f"{codes.nunique()} codes",
            look_at=where,
        )
    codes = pd.Series(matrix(fitted, some)[:, 0].astype(float), index=some["area"])
    area = Random(seed()).choice(sorted(areas))
    alone = matrix(fitted, some[some["area"] == area])[0, 0]
    together = codes.loc[[area]].iloc[0]
    expect(
        float(alone) == together,
        sent=f"houses of area {area}: once with {len(areas) - 1} other areas, once alone",
        got=f"code {together:g}, then code {alone:g}",
        look_at="what is learned in fit, and what in transform",
    )


@pytest.mark.task("1.4")
def test_the_numbers_are_as_they_were(fit, matrix, sales):
    """the numbers come out as they went in, in the order of NUMBERS, and other columns do not come out"""
    shuffled = sales[list(np.random.default_rng(seed()).permutation(sales.columns))]
    out = matrix(fit(shuffled), shuffled)
    for position, name in enumerate(NUMBERS, start=len(CATEGORIES)):
        got, wanted = out[:5, position].astype(float), shuffled[name].to_numpy(float)[:5]
        expect(
            bool(np.array_equal(out[:, position].astype(float), shuffled[name].to_numpy(float))),
            sent=f"{name} {', '.join(f'{value:g}' for value in wanted)} …",
            got=f"column {position}: {', '.join(f'{value:g}' for value in got)} …",
            look_at="what the step does with the columns that are no categories, and in which order",
        )
