"""Price houses that arrive as text: one from the shell, or a file of any length.

Text from outside is where a model meets what it was not trained for, and it answers whatever it is asked. So every
house passes the rules of `house_prices.model.sales` first; what breaks a rule is refused with the reason, and what is
merely new to the model is priced with a note that says so.
"""

import csv
import gzip
import reprlib
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import astuple, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.errors import HousePricesError
from house_prices.model.novelty import notes_on
from house_prices.model.sales import InvalidSales, Problem, parse_rows

if TYPE_CHECKING:
    from house_prices.model.manifest import Input

PRICE = "predicted_price"
NOTE = "note"

NAMES = [column.name for column in HOUSE_COLUMNS]


class Pricer(Protocol):
    """What prices houses: a fitted model of `house_prices.model.training`."""

    def predict(self, houses: pd.DataFrame, /) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Return dollars, shape (n_houses,)."""


class InvalidHouse(HousePricesError):
    """The values given do not describe a house.

    Attributes
    ----------
    problems : all that is wrong, in the order of the columns; their ``row`` is None.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = ["this house cannot be priced:"]
        for problem in problems:
            got = reprlib.repr(problem.value) if problem.value else "nothing"
            lines.append(f"  {problem.column}: got {got}, wanted {problem.rule}")
        super().__init__("\n".join([*lines, "Correct these values and ask again."]))


class InvalidHouses(InvalidSales):
    """A file is not a file of houses, or stops being one: what follows in it cannot be told apart into rows."""


class UnwritableOutput(HousePricesError):
    """A result cannot be written to where it was wanted."""


@dataclass(frozen=True, slots=True)
class PricedHouse:
    """The answer for one house.

    Attributes
    ----------
    price : in dollars.
    notes : what of the house is new to the model, and so a reason to trust the price less; mostly none.
    """

    price: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of a file were priced and how many refused; together, all of them."""

    priced: int
    refused: int


def price_house(model: Pricer, inputs: "Sequence[Input]", values: Mapping[str, str]) -> PricedHouse:
    """Price one house.

    Parameters
    ----------
    model : fitted.
    inputs : the model's signature, in the order in which it takes its columns.
    values : text by name for each of ``HOUSE_COLUMNS``.

    Raises
    ------
    InvalidHouse : names every value that is missing, breaks a rule or is none of the columns, all at once.
    """
    raw = pd.DataFrame([[values.get(name, "") for name in NAMES]], columns=NAMES, dtype=object)
    house, broken = parse_rows(raw, HOUSE_COLUMNS)
    problems = [Problem(None, problem.column, problem.value, problem.rule) for problem in broken]
    problems += [
        Problem(None, name, text, f"none of this name but {', '.join(NAMES)}")
        for name, text in values.items()
        if name not in NAMES
    ]
    if problems:
        raise InvalidHouse(problems)
    (priced,) = _price(model, inputs, house)
    return priced


def price_file(
    model: Pricer,
    inputs: "Sequence[Input]",
    source: Path | TextIO,
    out: TextIO,
    rejected: TextIO,
    *,
    chunk_rows: int = 1_000,
) -> Counts:
    """Price a CSV file of houses row by row, with memory for one chunk of it only.

    ``out`` gets the rows that can be priced, in their order, every column of the source with its text as it was, and
    two more. ``predicted_price`` has all digits of the float64, so that whoever reads it holds the very number that
    `price_house` returns for this house; rounding is for those who show it. ``note`` says what is new to the model:
    nothing, one thing, or several with "; " between them. Rows and problems are written chunk by chunk.

    Parameters
    ----------
    model, inputs : as in `price_house`.
    source : file with a header that has at least ``HOUSE_COLUMNS``, in any order; gzipped if its name ends in .gz. An
        open file is read as it is: open it in UTF-8 and with ``newline=""``.
    out : takes the priced rows; opened with ``newline=""``, too.
    rejected : takes the problems of the other rows, as CSV with the fields of `Problem`, by row and column; nothing if
        there are none. A row with a problem stops no other.
    chunk_rows : rows that are parsed and priced at once. It changes speed and memory, and no price.

    Raises
    ------
    InvalidHouses : the source cannot be read, is empty, lacks a column or has one twice (then nothing has been
        written), or breaks off, is not UTF-8 or not CSV further down (then the rows before have been: write through
        `replacing` to keep no half of a result).
    """
    if chunk_rows < 1:
        raise ValueError(f"chunk_rows is {chunk_rows}; a chunk has at least one row")
    path = source if isinstance(source, Path) else Path(str(getattr(source, "name", "<input>")))
    with _opened(source) as text:
        rows = _rows(text, path)
        header = _header(rows, path)
        write, write_problem = _row_writer(out), _row_writer(rejected)
        write([*header, PRICE, NOTE])
        # From here on `rows` gives the data rows, as lists of cells, and reads no further than it is asked to. `_parse`
        # parts some of them, numbered as they stand in the file (from 0), into houses and problems; `_price` prices the
        # houses. `write` and `write_problem` take the cells of a row, the latter those of a header first.
        # TASK 1.9: price a file chunk by chunk
        priced = refused = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            if problems and not refused:
                write_problem([field.name for field in fields(Problem)])
            for problem in problems:
                write_problem(astuple(problem))
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        return Counts(priced, refused)
        # END TASK 1.9


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of ``path`` at the end of the ``with`` block, if the block succeeds.

    Until then, and for good if the block raises, ``path`` stays as it was: nobody ever reads half of a result. The
    source may be the same file.

    Raises
    ------
    UnwritableOutput : the folder is missing or may not be written to, or ``path`` is a folder, pipe or device.
    """
    path = path.resolve()  # a link keeps pointing to what is replaced
    if path.exists() and not path.is_file():
        raise UnwritableOutput(f"{path} is no ordinary file and cannot be replaced by one; name a file.")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        # Not tempfile: its files are for the owner's eyes alone, and so would be the result.
        file = part.open("x", encoding="utf-8", newline="")
    except OSError as error:
        got = (error.strerror or str(error)).lower()
        raise UnwritableOutput(f"{path} cannot be written: {got}; name a file in a folder that can be.") from error
    try:
        with file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _price(model: Pricer, inputs: "Sequence[Input]", houses: pd.DataFrame) -> list[PricedHouse]:
    """Price houses that have passed the rules. The one way in, for one house and for many: their prices must agree."""
    if houses.empty:
        return []
    # This is little work, for which threads mostly wait for each other: 4,000 rows a second instead of 17,000.
    with threadpool_limits(limits=1):
        prices = model.predict(houses[[column.name for column in inputs]])
    notes = notes_on(inputs, {column.name: houses[column.name].to_numpy() for column in inputs})
    return [PricedHouse(price, said) for price, said in zip(prices.tolist(), notes, strict=True)]


