import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from house_prices.model.complexity import (
    Curve,
    NotEnoughSales,
    bias_and_variance,
    choose_complexity,
    learning_curve,
    validation_curve,
)
from house_prices.model.evaluation import median_absolute_percentage_error
from house_prices.model.features import FEATURES
from house_prices.model.split import EmptySplit, split_by_date, temporal_folds
from house_prices.model.training import train


def curve(later: Sequence[tuple[float, ...]], training: Sequence[tuple[float, ...]] | None = None) -> Curve:
    values = (2, 8, 31, 127)[: len(later)]
    return Curve("max_leaf_nodes", values, tuple(training or later), tuple(later))


def test_the_simplest_within_one_standard_error_of_the_best_is_chosen() -> None:
    # The best is 31 with a mean of 0.10 and a standard error of 0.01 (0.08, 0.10, 0.12 over √3 is 0.0115).
    best = (0.08, 0.10, 0.12)
    assert choose_complexity(curve([(0.2,) * 3, (0.111,) * 3, best, (0.105,) * 3])) == 8
    assert choose_complexity(curve([(0.2,) * 3, (0.112,) * 3, best, (0.105,) * 3])) == 31
    assert choose_complexity(curve([(0.11,) * 3, (0.112,) * 3, best, (0.105,) * 3])) == 2


def test_the_training_error_has_no_say_in_the_choice() -> None:
    later = [(0.12, 0.12), (0.10, 0.10), (0.11, 0.11), (0.13, 0.13)]
    assert choose_complexity(curve(later, training=[(0.4, 0.4), (0.3, 0.3), (0.2, 0.2), (0.0, 0.0)])) == 8


def test_validation_curve_asks_by_temporal_folds(few_sales: pd.DataFrame) -> None:
    found = validation_curve(few_sales, leaves=(2, 40), folds=2)
    past, after = (few_sales.iloc[rows] for rows in list(temporal_folds(few_sales, 2))[1])
    model = train(past, max_leaf_nodes=40)
    for errors, sales in ((found.training, past), (found.later, after)):
        wanted = median_absolute_percentage_error(sales["sale_price"], model.predict(sales[list(FEATURES)]))
        assert errors[1][1] == wanted
    assert found.values == (2, 40)
    assert np.shape(found.training) == np.shape(found.later) == (2, 2)


def test_both_errors_part_as_trees_grow(few_sales: pd.DataFrame) -> None:
    found = validation_curve(few_sales, leaves=(2, 40), folds=2)
    gaps = found.mean_later - found.mean_training
    assert gaps[1] > gaps[0] > 0


def test_mean_and_standard_error_are_over_the_folds() -> None:
    found = curve([(0.1, 0.3)], training=[(0.0, 0.1)])
    assert found.mean_later == pytest.approx([0.2])
    assert found.mean_training == pytest.approx([0.05])
    assert found.standard_error_later == pytest.approx([0.1])


def test_both_errors_close_in_as_sales_grow(few_sales: pd.DataFrame) -> None:
    found = learning_curve(few_sales, sizes=(100, 700), folds=2)
    assert found.parameter == "training_sales"
    assert found.mean_later[1] < found.mean_later[0]
    assert (found.mean_later > found.mean_training).all()
    assert found == learning_curve(few_sales, sizes=(100, 700), folds=2)


def test_a_size_beyond_the_first_fold_is_refused(few_sales: pd.DataFrame) -> None:
    with pytest.raises(NotEnoughSales, match=r"the first fold has \d+ sales .* asks for 5000; bring more"):
        learning_curve(few_sales, sizes=(100, 5_000), folds=2)


def test_too_few_days_for_the_folds_are_refused(few_sales: pd.DataFrame) -> None:
    with pytest.raises(EmptySplit):
        validation_curve(few_sales.head(3), leaves=(2,), folds=3)


def test_flexible_models_vary_more_and_the_parts_add_up(few_sales: pd.DataFrame) -> None:
    past, after = split_by_date(few_sales, pd.Timestamp("2012-01-01"))
    stiff, flexible = bias_and_variance(
        past, after, models=[("stiff", 2), ("flexible", 40)], resamples=3, rows=600, houses=200
    )
    assert flexible.variance > 1.5 * stiff.variance
    assert 0 < flexible.bias_squared < stiff.bias_squared

    random = np.random.default_rng(0)
    draws = random.integers(0, len(past), (3, 600))
    asked = after.iloc[random.permutation(len(after))[:200]]
    logs = [np.log(train(past.iloc[draw], max_leaf_nodes=2).predict(asked[list(FEATURES)])) for draw in draws]
    error = np.mean((np.array(logs) - np.log(asked["sale_price"].to_numpy())) ** 2)
    assert stiff.variance == pytest.approx(np.var(logs, axis=0, ddof=1).mean())
    assert stiff.bias_squared + stiff.variance == pytest.approx(error)


@pytest.mark.parametrize(("past", "after"), [(0, 5), (5, 0)])
def test_an_empty_period_cannot_be_taken_apart(few_sales: pd.DataFrame, past: int, after: int) -> None:
    with pytest.raises(NotEnoughSales, match=f"{past} past and {after} later sales"):
        bias_and_variance(few_sales.head(past), few_sales.head(after), models=[("stiff", 2)])


def test_a_curve_becomes_json() -> None:
    assert json.loads(json.dumps(curve([(0.1, 0.3)]).to_dict())) == {
        "parameter": "max_leaf_nodes",
        "values": [2],
        "training": [[0.1, 0.3]],
        "later": [[0.1, 0.3]],
    }
