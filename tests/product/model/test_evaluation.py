import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.model.evaluation import (
    METRICS,
    InvalidPredictions,
    by_area,
    by_month,
    by_price_band,
    by_year,
    calibration,
    evaluate,
    evaluate_by,
    feature_importance,
    mean_absolute_error,
    median_absolute_percentage_error,
    records,
    residuals,
    root_mean_squared_log_error,
    share_within,
)
from house_prices.model.features import FEATURES

PAID = [200_000.0, 400_000.0, 500_000.0, 800_000.0]
PREDICTED = [220_000.0, 400_000.0, 400_000.0, 1_000_000.0]  # off by 10, 0, 20 and 25 %


def a_market(sales: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    paid = random.uniform(2e5, 9e5, sales)
    return paid, paid * np.exp(random.normal(0, 0.15, sales))


def test_metrics_of_four_sales_worked_out_by_hand() -> None:
    assert median_absolute_percentage_error(PAID, PREDICTED) == pytest.approx(0.15)
    assert share_within(0.10)(PAID, [221_000, 400_000, 400_000, 1_000_000]) == 0.25
    assert share_within(0.20)(PAID, PREDICTED) == pytest.approx(0.75)
    assert mean_absolute_error(PAID, PREDICTED) == pytest.approx(80_000)
    logs = [np.log(1.1), 0, np.log(0.8), np.log(1.25)]
    assert root_mean_squared_log_error(PAID, PREDICTED) == pytest.approx(np.sqrt(np.mean(np.square(logs))))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize(
    ("paid", "predicted", "message"),
    [
        ([1.0, 2.0], [1.0], r"shape \(2,\) and predictions \(1,\); give one prediction for each sale"),
        ([], [], "no sales to evaluate"),
        ([1.0, np.nan], [1.0, 1.0], "price paid number 2 is nan"),
        ([1.0, 0.0], [1.0, 1.0], "price paid number 2 is 0"),
        ([1.0, 1.0], [-5.0, 1.0], "prediction number 1 is -5; 1 of 2"),
        ([1.0, 1.0], [1.0, np.inf], "prediction number 2 is inf"),
        ([[1.0]], [[1.0]], r"shape \(1, 1\)"),
    ],
)
def test_what_cannot_be_compared_is_refused(metric: Any, paid: Any, predicted: Any, message: str) -> None:
    with pytest.raises(InvalidPredictions, match=message):
        metric(paid, predicted)


@pytest.mark.parametrize("function", [evaluate, residuals, calibration])
def test_a_missing_prediction_is_refused_everywhere(function: Any) -> None:
    with pytest.raises(InvalidPredictions, match="prediction number 3 is nan"):
        function(PAID, [*PREDICTED[:2], np.nan, 1.0])


@settings(max_examples=30, deadline=None)
@given(st.integers(30, 200), st.integers(0, 10_000))
def test_the_interval_holds_the_value_and_the_value_is_the_metric(sales: int, seed: int) -> None:
    paid, predicted = a_market(sales, seed=seed)
    for name, estimate in evaluate(paid, predicted, resamples=100).items():
        assert estimate.value == METRICS[name](paid, predicted)
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    paid, predicted = a_market(2_000)
    losses = np.abs(predicted - paid)
    found = evaluate(paid, predicted, resamples=2_000)["mean_absolute_error"]
    half = 1.96 * losses.std() / np.sqrt(len(losses))
    assert found.high is not None
    assert found.low is not None
    assert found.high - losses.mean() == pytest.approx(half, rel=0.08)
    assert losses.mean() - found.low == pytest.approx(half, rel=0.08)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    paid, predicted = a_market(200)
    assert evaluate(paid, predicted, seed=3) == evaluate(paid, predicted, seed=3)
    assert evaluate(paid, predicted, seed=3) != evaluate(paid, predicted, seed=4)


def test_many_sales_are_drawn_in_parts() -> None:
    paid, predicted = a_market(20_000)
    few, many = (evaluate(paid[:n], predicted[:n], resamples=60)["mean_absolute_error"] for n in (200, 20_000))
    assert few.high is not None
    assert few.low is not None
    assert many.high is not None
    assert many.low is not None
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10, rel=0.4)  # √100


@pytest.mark.parametrize(("sales", "resamples"), [(29, 100), (30, 0)])
def test_no_interval_without_enough_sales_or_draws(sales: int, resamples: int) -> None:
    paid, predicted = a_market(sales)
    assert {(found.low, found.high) for found in evaluate(paid, predicted, resamples=resamples).values()} == {
        (None, None)
    }


def some_sales() -> pd.DataFrame:
    months = ["2012-02-03"] * 40 + ["2012-01-31"] * 29 + ["2011-12-01"] * 1
    paid, _ = a_market(70)
    return pd.DataFrame({"sale_date": pd.to_datetime(months), "sale_price": paid, "area": [7] * 69 + [23]})


