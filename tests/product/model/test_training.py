import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from house_prices.model.baseline import MedianPricePerSquareFoot
from house_prices.model.features import FEATURES
from house_prices.model.split import split_by_date
from house_prices.model.training import build_model, train

DIGEST_OF_PREDICTIONS = """
import hashlib
from house_prices.model.sales import load_seattle
from house_prices.model.training import train
sales = load_seattle()
some = sales[sales["sale_date"] < "2010-07-01"]
print(hashlib.sha256(train(some, max_iter=20, seed=3).predict(sales).tobytes()).hexdigest())
"""


def error(sales: pd.DataFrame, predicted: np.ndarray) -> float:
    return float(np.median(np.abs(predicted - sales["sale_price"]) / sales["sale_price"]))


def test_it_beats_the_baseline_on_what_comes_next(seattle: pd.DataFrame) -> None:
    until_2012, _ = split_by_date(seattle, pd.Timestamp("2012-01-01"))
    year_2010, year_2011 = split_by_date(until_2012, pd.Timestamp("2011-01-01"))
    model = train(year_2010)
    baseline = MedianPricePerSquareFoot().fit(year_2010, year_2010["sale_price"])
    assert error(year_2011, model.predict(year_2011)) == pytest.approx(0.118, abs=0.003)
    assert error(year_2011, baseline.predict(year_2011)) == pytest.approx(0.180, abs=0.001)
    assert error(year_2010, model.predict(year_2010)) == pytest.approx(0.071, abs=0.003)


def test_prices_come_back_in_dollars(few_sales: pd.DataFrame) -> None:
    predicted = train(few_sales, max_iter=20).predict(few_sales)
    assert predicted.shape == (len(few_sales),)
    assert 0.9 < np.median(predicted) / few_sales["sale_price"].median() < 1.1


def test_it_learns_from_houses_alone(few_sales: pd.DataFrame) -> None:
    told_more = few_sales.assign(sale_date=few_sales["sale_date"].sample(frac=1, random_state=1).to_numpy())
    np.testing.assert_array_equal(
        train(few_sales, max_iter=5).predict(few_sales), train(told_more, max_iter=5).predict(few_sales)
    )
    assert train(few_sales, max_iter=5).feature_names_in_.tolist() == list(FEATURES)


def test_a_new_process_gives_the_same_predictions_bit_for_bit() -> None:
    digests = {
        subprocess.run([sys.executable, "-c", DIGEST_OF_PREDICTIONS], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_the_number_of_threads_changes_nothing(few_sales: pd.DataFrame) -> None:
    model = build_model(max_iter=10)
    with threadpool_limits(limits=2):
        model.fit(few_sales[list(FEATURES)], few_sales["sale_price"])
    np.testing.assert_array_equal(model.predict(few_sales), train(few_sales, max_iter=10).predict(few_sales))


def test_nothing_is_held_out_above_ten_thousand_rows(seattle: pd.DataFrame) -> None:
    model = train(seattle.iloc[:10_500], max_iter=12)
    assert model.regressor_["trees"].n_iter_ == 12
    assert not model.regressor_["trees"].do_early_stopping_


@pytest.fixture(scope="module")
def trained() -> tuple[object, pd.DataFrame]:
    from house_prices.model.sales import load_seattle

    sales = load_seattle().iloc[:2_000]
    return train(sales, max_iter=30), sales


@settings(max_examples=25)
@given(rows=st.lists(st.integers(0, 1_999), min_size=1, max_size=40))
def test_a_house_costs_the_same_alone_and_in_company(trained: tuple[object, pd.DataFrame], rows: list[int]) -> None:
    model, sales = trained
    together = model.predict(sales.iloc[rows])  # type: ignore[attr-defined]
    alone = [model.predict(sales.iloc[[row]])[0] for row in rows[:5]]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(together[:5], alone)
