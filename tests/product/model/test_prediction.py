"""Houses from the shell and from files: what is priced, what is flagged, and every kind of refusal with its message."""

import csv
import errno
import gc
import gzip
import io
import tracemalloc
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.errors import HousePricesError
from house_prices.model.features import FEATURES
from house_prices.model.manifest import Input, signature_of
from house_prices.model.prediction import (
    Counts,
    InvalidHouse,
    InvalidHouses,
    PricedHouse,
    Pricer,
    UnwritableOutput,
    price_file,
    price_house,
    replacing,
)
from house_prices.model.sales import load_seattle
from house_prices.model.training import train

HOUSE = {
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
NAMES = [column.name for column in HOUSE_COLUMNS]


class Known(NamedTuple):
    """A model, its signature and what it learned from."""

    model: Pricer
    inputs: tuple[Input, ...]
    sales: pd.DataFrame


class Answer(NamedTuple):
    """What `price_file` returned and wrote."""

    counts: Counts
    text: str
    rejected: str

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text, newline="")))


@pytest.fixture(scope="module")
def known() -> Known:
    sales = load_seattle()
    sales = sales[(sales["sale_date"] < "2013-01-01") & (sales["area"] != 6)].iloc[:2_000]
    return Known(train(sales, max_iter=20), signature_of(sales, FEATURES), sales)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "houses.csv"