def test_each_segment_is_evaluated_on_its_own_sales() -> None:
    sales = some_sales()
    predicted = sales["sale_price"] * np.where(sales["sale_date"] < "2012-02-01", 1.5, 1.1)
    table = evaluate_by(sales, predicted, by_month, resamples=50)
    assert list(table.index) == [pd.Timestamp("2011-12-01"), pd.Timestamp("2012-01-01"), pd.Timestamp("2012-02-01")]
    assert table["sales"].tolist() == [1, 29, 40]
    assert table["median_absolute_percentage_error"].tolist() == pytest.approx([0.5, 0.5, 0.1])
    assert table["small"].tolist() == [True, True, False]
    assert table["mean_absolute_error_low"].isna().tolist() == [True, True, False]
    wanted = evaluate(sales["sale_price"][:40], predicted[:40], resamples=50)["mean_absolute_error"]
    assert table["mean_absolute_error_high"].iloc[2] == wanted.high


def test_predictions_meet_sales_by_position_whatever_the_index_says() -> None:
    sales = some_sales()
    predicted = (sales["sale_price"] * 1.2).to_numpy()
    shuffled = sales.set_index(np.arange(70)[::-1])
    pd.testing.assert_frame_equal(evaluate_by(shuffled, predicted, by_area), evaluate_by(sales, predicted, by_area))


def test_a_new_area_with_one_sale_is_told_as_small() -> None:
    sales = some_sales()
    table = evaluate_by(sales, sales["sale_price"], by_area, resamples=20)
    assert table["small"].to_dict() == {7: False, 23: True}


def test_years_and_price_bands_come_in_their_own_order() -> None:
    prices = [2_000_000, 299_999, 300_000, 1_199_999]
    sales = pd.DataFrame({"sale_price": prices, "sale_date": pd.to_datetime(["2013-05-01"] * 2 + ["2012-05-01"] * 2)})
    assert list(evaluate_by(sales, prices, by_year).index) == [2012, 2013]
    assert list(evaluate_by(sales, prices, by_price_band).index) == [
        "under $300,000",
        "$300,000 to 450,000",
        "$800,000 to 1,200,000",
        "$1,200,000 and more",
    ]


def test_segments_without_sales_are_refused() -> None:
    with pytest.raises(InvalidPredictions, match="no sales to evaluate"):
        evaluate_by(some_sales().iloc[:0], [], by_month)


def test_residuals_are_positive_where_the_house_fetched_more() -> None:
    assert residuals([110.0, 90.0], [100.0, 100.0]) == pytest.approx([np.log(1.1), np.log(0.9)])


def test_calibration_finds_a_market_that_pays_a_tenth_more() -> None:
    paid, predicted = a_market(1_000)
    table = calibration(predicted * 1.1, predicted)
    assert table["sales"].tolist() == [100] * 10
    assert table["paid_over_predicted"].tolist() == pytest.approx([1.1] * 10)
    assert table["predicted"].is_monotonic_increasing
    assert len(calibration(paid, predicted, bins=3)) == 3


def test_calibration_groups_by_the_prediction_never_by_the_price_paid() -> None:
    table = calibration([4e5, 3e5, 2e5, 1e5], [1e5, 2e5, 3e5, 4e5], bins=2)
    assert table["predicted"].tolist() == [150_000, 350_000]
    assert table["paid"].tolist() == [350_000, 150_000]


@pytest.mark.parametrize("bins", [0, 5])
def test_bins_that_cannot_be_filled_are_refused(bins: int) -> None:
    with pytest.raises(InvalidPredictions, match=f"4 sales cannot fill {bins} bins; ask for 1 to 4"):
        calibration(PAID, PREDICTED, bins=bins)


class SizeOnly:
    """A model that looks at the living area alone."""

    def fit(self, houses: pd.DataFrame, prices: pd.Series) -> "SizeOnly":
        return self

    def predict(self, houses: pd.DataFrame) -> np.ndarray:
        return np.asarray(200.0 * houses["tot_sf"])


def test_only_what_the_model_looks_at_is_important(few_sales: pd.DataFrame) -> None:
    sales = few_sales.assign(sale_price=200.0 * few_sales["tot_sf"])
    table = feature_importance(SizeOnly(), sales, repeats=2, most=300)
    assert table.index[0] == "tot_sf"
    assert table.loc["tot_sf", "increase"] > 0.1
    assert set(table.index) == set(FEATURES)
    assert (table["increase"].iloc[1:] == 0).all()
    pd.testing.assert_frame_equal(table, feature_importance(SizeOnly(), sales, repeats=2, most=300))


def test_tables_become_json_with_null_for_no_interval() -> None:
    sales = some_sales()
    rows = json.loads(json.dumps(records(evaluate_by(sales, sales["sale_price"], by_month)), allow_nan=False))
    assert rows[0]["segment"] == "2011-12-01"
    assert rows[0]["sales"] == 1
    assert rows[0]["small"] is True
    assert rows[0]["mean_absolute_error_low"] is None
    assert rows[2]["share_within_10_percent"] == 1.0
