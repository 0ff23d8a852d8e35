"""What `sales` reads, and every kind of file that it refuses, with the message."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house_prices.model import sales
from house_prices.model.columns import HOUSE_COLUMNS, SALE_COLUMNS, Column
from house_prices.model.errors import HousePricesError
from house_prices.model.sales import (
    SEATTLE_SHA256,
    InvalidSales,
    Problem,
    _checks,
    load_seattle,
    parse_rows,
    read_sales,
)

SALE = {
    "pinx": "..0001800010",
    "sale_id": "2013..2432",
    "sale_price": "289000",
    "sale_date": "2013-02-06",
    "use_type": "sfr",
    "area": "79",
    "lot_sf": "9295",
    "wfnt": "0",
    "bldg_grade": "7",
    "tot_sf": "2560",
    "beds": "6",
    "baths": "5.5",
    "age": "98",
    "eff_age": "6",
    "longitude": "-122.312491367052",
    "latitude": "47.5613803736604",
}
NAMES = [column.name for column in SALE_COLUMNS]


def sale(number: int = 1, **cells: str) -> dict[str, str]:
    return SALE | {"sale_id": f"2013..{number}"} | cells


def csv_text(*sales: dict[str, str]) -> str:
    """Return sales as a CSV file; its header are the columns of the first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(sales[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sales)
    return text.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


def refusal(path: Path, content: str | bytes) -> InvalidSales:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InvalidSales) as refused:
        read_sales(path)
    assert str(refused.value).startswith(f"{path}: ")
    return refused.value


def problems(path: Path, content: str | bytes) -> list[str]:
    return [str(problem) for problem in refusal(path, content).problems]


# What is read


def test_a_sale_is_read_into_declared_types(path: Path) -> None:
    path.write_text(csv_text(sale()))
    sales = read_sales(path)
    assert list(sales.columns) == NAMES
    assert {name: str(dtype) for name, dtype in sales.dtypes.items()} == {
        column.name: column.dtype for column in SALE_COLUMNS
    }
    row = sales.iloc[0]
    assert row["sale_date"] == pd.Timestamp("2013-02-06")
    assert (row["sale_price"], row["baths"], row["use_type"]) == (289_000, 5.5, "sfr")


def test_numbers_are_read_exactly(path: Path) -> None:
    path.write_text(csv_text(sale(longitude="-122.312491367052", latitude="47.61380373660412")))
    assert read_sales(path)["latitude"].item() == 47.61380373660412


def test_a_path_may_be_text(path: Path) -> None:
    path.write_text(csv_text(sale()))
    assert len(read_sales(str(path))) == 1


def test_gzip_is_known_by_its_content_whatever_the_name(path: Path) -> None:
    path.write_bytes(gzip.compress(csv_text(sale()).encode()))
    assert len(read_sales(path)) == 1


def test_the_byte_order_mark_of_a_spreadsheet_is_no_part_of_the_header(path: Path) -> None:
    path.write_text(csv_text(sale()), encoding="utf-8-sig")
    assert list(read_sales(path).columns) == NAMES


def test_line_ends_of_windows_and_blank_lines_are_read(path: Path) -> None:
    path.write_bytes(csv_text(sale(1), sale(2)).replace("\n", "\r\n\r\n").encode())
    assert len(read_sales(path)) == 2


def test_columns_may_come_in_any_order(path: Path) -> None:
    path.write_text(csv_text(dict(reversed(sale().items()))))
    assert list(read_sales(path).columns) == NAMES


def test_columns_that_are_not_declared_are_left_out(path: Path) -> None:
    path.write_text(csv_text(sale() | {"colour": "green"}))
    assert list(read_sales(path).columns) == NAMES


def test_an_area_never_seen_before_is_no_error(path: Path) -> None:
    path.write_text(csv_text(sale(area="99")))
    assert read_sales(path)["area"].item() == 99


def test_a_sale_of_today_is_no_sale_of_the_future(path: Path) -> None:
    path.write_text(csv_text(sale(sale_date=date.today().isoformat())))
    assert len(read_sales(path)) == 1


# Files that are refused as a whole


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(InvalidSales, match="got no such file or directory, wanted a file that can be read\nCheck the"):
        read_sales(path)