def csv_text(*houses: dict[str, str]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(houses[0]), lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(houses)
    return text.getvalue()


def as_text(sales: pd.DataFrame) -> list[dict[str, str]]:
    return [{name: str(value) for name, value in row.items()} for row in sales[NAMES].to_dict("records")]


def answer(known: Known, source: Path | io.StringIO, **options: Any) -> Answer:
    out, rejected = io.StringIO(newline=""), io.StringIO(newline="")
    counts = price_file(known.model, known.inputs, source, out, rejected, **options)
    return Answer(counts, out.getvalue(), rejected.getvalue())


def refusal(known: Known, path: Path, content: str | bytes) -> str:
    """Return the message with which a file is refused, before anything is written."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    out = io.StringIO()
    with pytest.raises(InvalidHouses) as refused:
        price_file(known.model, known.inputs, path, out, io.StringIO())
    assert out.getvalue() == ""
    first, *rest = str(refused.value).splitlines()
    assert first.startswith(f"{path}: ")
    return "\n".join(line.strip() for line in rest)


# One house


def test_a_house_from_the_shell_gets_the_price_that_the_model_gives(known: Known) -> None:
    priced = price_house(known.model, known.inputs, HOUSE)
    house = pd.DataFrame([{name: text if name == "use_type" else float(text) for name, text in HOUSE.items()}])
    assert priced == PricedHouse(float(known.model.predict(house)[0]), ())
    assert type(priced.price) is float


def test_every_bad_and_missing_value_is_named_at_once(known: Known) -> None:
    values = {name: text for name, text in HOUSE.items() if name != "beds"}
    values |= {"tot_sf": "-5", "use_type": "castle", "eff_age": "99", "baths": "", "bed": "3"}
    with pytest.raises(InvalidHouse) as refused:
        price_house(known.model, known.inputs, values)
    assert isinstance(refused.value, HousePricesError)
    assert [(problem.row, problem.column) for problem in refused.value.problems] == [
        (None, name) for name in ("use_type", "tot_sf", "beds", "baths", "eff_age", "bed")
    ]
    assert str(refused.value).splitlines() == [
        "this house cannot be priced:",
        "  use_type: got 'castle', wanted one of sfr, townhouse",
        "  tot_sf: got '-5', wanted a whole number from 100 to 50,000 (square feet)",
        "  beds: got nothing, wanted a whole number from 0 to 30 (rooms)",
        "  baths: got nothing, wanted a number from 0 to 30 (rooms)",
        "  eff_age: got '99', wanted no more than the age of the same row",
        f"  bed: got '3', wanted none of this name but {', '.join(NAMES)}",
        "Correct these values and ask again.",
    ]


def test_a_refusal_does_not_repeat_a_whole_novel(known: Known) -> None:
    with pytest.raises(InvalidHouse) as refused:
        price_house(known.model, known.inputs, HOUSE | {"area": "x" * 10_000})
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"area": "6"}, "area 6 was not in the training data"),
        ({"tot_sf": "49123"}, "tot_sf 49,123 lies above the {seen_maximum} seen in training"),
        ({"lot_sf": "101"}, "lot_sf 101 lies below the {seen_minimum} seen in training"),
        ({"baths": "29.75"}, "baths 29.75 lies above the {seen_maximum} seen in training"),
        ({"longitude": "-121.5"}, "longitude -121.5 lies above the {seen_maximum} seen in training"),
    ],
)
def test_what_is_new_to_the_model_is_priced_with_a_note(known: Known, cells: dict[str, str], note: str) -> None:
    (name,) = cells
    seen = known.sales[name]
    priced = price_house(known.model, known.inputs, HOUSE | cells)
    assert priced.notes == (note.format(seen_minimum=f"{seen.min():,.10g}", seen_maximum=f"{seen.max():,.10g}"),)
    assert 10_000 < priced.price < 10_000_000


def test_the_limits_of_the_training_data_are_no_news(known: Known) -> None:
    for extreme in (known.sales[NAMES].min(numeric_only=True), known.sales[NAMES].max(numeric_only=True)):
        house = HOUSE | {name: f"{value!r}" for name, value in extreme.items() if name not in ("area", "age")}
        house |= {
            name: str(int(extreme[name])) for name in ("age", *HOUSE) if name in extreme and "." not in HOUSE[name]
        }
        house["area"] = HOUSE["area"]
        assert price_house(known.model, known.inputs, house).notes == ()


def test_a_type_that_exists_but_was_not_trained_on_is_noted(known: Known) -> None:
    only_sfr = known.sales[known.sales["use_type"] == "sfr"]
    priced = price_house(
        train(only_sfr, max_iter=5), signature_of(only_sfr, FEATURES), HOUSE | {"use_type": "townhouse", "area": "6"}
    )
    assert priced.notes == (
        "area 6 was not in the training data",
        "use_type townhouse was not in the training data",
    )


# Files


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.integers(0, 1_999), min_size=1, max_size=25), chunk_rows=st.integers(1, 30))
def test_a_price_does_not_depend_on_the_company(known: Known, rows: list[int], chunk_rows: int) -> None:
    houses = as_text(known.sales.iloc[rows])
    together = answer(known, io.StringIO(csv_text(*houses)), chunk_rows=chunk_rows)
    alone = [price_house(known.model, known.inputs, house).price for house in houses[:3]]
    assert [float(row["predicted_price"]) for row in together.rows][:3] == alone
    np.testing.assert_array_equal(
        [float(row["predicted_price"]) for row in together.rows], known.model.predict(known.sales.iloc[rows])
    )


def test_rows_keep_their_columns_their_order_and_their_text(known: Known) -> None:
    cells = ["007", 'says "hi", then\nleaves', "carriage\rreturn", "", " ü ", "098"]
    odd = dict(zip(["id", "remark", "typed", "empty", "", "age"], cells, strict=True))
    text = answer(
        known, io.StringIO(csv_text(odd | {"area": "6"} | HOUSE | {"age": "098", "area": "6"}), newline="")
    ).text
    header, row = csv.reader(io.StringIO(text, newline=""), strict=True)
    others = [name for name in NAMES if name not in ("age", "area")]
    assert header == [*odd, "area", *others, "predicted_price", "note"]
    assert row[:-2] == [*cells, "6", *(HOUSE[name] for name in others)]
    assert row[-1] == "area 6 was not in the training data"


def test_several_notes_share_a_cell(known: Known) -> None:
    (row,) = answer(known, io.StringIO(csv_text(HOUSE | {"area": "6", "beds": "30"}))).rows
    most = known.sales["beds"].max()
    assert row["note"] == f"area 6 was not in the training data; beds 30 lies above the {most} seen in training"


@pytest.mark.parametrize("chunk_rows", [1, 2, 1_000])
def test_bad_rows_are_listed_and_stop_no_other(known: Known, chunk_rows: int) -> None:
    houses = [HOUSE | {"beds": str(beds)} for beds in range(1, 6)]
    houses[1] |= {"tot_sf": "big", "area": "0"}
    houses[4] |= {"use_type": "a\rb"}
    lines = [f"{line}\n" for line in csv_text(*houses).split("\n")[:-1]]
    lines[3:3] = ["\n", "sfr,79\n"]  # a blank line, which is no row, and a short one, the third
    lines.insert(7, lines[1].replace("\n", ",more\n"))  # and a long one, the sixth
    got = answer(known, io.StringIO("".join(lines), newline=""), chunk_rows=chunk_rows)
    assert got.counts == Counts(priced=3, refused=4)
    assert [row["beds"] for row in got.rows] == ["1", "3", "4"]
    assert list(csv.reader(io.StringIO(got.rejected, newline=""))) == [
        ["row", "column", "value", "rule"],
        ["2", "area", "0", "a whole number from 1 to 999"],
        ["2", "tot_sf", "big", "a whole number from 100 to 50,000 (square feet)"],
        ["3", "", "2 fields", "12, as in the header"],
        ["6", "", "13 fields", "12, as in the header"],
        ["7", "use_type", "a\rb", "one of sfr, townhouse"],
    ]


def test_a_file_of_bad_rows_alone_gives_a_header_alone(known: Known) -> None:
    got = answer(known, io.StringIO(csv_text(HOUSE | {"beds": "-1"}, HOUSE | {"beds": "x"})))
    assert got.counts == Counts(priced=0, refused=2)
    assert got.text == ",".join([*NAMES, "predicted_price", "note"]) + "\n"


def test_no_rows_are_no_problem(known: Known) -> None:
    got = answer(known, io.StringIO(",".join(NAMES)))
    assert got == (Counts(0, 0), ",".join([*NAMES, "predicted_price", "note"]) + "\n", "")


def test_gzip_and_a_byte_order_mark_change_nothing(known: Known, tmp_path: Path) -> None:
    content = csv_text(*as_text(known.sales.iloc[:5]))
    (tmp_path / "plain.csv").write_text(content)
    (tmp_path / "marked.csv").write_text(content, encoding="utf-8-sig")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(content.encode()))
    plain, marked, packed = (answer(known, tmp_path / n) for n in ("plain.csv", "marked.csv", "packed.csv.gz"))
    assert plain.counts == Counts(priced=5, refused=0)
    assert plain == marked == packed == answer(known, io.StringIO(content))


class Flat:
    """Every house costs the same, at once: what is measured is the reading and writing."""

    def predict(self, houses: pd.DataFrame, /) -> np.ndarray[Any, np.dtype[np.float64]]:
        gc.collect()  # what only waits for the collector is no memory that a longer file would need
        return np.full(len(houses), 500_000.0)


def peak_memory(known: Known, path: Path, rows: int) -> int:
    header, row = csv_text(HOUSE).splitlines(keepends=True)
    path.write_text(header + row * rows)
    with (path.parent / "out.csv").open("w") as out, (path.parent / "rejected.csv").open("w") as rejected:
        tracemalloc.start()
        try:
            counts = price_file(Flat(), known.inputs, path, out, rejected, chunk_rows=500)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert counts == Counts(priced=rows, refused=0)
    return peak


def test_memory_does_not_grow_with_the_file(known: Known, path: Path) -> None:
    peak_memory(known, path, 500)  # whatever is made once
    assert peak_memory(known, path, 8_000) < 1.2 * peak_memory(known, path, 1_000)


def test_a_chunk_has_rows(known: Known) -> None:
    with pytest.raises(ValueError, match="chunk_rows is 0; a chunk has at least one row"):
        answer(known, io.StringIO(csv_text(HOUSE)), chunk_rows=0)


# Files that are refused


def test_missing_file(known: Known, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    with pytest.raises(InvalidHouses) as refused:
        answer(known, path)
    assert str(refused.value).splitlines() == [
        f"{path}: 1 problem",
        "  file: got no such file or directory, wanted a file that can be read",
        "Check the path.",
    ]


def test_folder_instead_of_a_file(known: Known, tmp_path: Path) -> None:
    with pytest.raises(InvalidHouses, match="got is a directory, wanted a file that can be read"):
        answer(known, tmp_path)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_file(known: Known, path: Path, content: str) -> None:
    assert refusal(known, path, content) == (
        "file: got an empty file, wanted a header and houses\nFetch or write the file again."
    )


def test_missing_and_doubled_columns_are_all_named(known: Known, path: Path) -> None:
    names = [name for name in NAMES if name not in ("area", "beds")]
    assert refusal(known, path, ",".join([*names, "id", "id", "age"]) + "\n") == (
        "column area: got none, wanted one of this name\n"
        "column beds: got none, wanted one of this name\n"
        "column age: got 2, wanted one of this name\n"
        "column id: got 2, wanted one of this name\n"
        "Correct the header; data/README.md describes the columns."
    )


def test_result_columns_that_are_there_already(known: Known, path: Path) -> None:
    assert refusal(known, path, ",".join([*NAMES, "note", "predicted_price"]) + "\n") == (
        "column predicted_price: got one, wanted none of this name, which is that of a result\n"
        "column note: got one, wanted none of this name, which is that of a result\n"
        "Correct the header; data/README.md describes the columns."
    )


def test_another_encoding(known: Known, path: Path) -> None:
    assert refusal(known, path, csv_text(HOUSE).encode("utf-16")).startswith(
        "file: got byte 0xff on line 1, wanted text in UTF-8"
    )


def test_a_bad_byte_far_down_is_found_on_its_line(known: Known, path: Path) -> None:
    header, row = csv_text(HOUSE | {"id": "ü"}).splitlines(keepends=True)
    path.write_bytes((header + row * 700).encode() + row.encode("latin-1") + (row * 100).encode())
    with pytest.raises(InvalidHouses, match=r"got byte 0xfc on line 702, wanted text in UTF-8"):
        answer(known, path)


def test_a_quotation_that_never_ends(known: Known, path: Path) -> None:
    path.write_text(csv_text(HOUSE, HOUSE) + '"sfr,79\n')
    with pytest.raises(InvalidHouses, match="got unexpected end of data on line 4, wanted a CSV file"):
        answer(known, path)


def test_truncated_gzip(known: Known, tmp_path: Path) -> None:
    path = tmp_path / "houses.csv.gz"
    path.write_bytes(gzip.compress(csv_text(*[HOUSE] * 5).encode())[:-9])
    with pytest.raises(InvalidHouses, match=r"got a gzip stream that breaks off after line \d+, wanted a complete one"):
        answer(known, path)


def test_no_gzip_behind_the_name(known: Known, tmp_path: Path) -> None:
    assert refusal(known, tmp_path / "houses.csv.gz", csv_text(HOUSE)).startswith(
        "file: got no valid gzip stream, wanted one, as its name promises"
    )


def test_damaged_gzip(known: Known, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(csv_text(HOUSE).encode()))
    packed[10:30] = b"\xff" * 20
    assert refusal(known, tmp_path / "houses.csv.gz", bytes(packed)).startswith("file: got no valid gzip stream")


def test_a_disk_that_fails_on_the_way(known: Known) -> None:
    class Failing(io.StringIO):
        def __next__(self) -> str:  # type: ignore[override]  # typeshed has bytes here
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(
        InvalidHouses, match="<input>: 1 problem\n  file: got input/output error, wanted a file that can be"
    ):
        answer(known, Failing())


# What is written


def test_a_result_appears_as_a_whole(path: Path) -> None:
    path.write_text("before")
    with replacing(path) as out:
        out.write("after\n")
        out.flush()
        assert path.read_text() == "before"
    assert path.read_bytes() == b"after\n"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_behind(path: Path, interruption: type[BaseException]) -> None:
    path.write_text("before")

    def interrupted() -> None:
        with replacing(path) as out:
            out.write("half of")
            raise interruption

    with pytest.raises(interruption):
        interrupted()
    assert path.read_text() == "before"
    assert list(path.parent.iterdir()) == [path]


def test_others_may_read_the_result_as_any_other_file(path: Path) -> None:
    (ordinary := path.with_name("ordinary")).touch()
    with replacing(path):
        pass
    assert path.stat().st_mode == ordinary.stat().st_mode


def test_a_link_keeps_pointing_to_what_is_replaced(path: Path) -> None:
    (link := path.with_name("link")).symlink_to(path)
    with replacing(link) as out:
        out.write("after")
    assert link.is_symlink()
    assert path.read_text() == "after"


def test_a_file_may_be_priced_in_place(known: Known, path: Path) -> None:
    path.write_text(csv_text(HOUSE))
    with replacing(path) as out:
        price_file(known.model, known.inputs, path, out, io.StringIO())
    assert path.read_text().splitlines()[0].endswith("latitude,predicted_price,note")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "out.csv"
    with pytest.raises(UnwritableOutput) as refused, replacing(path):
        pass
    assert str(refused.value) == (
        f"{path} cannot be written: no such file or directory; name a file in a folder that can be."
    )


@pytest.mark.parametrize("place", ["/dev/null", "."])
def test_devices_and_folders_are_not_replaced(place: str) -> None:
    with (
        pytest.raises(UnwritableOutput, match="is no ordinary file and cannot be replaced by one; name a file"),
        replacing(Path(place)),
    ):
        pass
