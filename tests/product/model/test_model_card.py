from itertools import pairwise
from pathlib import Path

import pandas as pd

from house_prices.model.manifest import Code, Interval
from house_prices.model.model_card import write_card
from tests.product.model.test_manifest import manifest_of


def card_of(path: Path, sales: pd.DataFrame, **changes: object) -> str:
    write_card(path, manifest_of(sales, **changes))
    return path.read_text("utf-8")


def test_figures_come_with_their_intervals(few_sales: pd.DataFrame, tmp_path: Path) -> None:
    interval = Interval(value=0.111, low=0.107, high=0.114)
    error = {"median_absolute_percentage_error": interval, "mean_absolute_error": Interval(value=73_275.4)}
    card = card_of(tmp_path / "card.md", few_sales, metrics={"2012": error})
    assert "| 2012 | 11.1 % [10.7 %, 11.4 %] | – | – | $73,275 | – |" in card


def test_inputs_are_listed_with_what_was_seen_and_what_is_allowed(few_sales: pd.DataFrame, tmp_path: Path) -> None:
    card = card_of(tmp_path / "card.md", few_sales)
    sizes = few_sales["tot_sf"]
    assert f"| `tot_sf` | square feet | {sizes.min():,} … {sizes.max():,} | 100 … 50,000 |" in card
    assert "| `use_type` | – | sfr, townhouse | these |" in card
    assert "any, 1 … 999 |" in card
    assert "100 … 10,000,000 |" in card


def test_words_from_outside_stay_inside_their_cell(few_sales: pd.DataFrame, tmp_path: Path) -> None:
    card = card_of(tmp_path / "card.md", few_sales, code=Code(version="1 | <b>2</b>\n3", commit=None))
    assert r"| Code | version 1 \| \<b\>2\</b\> 3 |" in card


def test_every_table_row_has_the_columns_of_its_head(few_sales: pd.DataFrame, tmp_path: Path) -> None:
    lines = card_of(tmp_path / "card.md", few_sales).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) > 15
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.replace(r"\|", "").count("|") == below.replace(r"\|", "").count("|")
