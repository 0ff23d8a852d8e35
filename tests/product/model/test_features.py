import numpy as np
import pandas as pd

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.features import CATEGORIES, FEATURES, NUMBERS, feature_step


def test_the_model_uses_what_describes_a_house_and_nothing_of_its_sale() -> None:
    assert set(FEATURES) == {column.name for column in HOUSE_COLUMNS}


def test_numbers_pass_as_they_are_and_categories_become_codes(few_sales: pd.DataFrame) -> None:
    made = feature_step().fit_transform(few_sales)
    assert made.shape == (len(few_sales), len(FEATURES))
    np.testing.assert_array_equal(made[:, len(CATEGORIES) :], few_sales[list(NUMBERS)].to_numpy(dtype=float))
    areas = sorted(few_sales["area"].unique())
    assert [areas[int(code)] for code in made[:, 0]] == few_sales["area"].tolist()


def test_a_category_never_seen_is_a_missing_value(few_sales: pd.DataFrame) -> None:
    step = feature_step().fit(few_sales[few_sales["area"] != 44])
    made = step.transform(few_sales)
    np.testing.assert_array_equal(np.isnan(made[:, 0]), few_sales["area"] == 44)


def test_columns_are_found_by_name(few_sales: pd.DataFrame) -> None:
    step = feature_step().fit(few_sales)
    backwards = few_sales[few_sales.columns[::-1]]
    np.testing.assert_array_equal(step.transform(few_sales), step.transform(backwards))