def test_a_folder(path: Path) -> None:
    path.mkdir()
    with pytest.raises(InvalidSales, match="got is a directory, wanted a file that can be read"):
        read_sales(path)


def test_an_empty_file(path: Path) -> None:
    assert problems(path, "") == ["file: got an empty file, wanted a header and at least one sale"]


def test_an_empty_file_named_as_gzip(tmp_path: Path) -> None:
    assert problems(tmp_path / "sales.csv.gz", b"") == [
        "file: got an empty file, wanted a header and at least one sale"
    ]


def test_a_header_without_rows(path: Path) -> None:
    assert problems(path, ",".join(NAMES) + "\n") == ["file: got a header and no row, wanted at least one sale"]


@pytest.mark.parametrize("left", [10, 60, -9, -1])
def test_a_truncated_gzip(tmp_path: Path, left: int) -> None:
    content = gzip.compress(csv_text(sale()).encode())
    assert problems(tmp_path / "sales.csv.gz", content[:left]) == [
        "file: got a gzip stream that breaks off, wanted a complete one"
    ]


def test_a_gzip_with_a_flipped_bit(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(csv_text(sale()).encode()))
    content[-6] ^= 1  # in the checksum
    assert problems(tmp_path / "sales.csv.gz", bytes(content)) == [
        "file: got no valid gzip stream, wanted one, as its name or its first bytes promise"
    ]


def test_plain_text_named_as_gzip(tmp_path: Path) -> None:
    assert problems(tmp_path / "sales.csv.gz", csv_text(sale())) == [
        "file: got no valid gzip stream, wanted one, as its name or its first bytes promise"
    ]


def test_bytes_that_are_not_utf8(path: Path) -> None:
    content = csv_text(sale(1), sale(2, pinx="caf\xe9")).encode("latin-1")
    assert problems(path, content) == ["file: got byte 0xe9 on line 3, wanted text in UTF-8"]


def test_a_quote_that_never_closes(path: Path) -> None:
    content = csv_text(sale(1), sale(2)) + '"'
    assert problems(path, content) == ["file: got unexpected end of data on line 4, wanted a CSV file"]


def test_a_missing_column(path: Path) -> None:
    row = sale()
    del row["tot_sf"]
    assert problems(path, csv_text(row)) == ["column tot_sf: got none, wanted one of this name"]


def test_another_separator_misses_every_column(path: Path) -> None:
    assert len(problems(path, csv_text(sale()).replace(",", ";"))) == len(NAMES)


def test_a_column_that_is_there_twice(path: Path) -> None:
    content = csv_text(sale() | {"again": "1"}).replace("again", "tot_sf")
    assert problems(path, content) == ["column tot_sf: got 2, wanted one of this name"]


# Rows that are refused


def test_a_row_with_a_field_too_few(path: Path) -> None:
    content = csv_text(sale(1), sale(2)).rsplit(",", 1)[0]
    assert problems(path, content) == ["row 2: got 15 fields, wanted 16, as in the header"]


def test_a_row_with_a_field_too_many(path: Path) -> None:
    content = csv_text(sale(1), sale(2)).rstrip() + ",7"
    assert problems(path, content) == ["row 2: got 17 fields, wanted 16, as in the header"]


def test_ragged_rows_do_not_hide_or_renumber_the_others(path: Path) -> None:
    content = csv_text(sale(1, beds=""), sale(2), sale(3, beds="x"))
    content = content.replace("2013..2,", "2013..2,,")
    assert problems(path, content) == [
        "row 1, beds: got an empty cell, wanted a whole number from 0 to 30 (rooms)",
        "row 2: got 17 fields, wanted 16, as in the header",
        "row 3, beds: got 'x', wanted a whole number from 0 to 30 (rooms)",
    ]


def cell_problem(path: Path, column: str, value: str) -> str:
    """Return the one problem of a file whose second row has ``value``, without its place, having checked that."""
    [problem] = refusal(path, csv_text(sale(1), sale(2, **{column: value}), sale(3))).problems
    assert (problem.row, problem.column, problem.value) == (2, column, value)
    where, what = str(problem).split(": ", 1)
    assert where == f"row 2, {column}"
    return what


