"""Sales for the tests of lab 01: the real ones, and small slices of them that train in a moment."""

import pandas as pd
import pytest

from house_prices.model.sales import load_seattle


@pytest.fixture(scope="session")
def _seattle() -> pd.DataFrame:
    return load_seattle()


@pytest.fixture
def seattle(_seattle: pd.DataFrame) -> pd.DataFrame:
    """All 43,313 sales, in the order of the file."""
    return _seattle.copy()


@pytest.fixture
def few_sales(_seattle: pd.DataFrame) -> pd.DataFrame:
    """1,500 sales from 2010 to 2012, in no order."""
    early = _seattle[_seattle["sale_date"] < "2013-01-01"]
    return early.sample(1_500, random_state=7)
