"""Task 1.5: prices in, prices out, and in between their logarithm."""

from random import Random

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from house_prices.model import features, training
from house_prices.model.features import FEATURES, NUMBERS
from house_prices.model.model_file import TRUSTED_TYPES
from labkit.checks import equal, expect, seed

TYPES = ("sfr", "townhouse", "houseboat", "castle", "yurt", "cabin")
"""Types of house, two that there are and others: with two alone, a name is as good as an amount."""

SETTINGS = (
    *("loss", "learning_rate", "max_depth", "min_samples_leaf", "l2_regularization", "max_features", "max_bins"),
    *("monotonic_cst", "interaction_cst"),
)
"""What else decides what the trees predict, besides that which `build_model` is told to set."""


class Echo(RegressorMixin, BaseEstimator):
    """A model that predicts the very values that it was given to fit."""

    def fit(self, houses, target):
        self.target_ = np.array(target)
        return self

    def predict(self, houses):
        return self.target_


@pytest.fixture(autouse=True)
def trusted_features(monkeypatch):
    """Stand in for `feature_step`, which is another task."""

    def codes_and_numbers(houses):
        categories = [houses["area"], houses["use_type"].map(TYPES.index)]
        return np.column_stack([*categories, *(houses[name] for name in NUMBERS)]).astype(float)

    for module in (features, training):
        monkeypatch.setattr(module, "feature_step", lambda: FunctionTransformer(codes_and_numbers))


@pytest.fixture
def train(returned):
    """A function that trains a model, and returns what it predicts for houses."""

    def call(sales, houses, **options):
        returned(training.build_model(**options), BaseEstimator, "build_model()", "a model, not yet fitted")
        model = training.train(sales, **options)
        return np.asarray(model.predict(houses[list(FEATURES)]), dtype=float)

    return call


@pytest.fixture
def alike(sales):
    """A function that returns n sales which differ in nothing but what it is told."""
    return lambda n, **columns: pd.concat([sales.head(1)] * n, ignore_index=True).assign(**columns)


@pytest.fixture
def build(returned):
    """A function that builds a model, which has been seen to be made of what it is to be made of."""

    def call():
        model = returned(training.build_model(), BaseEstimator, "build_model()", "a model, not yet fitted")
        inside = getattr(model, "regressor", None)
        steps = inside if isinstance(inside, Pipeline) else model
        got = f"a {type(model).__name__}"
        got += f" around a {type(inside).__name__}" if inside is not None else ""
        if isinstance(steps, Pipeline):
            got += f" of {', '.join(f'{name} (a {type(step).__name__})' for name, step in steps.steps)}"
        right = isinstance(model, TransformedTargetRegressor) and isinstance(inside, Pipeline)
        right = right and [name for name, _ in inside.steps] == ["features", "trees"]
        expect(
            right and isinstance(inside["trees"], HistGradientBoostingRegressor),
            sent="build_model()",
            got=got,
            wanted="a TransformedTargetRegressor around a Pipeline of features and trees (a "
            "HistGradientBoostingRegressor)",
            look_at="what the docstring says is inside of what, and by which names",
        )
        return model

    return call


@pytest.mark.task("1.5")
def test_what_it_is_made_of(build):
    """the logarithm is around the pipeline, and its two steps are features and trees, as others expect them"""
    build()


@pytest.mark.task("1.5")
def test_each_parameter_where_it_belongs(returned):
    """the leaves of build_model are the leaves of the trees, its iterations their number, and its seed their seed"""
    leaves, trees, number = Random(seed()).sample(range(5, 90), 3)
    sent = f"build_model(max_leaf_nodes={leaves}, max_iter={trees}, seed={number})"
    model = training.build_model(max_leaf_nodes=leaves, max_iter=trees, seed=number)
    model = returned(model, BaseEstimator, sent, "a model, not yet fitted")
    wanted = {"max_leaf_nodes": leaves, "max_iter": trees, "random_state": number}
    given = {name.rpartition("__")[2]: value for name, value in model.get_params().items()}
    found = {name: given.get(name) for name in wanted}
    expect(
        found == wanted,
        sent=sent,
        got=", ".join(f"{name}={value}" for name, value in found.items()),
        wanted=", ".join(f"{name}={value}" for name, value in wanted.items()),
        look_at="which parameter of the trees each of build_model's goes to",
    )


@pytest.mark.task("1.5")
def test_the_logarithm_and_the_way_back(build):
    """the trees are given the logarithm of the price, and what they predict becomes the price again"""
    lowest = float(Random(seed()).randrange(100, 120))
    prices = lowest * np.array([1, 2, 4])  # of which even the exponential is a number
    model = build().set_params(regressor=Echo())
    model.fit(np.zeros((3, 1)), prices)
    given, back = model.regressor_.target_, model.predict(np.zeros((3, 1)))
    sent = f"prices of {', '.join(f'${price:,.0f}' for price in prices)}"
    once, twice = np.diff(given)
    expect(
        bool(once > 0 and abs(twice / once - 1) < 0.01),
        sent=sent,
        got=f"for the trees to fit: {', '.join(f'{value:.6g}' for value in given)}",
        look_at="which of the two functions is for the way in, func, and which for the way back, inverse_func"
        if given[-1] > prices[-1]
        else "what the price is turned into before the trees are given it: twice the price is to be one step more",
    )
    expect(
        bool(np.allclose(back, prices, rtol=1e-9)),
        sent=f"{sent}, and trees that predict what they were given",
        got=f"predictions of {', '.join(f'${price:,.2f}' for price in back)}",
        look_at="which way predictions go back, and whether the two functions undo each other",
    )


