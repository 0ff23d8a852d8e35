import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from house_prices.model.split import EmptySplit, split_by_date, temporal_folds

DATES = st.lists(
    st.dates(pd.Timestamp("2010-01-01").date(), pd.Timestamp("2010-12-31").date()), min_size=1, max_size=60
)


def on(dates: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"sale_date": pd.to_datetime(dates), "sale_id": range(len(dates))})


@given(DATES, st.dates(pd.Timestamp("2010-01-01").date(), pd.Timestamp("2010-12-31").date()))
def test_every_sale_lands_on_the_side_of_its_date(dates: list[object], day: object) -> None:
    sales, cutoff = on(dates), pd.Timestamp(str(day))
    try:
        earlier, later = split_by_date(sales, cutoff)
    except EmptySplit:
        assert (sales["sale_date"] < cutoff).all() or (sales["sale_date"] >= cutoff).all()
        return
    assert (earlier["sale_date"] < cutoff).all()
    assert (later["sale_date"] >= cutoff).all()
    assert sorted([*earlier["sale_id"], *later["sale_id"]]) == list(range(len(dates)))
    assert earlier["sale_date"].is_monotonic_increasing
    assert later["sale_date"].is_monotonic_increasing


def test_sales_of_one_day_keep_their_order() -> None:
    earlier, _ = split_by_date(on(["2010-02-01", "2010-01-05", "2010-01-05", "2010-01-05"]), pd.Timestamp("2010-02-01"))
    assert earlier["sale_id"].tolist() == [1, 2, 3]


def test_the_sales_given_are_left_as_they_were() -> None:
    sales = on(["2010-02-01", "2010-01-05"])
    before = sales.copy()
    split_by_date(sales, pd.Timestamp("2010-02-01"))
    pd.testing.assert_frame_equal(sales, before)


@pytest.mark.parametrize(
    ("dates", "cutoff", "message"),
    [
        (
            ["2010-03-01", "2010-04-01"],
            "2010-03-01",
            "no sales before: the cutoff is 2010-03-01, the sales run from 2010-03-01 to 2010-04-01",
        ),
        (["2010-03-01", "2010-04-01"], "2010-04-02", "no sales from that day on: the cutoff is 2010-04-02"),
        ([], "2010-04-02", "there are no sales to split at 2010-04-02"),
    ],
)
def test_an_empty_side_is_refused_by_its_dates(dates: list[object], cutoff: str, message: str) -> None:
    with pytest.raises(EmptySplit, match=message):
        split_by_date(on(dates), pd.Timestamp(cutoff))


@given(DATES, st.integers(1, 5))
def test_folds_train_on_all_that_is_older_and_on_nothing_else(dates: list[object], folds: int) -> None:
    sales = on(dates)
    try:
        pairs = list(temporal_folds(sales, folds))
    except EmptySplit:
        assert sales["sale_date"].nunique() <= len(sales)
        return
    assert len(pairs) == folds
    for train, test in pairs:
        assert sales["sale_date"].iloc[train].max() < sales["sale_date"].iloc[test].min()
        older = sales["sale_date"] < sales["sale_date"].iloc[test].min()
        assert set(train) == set(np.flatnonzero(older))
    tested = np.concatenate([test for _, test in pairs])
    assert len(set(tested)) == len(tested)
    assert set(tested) | set(pairs[0][0]) == set(range(len(sales)))


def test_distinct_days_always_suffice_for_folds() -> None:
    days = on(list(pd.date_range("2010-01-01", periods=5)))
    assert [test.tolist() for _, test in temporal_folds(days, 4)] == [[1], [2], [3], [4]]


def test_too_few_days_for_the_folds_are_named() -> None:
    with pytest.raises(EmptySplit, match="3 sales on 1 days cannot make 2 folds"):
        list(temporal_folds(on(["2010-01-05"] * 3), 2))