def test_text_in_a_price(path: Path) -> None:
    assert cell_problem(path, "sale_price", "cheap") == (
        "got 'cheap', wanted a whole number from 1 to 99,999,999 (dollars)"
    )


def test_a_price_of_zero(path: Path) -> None:
    assert cell_problem(path, "sale_price", "0") == "got '0', wanted a whole number from 1 to 99,999,999 (dollars)"


def test_a_negative_living_area(path: Path) -> None:
    assert cell_problem(path, "tot_sf", "-2560") == (
        "got '-2560', wanted a whole number from 100 to 50,000 (square feet)"
    )


def test_a_date_in_2035(path: Path) -> None:
    assert cell_problem(path, "sale_date", "2035-01-01") == (
        "got '2035-01-01', wanted a date YYYY-MM-DD from 1990-01-01 to today"
    )


def test_a_date_of_tomorrow(path: Path) -> None:
    tomorrow = (date.today() + timedelta(days=1)).isoformat()
    assert cell_problem(path, "sale_date", tomorrow).endswith("to today")


@pytest.mark.parametrize(
    "value",
    ["1989-12-31", "0001-01-01", "9999-12-31", "2012-02-30", "2012-13-01", "20120203", "2012-W05-5", "02/03/12"],
)
def test_a_date_that_is_none_or_out_of_bounds(path: Path, value: str) -> None:
    assert cell_problem(path, "sale_date", value) == (
        f"got {value!r}, wanted a date YYYY-MM-DD from 1990-01-01 to today"
    )


@pytest.mark.parametrize("value", ["3.0", "1e1", " 3", "3 ", "+3", "1_0", "٣", "nan", "99999999999999999999"])
def test_a_count_that_is_not_plain_digits(path: Path, value: str) -> None:
    assert cell_problem(path, "beds", value) == f"got {value!r}, wanted a whole number from 0 to 30 (rooms)"


@pytest.mark.parametrize("value", ["nan", "NaN", "NA", "inf", "-inf", "1e400", "two", "1,5", "0x1p1", "1_0", "5.", "."])
def test_a_number_that_is_none(path: Path, value: str) -> None:
    assert cell_problem(path, "baths", value) == f"got {value!r}, wanted a number from 0 to 30 (rooms)"


@pytest.mark.parametrize("column", SALE_COLUMNS, ids=lambda column: column.name)
def test_an_empty_cell(path: Path, column: Column) -> None:
    assert cell_problem(path, column.name, "") == f"got an empty cell, wanted {column.rule}"


def test_a_type_of_house_that_is_not_declared(path: Path) -> None:
    assert cell_problem(path, "use_type", "castle") == "got 'castle', wanted one of sfr, townhouse"


def test_a_place_outside_the_county(path: Path) -> None:
    assert cell_problem(path, "longitude", "122.31") == "got '122.31', wanted a number from -122.6 to -121.0 (degrees)"


def test_a_sale_that_is_there_twice(path: Path) -> None:
    assert cell_problem(path, "sale_id", "2013..1") == "got '2013..1', wanted a value that no earlier row has"


def test_a_renovation_before_construction(path: Path) -> None:
    assert cell_problem(path, "eff_age", "99") == "got '99', wanted no more than the age of the same row"


def test_an_age_that_cannot_be_read_hides_no_renovation_before_construction(path: Path) -> None:
    content = csv_text(sale(1, age="old"), sale(2, eff_age="99"))
    assert [problem.split(":")[0] for problem in problems(path, content)] == ["row 1, age", "row 2, eff_age"]


def test_a_cell_that_breaks_two_rules_is_told_once(path: Path) -> None:
    assert cell_problem(path, "eff_age", "201") == "got '201', wanted a whole number from 0 to 200 (years)"


@pytest.mark.parametrize("value", ["x" * 65, "..00018\x00", "..00018\n10"])
def test_text_that_is_too_long_or_not_printable(path: Path, value: str) -> None:
    assert cell_problem(path, "pinx", value).endswith("wanted 1 to 64 printable characters")


