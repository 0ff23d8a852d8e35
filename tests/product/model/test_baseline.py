import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from house_prices.model.baseline import MedianPricePerSquareFoot

HOUSES = pd.DataFrame({"area": [6, 6, 6, 12], "tot_sf": [1000, 2000, 1000, 500]})
PRICES = np.array([100_000.0, 400_000.0, 900_000.0, 50_000.0])


def test_a_house_costs_its_areas_median_rate_times_its_size() -> None:
    baseline = MedianPricePerSquareFoot().fit(HOUSES, PRICES)
    asked = pd.DataFrame({"area": [12, 6], "tot_sf": [1000, 300]})
    assert baseline.predict(asked).tolist() == [100_000.0, 60_000.0]


def test_an_unknown_area_gets_the_rate_of_all_sales() -> None:
    baseline = MedianPricePerSquareFoot().fit(HOUSES, PRICES)
    assert baseline.predict(pd.DataFrame({"area": [23], "tot_sf": [100]})).tolist() == [15_000.0]


def test_prices_are_matched_by_position_not_by_index() -> None:
    shuffled = HOUSES.set_axis([3, 2, 1, 0])
    assert MedianPricePerSquareFoot().fit(shuffled, pd.Series(PRICES)).by_area_.to_dict() == {6: 200.0, 12: 100.0}


def test_it_is_an_estimator_that_can_be_cloned_and_asks_to_be_fitted() -> None:
    with pytest.raises(NotFittedError):
        clone(MedianPricePerSquareFoot().fit(HOUSES, PRICES)).predict(HOUSES)
