"""What the checks of lab 01 ask with: real sales, read here by plain pandas and not by the code that is checked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labkit.checks import expect, seed


def pytest_configure(config: pytest.Config) -> None:
    """Know the marks of scikit-learn's own test helpers: skops imports those, and an unknown mark is an error."""
    for mark in ("skip", "skipif", "xfail"):
        config.addinivalue_line("markers", f"{mark}: of scikit-learn's test helpers")


@pytest.fixture(autouse=True)
def chance() -> None:
    """Whoever draws without a seed of their own draws the same again with ``labs check --seed``."""
    np.random.seed(seed() % 2**32)


SEATTLE = Path(__file__).resolve().parents[2] / "data" / "seattle_sales.csv.gz"


@pytest.fixture(scope="session")
def seattle() -> pd.DataFrame:
    """Every sale, one row each, in the dtypes that the product declares."""
    return pd.read_csv(SEATTLE, dtype={"pinx": str, "sale_id": str}, parse_dates=["sale_date"])


@pytest.fixture
def sales(seattle: pd.DataFrame) -> pd.DataFrame:
    """2,400 sales drawn anew in each run, in no order, with the index that they have among all."""
    return seattle.sample(2_400, random_state=seed() % 2**32)


@pytest.fixture
def returned() -> Callable[..., Any]:
    """A function that passes on what the learner's code returned, if it is what a check can go on with."""

    def pass_on(value: Any, kinds: type | tuple[type, ...], sent: str, wanted: str) -> Any:
        what = "None" if value is None else f"an object of type {type(value).__name__}"
        where = "what the function returns, and whether every way through it ends with a return"
        expect(isinstance(value, kinds), sent=sent, got=what, wanted=wanted, look_at=where)
        return value

    return pass_on