def test_a_long_value_is_cut_in_the_message_and_whole_in_the_problem(path: Path) -> None:
    assert cell_problem(path, "beds", "x" * 1000) == f"got '{'x' * 39}…', wanted a whole number from 0 to 30 (rooms)"


@pytest.mark.parametrize(
    ("column", "limit", "beyond"),
    [
        (column.name, str(limit), str(limit + step))
        for column in SALE_COLUMNS
        for limit, step in ((column.minimum, -1), (column.maximum, 1))
        if isinstance(limit, int | float)
    ],
)
def test_limits_are_included_and_what_lies_beyond_is_not(path: Path, column: str, limit: str, beyond: str) -> None:
    house = SALE | {"age": "200", "eff_age": "0"}
    path.write_text(csv_text(house | {column: limit}))
    assert len(read_sales(path)) == 1
    first, *_ = refusal(path, csv_text(house | {column: beyond})).problems
    assert (first.column, first.value) == (column, beyond)


# How problems are told


def test_one_text_among_the_prices_hides_no_other_error(path: Path) -> None:
    content = csv_text(
        sale(1, sale_price="-1", beds="two"), sale(2, sale_price="cheap", beds="99"), sale(3, sale_price="0")
    )
    assert [(problem.row, problem.column, problem.value) for problem in refusal(path, content).problems] == [
        (1, "sale_price", "-1"),
        (1, "beds", "two"),
        (2, "sale_price", "cheap"),
        (2, "beds", "99"),
        (3, "sale_price", "0"),
    ]


def test_the_message_names_the_first_problems_counts_the_rest_and_says_what_to_do(path: Path) -> None:
    refused = refusal(path, csv_text(*(sale(number, beds="-1") for number in range(1, 1236))))
    assert isinstance(refused, HousePricesError)
    assert refused.path == path
    assert len(refused.problems) == 1235
    wanted = "got '-1', wanted a whole number from 0 to 30 (rooms)"
    assert str(refused).splitlines() == [
        f"{path}: 1,235 problems",
        *(f"  row {row}, beds: {wanted}" for row in range(1, 6)),
        "  … and 1,230 more",
        "Correct the file, or leave those rows out, and read it again; data/README.md describes the columns.",
    ]


# parse_rows, as the prediction of a stream of houses uses it


def houses(*cells: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame([sale() | changed for changed in cells], dtype=object)


def test_good_rows_pass_beside_bad_ones_and_keep_their_index() -> None:
    chunk = houses({}, {"tot_sf": "big"}, {"beds": "4"}).set_index(pd.RangeIndex(100, 103))
    good, bad = parse_rows(chunk, HOUSE_COLUMNS)
    assert list(good.index) == [100, 102]
    assert list(good["beds"]) == [6, 4]
    assert list(good.columns) == [column.name for column in HOUSE_COLUMNS]
    assert bad == [Problem(102, "tot_sf", "big", "a whole number from 100 to 50,000 (square feet)")]


def test_rows_that_are_all_bad_leave_an_empty_frame_of_the_declared_types() -> None:
    good, bad = parse_rows(houses({"age": "old"}), HOUSE_COLUMNS)
    assert good.empty
    assert {name: str(dtype) for name, dtype in good.dtypes.items()} == {
        column.name: column.dtype for column in HOUSE_COLUMNS
    }
    assert [problem.column for problem in bad] == ["age"]


def test_a_missing_cell_counts_as_an_empty_one() -> None:
    chunk = houses({}).assign(beds=float("nan"))
    assert [str(problem) for problem in parse_rows(chunk, HOUSE_COLUMNS)[1]] == [
        "row 1, beds: got an empty cell, wanted a whole number from 0 to 30 (rooms)"
    ]


def test_a_column_that_the_rows_lack_leaves_no_good_row() -> None:
    good, bad = parse_rows(houses({}).drop(columns="beds"), HOUSE_COLUMNS)
    assert good.empty
    assert list(good.columns) == [column.name for column in HOUSE_COLUMNS]
    assert bad == [Problem(None, "beds", "none", "one of this name")]


# Checks that are none


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (lambda own, age: own.foo, "'Series' object has no attribute 'foo'"),
        (lambda own, age: own <= age, "Can only compare identically-labeled Series objects"),
        (lambda own, age: (own <= 5).all(), "a check of eff_age gives no verdict on each cell"),
        (lambda own, age: (own <= 5).to_numpy(), "a check of eff_age gives no verdict on each cell"),
        (lambda own, age: None, "a check of eff_age gives no verdict on each cell"),
    ],
)
def test_what_is_wrong_with_a_check_is_raised_whatever_is_wrong_with_the_cells(
    monkeypatch: pytest.MonkeyPatch, verdict: Callable[[pd.Series, pd.Series], object], message: str
) -> None:
    def checks(column: Column, values: pd.DataFrame) -> list[pa.Check]:
        if column.name != "eff_age":
            return _checks(column, values)
        return [pa.Check(lambda own: verdict(own, values["age"]), error="no more than the age of the same row")]

    monkeypatch.setattr(sales, "_checks", checks)
    with pytest.raises((AttributeError, TypeError, ValueError), match=message):
        parse_rows(houses({}, {"eff_age": "new"}, {"beds": "-1"}), HOUSE_COLUMNS)


