"""What `data/README.md` tells of the sales, asked of the sales themselves."""

import re
from pathlib import Path

import pandas as pd
import pytest

from house_prices.model.columns import SALE_COLUMNS, Column
from house_prices.model.sales import SEATTLE_SHA256, load_seattle

README = Path(__file__).parents[3] / "data" / "README.md"


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    return load_seattle()


@pytest.fixture(scope="module")
def resold(sales: pd.DataFrame) -> pd.DataFrame:
    """The sales of properties that were sold more than once."""
    return sales[sales["pinx"].duplicated(keep=False)]


def table() -> dict[str, list[str]]:
    """Return the cells of the README's table of columns, by the name of the column."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def observed(column: Column, values: pd.Series) -> str:
    """Return what the README says of a column's values: their range, their words, or how many there are."""
    if column.categories is not None:
        return ", ".join(f"{word} {count:,}" for word, count in values.value_counts().items())
    if column.kind == "text":
        return f"{values.nunique():,} different"
    if column.kind == "date":
        return f"{values.min():%Y-%m-%d} … {values.max():%Y-%m-%d}"
    decimals = {"longitude": ".4f", "latitude": ".4f", "baths": ",g"}.get(column.name, ",")
    text = f"{values.min():{decimals}} … {values.max():{decimals}}"
    return f"{values.nunique()} codes, {text}" if column.kind == "category" else text


def test_the_readme_lists_the_columns_in_the_order_of_the_file() -> None:
    assert list(table()) == [column.name for column in SALE_COLUMNS]


@pytest.mark.parametrize("column", SALE_COLUMNS, ids=lambda column: column.name)
def test_the_readme_tells_what_the_code_declares_and_the_file_holds(sales: pd.DataFrame, column: Column) -> None:
    meaning, unit, values, rule = table()[column.name]
    assert meaning == column.meaning
    assert unit == (column.unit or "–")
    assert values == observed(column, sales[column.name])
    assert rule == column.rule.removesuffix(f" ({column.unit})")


def test_the_readme_tells_the_checksum() -> None:
    assert SEATTLE_SHA256 in README.read_text(encoding="utf-8")


def test_there_are_43313_sales_in_seven_years(sales: pd.DataFrame) -> None:
    by_year = sales.groupby(sales["sale_date"].dt.year).size().to_dict()
    assert by_year == {2010: 4501, 2011: 4007, 2012: 5258, 2013: 6809, 2014: 6986, 2015: 7648, 2016: 8104}
    told = dict(re.findall(r"^\| (20\d\d) \| ([\d,]+) \|$", README.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert told == {str(year): f"{count:,}" for year, count in by_year.items()}
    assert len(sales) == 43_313


def test_nothing_is_missing(sales: pd.DataFrame) -> None:
    assert not sales.isna().any(axis=None)


def test_the_file_is_not_in_date_order(sales: pd.DataFrame) -> None:
    assert not sales["sale_date"].is_monotonic_increasing


def test_the_lowest_price_lies_just_above_150000_dollars(sales: pd.DataFrame) -> None:
    assert sales["sale_price"].min() == 150_337
    assert (sales["sale_price"] < 160_000).sum() == 65


def test_five_houses_have_no_bedroom(sales: pd.DataFrame) -> None:
    assert (sales["beds"] == 0).sum() == 5


def test_247_sales_are_on_the_waterfront(sales: pd.DataFrame) -> None:
    assert (sales["wfnt"] == 1).sum() == 247


def test_4703_properties_were_sold_more_than_once(resold: pd.DataFrame) -> None:
    assert resold["pinx"].nunique() == 4_703
    assert len(resold) == 9_765


def test_a_resold_house_never_changes(resold: pd.DataFrame) -> None:
    """what is known of a house is what was known when the data were extracted, not when it was sold"""
    of_the_house = [
        "use_type",
        "area",
        "lot_sf",
        "wfnt",
        "bldg_grade",
        "tot_sf",
        "beds",
        "baths",
        "longitude",
        "latitude",
    ]
    assert (resold.groupby("pinx")[of_the_house].nunique() == 1).all(axis=None)


@pytest.mark.parametrize("age", ["age", "eff_age"])
def test_ages_of_a_resold_house_grow_with_the_calendar_year_only(resold: pd.DataFrame, age: str) -> None:
    began = resold["sale_date"].dt.year - resold[age]
    assert (began.groupby(resold["pinx"]).nunique() == 1).all()


def test_2917_houses_are_renovated(sales: pd.DataFrame) -> None:
    assert (sales["eff_age"] < sales["age"]).sum() == 2_917
    assert (sales["eff_age"] <= sales["age"]).all()


def test_136_rows_repeat_a_property_and_day_and_123_of_them_the_price_too(sales: pd.DataFrame) -> None:
    assert sales.duplicated(["pinx", "sale_date"]).sum() == 136
    assert sales.duplicated(["pinx", "sale_date", "sale_price"]).sum() == 123


def test_area_23_has_one_sale_and_that_in_2016(sales: pd.DataFrame) -> None:
    assert list(sales.loc[sales["area"] == 23, "sale_date"]) == [pd.Timestamp("2016-08-26")]
    others = sales[sales["area"] != 23]
    assert (others.groupby("area")["sale_date"].min() < pd.Timestamp("2011-01-01")).all()


def test_baths_come_in_quarters(sales: pd.DataFrame) -> None:
    assert (sales["baths"] * 4 % 1 == 0).all()


def test_ids_have_the_shape_that_is_told(sales: pd.DataFrame) -> None:
    assert sales["pinx"].str.fullmatch(r"\.\.[0-9]{10}").all()
    assert sales["sale_id"].str.fullmatch(r"20[0-9]{2}\.\.[0-9]+").all()
    assert (sales["sale_id"].str[:4].astype(int) == sales["sale_date"].dt.year).all()
