"""A forest gives what scikit-learn gives, to the last bit, whatever it is asked."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.ensemble import HistGradientBoostingRegressor

from house_prices.serving.forest import Forest

CODES = 7
COLUMNS = 5


def fitted(**options: Any) -> HistGradientBoostingRegressor:
    """A model of two categories and three numbers, all of which were missing at times."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, COLUMNS))
    rows[:, :2] = rng.integers(0, CODES, size=(600, 2))
    target = rows[:, 2] * (rows[:, 0] % 3) + rows[:, 3] ** 2 + (rows[:, 1] == 4)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return HistGradientBoostingRegressor(
        **{"categorical_features": [0, 1], "max_iter": 20, "random_state": 0} | options
    ).fit(rows, np.abs(target))


MODEL = fitted()
code = st.one_of(st.integers(0, CODES - 1).map(float), st.just(np.nan))
row = st.tuples(code, code, *[st.floats(width=64)] * 3)


@given(st.lists(row, min_size=1, max_size=40))
def test_each_row_gets_the_models_own_value(rows: list[tuple[float, ...]]) -> None:
    assert Forest(MODEL).agrees(MODEL, np.array(rows))


@given(arrays(np.float64, (30, COLUMNS), elements=st.sampled_from([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 5e-324])))
def test_values_at_the_edge_go_where_they_should(rows: np.ndarray[Any, Any]) -> None:
    rows[:, :2] = np.where(np.isfinite(rows[:, :2]), np.abs(rows[:, :2]).round(), np.nan)
    assert Forest(MODEL).agrees(MODEL, rows)


def test_a_value_that_is_a_threshold_goes_the_way_of_the_lower_ones() -> None:
    nodes = np.concatenate([tree.nodes for (tree,) in MODEL._predictors])
    asked = nodes[(nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 0)]
    rows = np.zeros((len(asked), COLUMNS))
    rows[np.arange(len(asked)), asked["feature_idx"]] = asked["num_threshold"]
    assert Forest(MODEL).agrees(MODEL, rows)


@pytest.mark.parametrize("options", [{"max_leaf_nodes": 2}, {"max_depth": 1}, {"categorical_features": None}])
def test_other_shapes_of_trees(options: dict[str, Any]) -> None:
    model = fitted(**options)
    codes = np.resize(np.arange(float(CODES)), (50, 2))
    rows = np.column_stack([codes, np.linspace(-3, 3, 150).reshape(50, 3)])
    assert Forest(model).agrees(model, rows)


def test_a_single_leaf_is_a_tree() -> None:
    model = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=1_000).fit(np.ones((50, 2)), np.arange(50.0))
    assert Forest(model).agrees(model, np.zeros((2, 2)))


def test_it_says_so_where_it_differs() -> None:
    poisson = fitted(loss="poisson")  # its predict puts the exponential behind the sum
    assert not Forest(poisson).agrees(poisson, np.zeros((1, COLUMNS)))