# The sales of the labs


def test_the_sales_of_seattle_are_found_and_whole() -> None:
    assert len(load_seattle()) == 43_313


def test_a_folder_named_in_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_PRICES_DATA", str(tmp_path))
    with pytest.raises(InvalidSales) as refused:
        load_seattle()
    assert refused.value.path == tmp_path / "seattle_sales.csv.gz"
    assert str(refused.value).endswith(
        "Bring it back with `git restore data/seattle_sales.csv.gz` (it lies in git itself, not in Git LFS), "
        "or name the folder that holds it in HOUSE_PRICES_DATA."
    )


def test_sales_of_seattle_with_other_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(csv_text(sale()).encode(), mtime=0)
    (tmp_path / "seattle_sales.csv.gz").write_bytes(content)
    monkeypatch.setenv("HOUSE_PRICES_DATA", str(tmp_path))
    with pytest.raises(InvalidSales, match=f"got SHA-256 [0-9a-f]{{64}}, wanted {SEATTLE_SHA256}, as data/README.md"):
        load_seattle()


# Properties


def cells_of(column: Column) -> st.SearchStrategy[object]:
    match column.kind, column.categories:
        case _, tuple(words):
            return st.sampled_from(words)
        case "text", _:
            return st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=64)
        case "date", _:
            return st.dates(date.fromisoformat(str(column.minimum)), date.today()).map(pd.Timestamp)
        case "number", _:
            return st.floats(column.minimum, column.maximum)  # type: ignore[arg-type]
        case _:
            return st.integers(column.minimum, column.maximum)  # type: ignore[arg-type]


@st.composite
def valid_sales(draw: st.DrawFn) -> pd.DataFrame:
    row = st.fixed_dictionaries({column.name: cells_of(column) for column in SALE_COLUMNS})
    rows = draw(st.lists(row, min_size=1, max_size=4, unique_by=lambda cells: cells["sale_id"]))
    sales = pd.DataFrame(rows, columns=NAMES).astype({column.name: column.dtype for column in SALE_COLUMNS})
    return sales.assign(eff_age=sales[["age", "eff_age"]].min(axis=1))


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(sales=valid_sales())
def test_any_valid_frame_survives_a_trip_through_csv(path: Path, sales: pd.DataFrame) -> None:
    sales.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_sales(path), sales, check_exact=True)


@few
@given(sales=valid_sales(), data=st.data())
def test_any_single_bad_cell_is_reported_at_its_row_and_column(
    path: Path, sales: pd.DataFrame, data: st.DataObject
) -> None:
    row = data.draw(st.integers(1, len(sales)))
    column = data.draw(st.sampled_from(NAMES))
    value = data.draw(st.sampled_from(["", "\x00", "\t", "x" * 65]))
    raw = sales.astype(str)
    raw.loc[row - 1, column] = value
    raw.to_csv(path, index=False)
    with pytest.raises(InvalidSales) as refused:
        read_sales(path)
    assert [(problem.row, problem.column, problem.value) for problem in refused.value.problems] == [
        (row, column, value)
    ]