def _parse(header: Sequence[str], numbered: Mapping[int, list[str]]) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the houses among the rows, by their number in the file from 0, and the problems of the other rows."""
    positions = [header.index(name) for name in NAMES]
    cells = {label: [row[at] for at in positions] for label, row in numbered.items() if len(row) == len(header)}
    ragged = [
        Problem(label + 1, None, f"{len(row)} fields", f"{len(header)}, as in the header")
        for label, row in numbered.items()
        if len(row) != len(header)
    ]
    raw = pd.DataFrame(list(cells.values()), index=list(cells), columns=NAMES, dtype=object)
    houses, broken = parse_rows(raw, HOUSE_COLUMNS)
    return houses, sorted([*ragged, *broken], key=lambda problem: problem.row or 0)


def _opened(source: Path | TextIO) -> AbstractContextManager[TextIO]:
    if not isinstance(source, Path):
        return nullcontext(source)  # whoever opened it closes it
    try:
        if source.suffix == ".gz":
            return gzip.open(source, "rt", encoding="utf-8-sig", newline="")
        return source.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise _unreadable(source, error) from error


def _rows(text: TextIO, path: Path) -> Iterator[list[str]]:
    """Give the rows of a CSV file, blank lines left out, or refuse the file where it stops being one.

    A broken quotation refuses the file and not the row: where its row ends, and so what the next ones are, is unknown.
    """
    reader = csv.reader(text, strict=True)
    try:
        yield from (row for row in reader if row)
    except csv.Error as error:
        raise _damaged(path, f"{error} on line {reader.line_num:,}", "a CSV file") from None
    except UnicodeDecodeError as error:
        # Text is decoded in blocks, ahead of the line that is read.
        line = reader.line_num + error.object.count(b"\n", 0, error.start) + 1
        raise _damaged(path, f"byte 0x{error.object[error.start]:02x} on line {line:,}", "text in UTF-8") from None
    except EOFError:
        raise _damaged(
            path, f"a gzip stream that breaks off after line {reader.line_num:,}", "a complete one"
        ) from None
    except (gzip.BadGzipFile, zlib.error):
        raise _damaged(path, "no valid gzip stream", "one, as its name promises") from None
    except OSError as error:
        raise _unreadable(path, error) from error


def _row_writer(out: TextIO) -> Callable[[Sequence[object]], object]:
    """Return what writes a row of CSV that reads back as the same cells."""
    plain = csv.writer(out, lineterminator="\n")
    quoted = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(cells: Sequence[object]) -> None:
        # Left to itself, csv puts no quotes around a lone carriage return (Python 3.11, 3.12), which then ends the row.
        writer = quoted if any("\r" in cell for cell in cells if isinstance(cell, str)) else plain
        writer.writerow(cells)

    return write


def _header(rows: Iterator[list[str]], path: Path) -> list[str]:
    """Return the names of the columns, once it is clear which cell of a row is which."""
    header = next(rows, None)
    if header is None:
        raise _damaged(path, "an empty file", "a header and houses")
    times = Counter(header)
    problems = [Problem(None, name, "none", "one of this name") for name in NAMES if not times[name]]
    problems += [Problem(None, name, str(count), "one of this name") for name, count in times.items() if count > 1]
    problems += [
        Problem(None, name, "one", "none of this name, which is that of a result")
        for name in (PRICE, NOTE)
        if times[name] == 1
    ]
    if problems:
        raise InvalidHouses(path, problems, "Correct the header; data/README.md describes the columns.")
    return header


def _damaged(path: Path, got: str, wanted: str) -> InvalidHouses:
    return InvalidHouses(path, [Problem(None, None, got, wanted)], "Fetch or write the file again.")


def _unreadable(path: Path, error: OSError) -> InvalidHouses:
    got = (error.strerror or str(error)).lower()
    return InvalidHouses(path, [Problem(None, None, got, "a file that can be read")], "Check the path.")