@pytest.mark.task("1.5")
def test_all_else_as_scikit_learn_has_it(build):
    """all else about the trees is as scikit-learn has it"""
    defaults, given = HistGradientBoostingRegressor().get_params(), build().regressor["trees"].get_params()
    others = [name for name in SETTINGS if not equal(given[name], defaults[name])]
    expect(
        not others,
        sent="build_model()",
        got=f"trees with {', '.join(f'{name}={given[name]!r}' for name in others)}",
        wanted=", ".join(f"{name}={defaults[name]!r}" for name in others),
        look_at="what the docstring says about all other parameters of the trees",
    )


@pytest.mark.task("1.5")
def test_nothing_is_held_back(train, seattle):
    """the same sales give the same model, however many there are and whatever the seed"""
    # The automatism that this is about begins above 10,000 sales.
    many = seattle.head(10_500)
    seeds = Random(seed()).sample(range(1_000), 2)
    options = {"max_iter": 3, "max_leaf_nodes": 4}
    one, other = (train(many, many.head(200), seed=number, **options) for number in seeds)
    differ = np.flatnonzero(one != other)
    at = differ[0] if differ.size else 0
    expect(
        differ.size == 0,
        sent=f"the same {len(many):,} sales, once with seed {seeds[0]} and once with seed {seeds[1]}",
        got=f"${one[at]:,.0f} and ${other[at]:,.0f} for one and the same house",
        look_at="which sales the trees keep to themselves, to see when to stop; left to itself they do so above 10,000",
    )


@pytest.mark.task("1.5")
def test_it_can_be_saved(monkeypatch, returned):
    """the model can be kept as a file: all that it is made of can be imported by name"""
    for module in (features, training):
        monkeypatch.setattr(module, "feature_step", FunctionTransformer)
    model = returned(training.build_model(), BaseEstimator, "build_model()", "a model, not yet fitted")
    found = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    nameless = [name for name in found if name not in TRUSTED_TYPES]
    expect(
        not nameless,
        sent="build_model(), to be saved as model.skops",
        got=f"a model with parts that could not be loaded again: {', '.join(nameless)}",
        look_at="what the docstring says about functions that cannot be imported by name",
    )


@pytest.mark.task("1.5")
def test_dollars_in_dollars_out(train, sales):
    """what goes in as dollars comes out as dollars"""
    predicted = train(sales, sales, max_iter=30)
    ratio = float(np.median(predicted / sales["sale_price"]))
    expect(
        0.8 < ratio < 1.25,
        sent=f"{len(sales):,} sales at a median of ${sales['sale_price'].median():,.0f}, and the same houses to price",
        got=f"predictions with a median of {np.median(predicted):,.6g}",
        look_at="which way predictions go back, and how often",
    )


@pytest.mark.task("1.5")
def test_twice_weighs_as_much_as_half(train, alike):
    """twice the price is as wrong as half of it: what counts is the ratio"""
    low = Random(seed()).randrange(100_000, 300_000, 1_000)
    house = alike(400, sale_price=np.tile([low, 4 * low], 200))
    (got,) = train(house, house.head(1), max_iter=5)
    expect(
        abs(got / (2 * low) - 1) < 0.01,
        sent=f"400 houses alike, half of them sold for ${low:,} and half for ${4 * low:,}",
        got=f"${got:,.0f} for one more: {got / low:.2f} times the lower; the higher is {4 * low / got:.2f} times that",
        wanted="twice the same factor",
        look_at="what the trees are given to fit",
    )


@pytest.mark.task("1.5")
def test_codes_are_names(train, alike):
    """a code is a name: one cut can put any areas on either side, and any types of house"""
    for column, names in (("area", sorted(Random(seed()).sample(range(1, 90), 6))), ("use_type", TYPES)):
        dear, cheap = list(names[::2]), list(names[1::2])
        each = np.repeat(names, 60)
        house = alike(360, **{column: each}, sale_price=np.where(np.isin(each, dear), 900_000, 300_000))
        one_of_each = house.drop_duplicates(column)
        got = pd.Series(train(house, one_of_each, max_iter=1, max_leaf_nodes=2), index=one_of_each[column])
        expect(
            bool(got[dear].min() > got[cheap].max()),
            sent=f"one tree with two leaves; {column} {', '.join(map(str, dear))} at $900,000, and "
            f"{', '.join(map(str, cheap))} at $300,000",
            got=", ".join(f"{name}: ${price:,.0f}" for name, price in got.items()),
            look_at="which columns the trees know to be categories",
        )


@pytest.mark.task("1.5")
def test_the_parameters_arrive(train, sales):
    """more leaves and more trees fit the training sales more closely"""
    paid = sales["sale_price"].to_numpy()

    def error(**options):
        return float(np.median(np.abs(train(sales, sales, seed=seed() % 1_000, **options) / paid - 1)))

    small = {"max_leaf_nodes": 4, "max_iter": 10}
    errors = [error(**small), error(**small | {"max_leaf_nodes": 40}), error(**small | {"max_iter": 40})]
    expect(
        errors[1] < errors[0] and errors[2] < errors[0],
        sent="4 leaves and 10 trees, then 40 leaves, then 40 trees",
        got=f"on the training sales an error of {errors[0]:.1%}, then {errors[1]:.1%}, then {errors[2]:.1%}",
        look_at="whether the parameters of build_model reach the trees",
    )
