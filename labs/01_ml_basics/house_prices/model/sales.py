"""Read sales, and refuse what is not a sale, naming row, column, value and rule.

Everything else in the product trusts the frames that come out of here: this is the one place where text turns into
numbers.
"""

import contextlib
import csv
import gzip
import hashlib
import io
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pandera.pandas as pa

from house_prices.model.columns import LONGEST_TEXT, SALE_COLUMNS, Column
from house_prices.model.errors import HousePricesError

SEATTLE_SHA256 = "5b491a161226bbe10fef52498daf7b11921719dce1c414c7d2b816da12fcec9f"
SEATTLE_FILE = "seattle_sales.csv.gz"
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file.

    Attributes
    ----------
    row : number of the data row, the first below the header being 1; None when it is about the whole file.
    column : name of the column; None when it is about the whole row or file.
    value : what was got, as it stands in the file.
    rule : what was wanted.
    """

    row: int | None
    column: str | None
    value: str
    rule: str

    def __str__(self) -> str:
        """Return one line: where, what was got, what was wanted."""
        value = self.value
        if self.row is None:
            where = f"column {self.column}" if self.column else "file"
        elif self.column is None:
            where = f"row {self.row:,}"
        else:
            where = f"row {self.row:,}, {self.column}"
            value = _shown_cell(value)
        return f"{where}: got {value}, wanted {self.rule}"


CORRECT_THE_FILE = "Correct the file, or leave those rows out, and read it again; data/README.md describes the columns."
SHOWN_PROBLEMS = 5


class InvalidSales(HousePricesError):
    """A file is not a file of sales.

    Attributes
    ----------
    path : the file.
    problems : all that is wrong with it, in the order of its rows.
    """

    def __init__(self, path: Path, problems: Sequence[Problem], remedy: str = CORRECT_THE_FILE) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems):,} problems"
        lines = [f"{path}: {count}", *(f"  {problem}" for problem in self.problems[:SHOWN_PROBLEMS])]
        if len(self.problems) > SHOWN_PROBLEMS:
            lines.append(f"  … and {len(self.problems) - SHOWN_PROBLEMS:,} more")
        super().__init__("\n".join([*lines, remedy]))


def read_sales(path: Path | str) -> pd.DataFrame:
    """Read a CSV file of sales, plain or gzipped, or refuse it with every problem it has.

    A column that is not declared is left out, so that a supplier may add one; the order of the columns is free. Blank
    lines are skipped.

    Parameters
    ----------
    path : file in UTF-8 with a header that has at least the columns of ``SALE_COLUMNS``, each once.

    Returns
    -------
    DataFrame, one row a sale in the order of the file, with the columns of ``SALE_COLUMNS`` in their order.

    Raises
    ------
    InvalidSales : the file is missing, damaged or empty, or a row of it breaks a rule. Nothing is returned in part:
        a training set that lost rows on the way would look like a complete one.
    """
    path = Path(path)
    return _sales_from_bytes(path, _file_bytes(path, "Check the path."))


def load_seattle() -> pd.DataFrame:
    """Read the sales that come with the labs, having made sure that they are the very bytes the figures speak of.

    They are looked for in ``data/`` of the checkout, or in the folder that the environment variable
    ``HOUSE_PRICES_DATA`` names.

    Returns
    -------
    DataFrame of 43,313 rows, as from `read_sales`.

    Raises
    ------
    InvalidSales : the file is missing or has other bytes; the message says how to get it back.
    """
    path = _seattle_path()
    remedy = (
        f"Bring it back with `git restore data/{SEATTLE_FILE}`"
        " (it lies in git itself, not in Git LFS), or name the folder that holds it in HOUSE_PRICES_DATA."
    )
    content = _file_bytes(path, remedy)
    digest = hashlib.sha256(content).hexdigest()
    if digest != SEATTLE_SHA256:
        rule = f"{SEATTLE_SHA256}, as data/README.md records"
        raise InvalidSales(path, [Problem(None, None, f"SHA-256 {digest}", rule)], remedy)
    return _sales_from_bytes(path, content)


def parse_rows(raw: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn cells of text into values, and part the rows that keep the rules from the problems of the others.

    Parameters
    ----------
    raw : DataFrame of str, as read from a file. Its index counts the data rows of the file from 0, so a chunk keeps
        the index that it has in the whole. A missing cell counts as an empty one. Columns not asked for are left out.
    columns : what to parse: `SALE_COLUMNS` or `HOUSE_COLUMNS`.

    Returns
    -------
    rows : DataFrame of the good rows, with their index, the columns in the order of ``columns`` and the dtypes of
        `Column.dtype`.
    problems : those of all other rows, ordered by row and column. A column that ``raw`` lacks, or has twice, is a
        problem of the whole, and then there are no good rows.
    """
    names = [column.name for column in columns]
    times = Counter(raw.columns)
    unclear = [name for name in names if times[name] != 1]
    if unclear:
        nothing, _ = parse_rows(pd.DataFrame(columns=names, dtype=object), columns)
        return nothing, [Problem(None, name, str(times[name] or "none"), "one of this name") for name in unclear]
    cells = raw[names].fillna("")
    values, broken = _parse(cells, columns)
    for place, rule in _broken_rules(values, columns):
        broken.setdefault(place, rule)
    problems = [
        Problem(int(label) + 1, names[position], cells.at[label, names[position]], rule)
        for (label, position), rule in sorted(broken.items())
    ]
    good = values.drop(index=list({label for label, _ in broken}))
    return good.astype({column.name: column.dtype for column in columns}), problems


Place = tuple[int, int]
"""A cell: label of the row and position among the columns; places sort as one reads."""


def _parse(cells: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, dict[Place, str]]:
    """Return the values, missing where a cell cannot be read as its kind, and the rule that each such cell breaks.

    Every cell is read by itself, before anything is checked: handed over as text, a single word among the prices
    would make the whole column text and hide what else is wrong in it.
    """
    parsed = {}
    broken = {}
    for position, column in enumerate(columns):
        texts = cells[column.name]
        meanings = {text: _parse_cell(text, column.dtype) for text in texts.unique()}
        values = [meanings[text] for text in texts]
        parsed[column.name] = pd.Series(values, index=cells.index, dtype=MAY_MISS.get(column.dtype, column.dtype))
        if None in meanings.values():
            unread = [label for label, value in zip(cells.index, values, strict=True) if value is None]
            broken.update({(label, position): column.rule for label in unread})
    return pd.DataFrame(parsed, index=cells.index), broken


MAY_MISS = {"int64": "Int64", "datetime64[ns]": "datetime64[s]"}
"""Dtypes that hold a missing value beside any that a cell can spell: nanoseconds end in 2262, seconds do not."""

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _parse_cell(text: str, dtype: str) -> int | float | date | str | None:
    """Return the value that ``text`` spells, None if it spells none of this dtype.

    Patterns first, because Python's own readers are kinder than a file should be: ``int`` takes ``1_000`` and ``" 7"``,
    ``float`` takes ``nan``, ``date.fromisoformat`` takes week 53. ``3.0`` and ``1e3`` are not counts of anything.
    """
    match dtype:
        case "int64":
            return int(text) if WHOLE_NUMBER.fullmatch(text) else None
        case "float64":
            return float(text) if NUMBER.fullmatch(text) else None
        case "datetime64[ns]":
            try:
                return date.fromisoformat(text) if DATE.fullmatch(text) else None
            except ValueError:  # 30 February
                return None
        case _:
            return text if text.isprintable() and 0 < len(text) <= LONGEST_TEXT else None


def _broken_rules(values: pd.DataFrame, columns: Sequence[Column]) -> Iterator[tuple[Place, str]]:
    """Check the values against what the columns declare, and give each cell that fails with the rule that it breaks.

    Missing values pass: `_parse` has reported them.

    Raises
    ------
    TypeError : a check gives something else than a verdict on each cell. What a check raises itself is raised as it is.
    """
    schema = pa.DataFrameSchema(
        {column.name: pa.Column(checks=_checks(column, values), nullable=True) for column in columns}
    )
    try:
        schema.validate(values, lazy=True)
        return
    except pa.errors.SchemaErrors as errors:
        found = errors
    for failed in found.schema_errors:
        if not isinstance(failed.failure_cases, pd.DataFrame):  # which would name the cells
            _refuse_check(failed.check, values[failed.schema.name])
    position = {column.name: at for at, column in enumerate(columns)}
    for case in found.failure_cases.itertuples():
        yield (case.index, position[case.column]), case.check


def _refuse_check(check: pa.Check, cells: pd.Series) -> NoReturn:
    """Raise what is wrong with a check that names no cell: pandera takes one that raises for one that has failed."""
    with contextlib.suppress(NotImplementedError):  # pandera's, of a verdict that it can make nothing of
        check(cells)
    raise TypeError(
        f"a check of {cells.name} gives no verdict on each cell, so that no row can be named; "
        "wanted a boolean Series with the index of the cells"
    )


def _checks(column: Column, values: pd.DataFrame) -> list[pa.Check]:
    """Return a pandera check for each rule that ``column`` declares; a rule that is None or False needs none.

    ``categories``
        the value is one of these words.
    ``minimum``, ``maximum``
        the value is not below the one and not above the other; both limits are allowed themselves. `_limit` gives them
        in a form that compares with numbers and with dates.
    ``unique``
        no earlier row has this value. The first of several is right, each later one breaks the rule.
    ``not_above``
        the value does not exceed that of the column of this name *in the same row*; nothing is said where that one is
        missing.

    pandera hands a check the column's cells, the missing ones left out and the others with their index, and wants a
    verdict on each of them, a boolean Series; some checks are there ready-made. The ``error`` of a check is the rule as
    it reads in a `Problem`, after "wanted": ``column.rule`` for categories and limits, "a value that no earlier row
    has" for ``unique``, and for ``not_above`` "no more than the age of the same row", with that column's name.

    Parameters
    ----------
    column : what is declared.
    values : all parsed columns, which ``not_above`` needs; whole numbers are Int64 and may be missing.

    Returns
    -------
    list : the checks; empty if the column declares no rule.
    """
    # TASK 1.1: turn the declared rules into checks
    checks = []
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories, error=column.rule))
    if column.minimum is not None:
        checks.append(pa.Check.ge(_limit(column.minimum), error=column.rule))
    if column.maximum is not None:
        checks.append(pa.Check.le(_limit(column.maximum), error=column.rule))
    if column.unique:
        checks.append(pa.Check(lambda own: ~own.duplicated(), error="a value that no earlier row has"))
    if column.not_above is not None:
        other = values[column.not_above]
        rule = f"no more than the {column.not_above} of the same row"
        checks.append(pa.Check(lambda own: ~(own > other[own.index]).fillna(False), error=rule))
    return checks
    # END TASK 1.1


def _limit(declared: float | str) -> float | pd.Timestamp:
    return pd.Timestamp(declared) if isinstance(declared, str) else declared


def _shown_cell(text: str) -> str:
    if not text:
        return "an empty cell"
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _seattle_path() -> Path:
    """Return where the sales of the labs are, or should be."""
    if folder := os.environ.get("HOUSE_PRICES_DATA"):
        return Path(folder) / SEATTLE_FILE
    candidates = (folder / "data" / SEATTLE_FILE for folder in Path(__file__).resolve().parents)
    return next((path for path in candidates if path.is_file()), Path("data") / SEATTLE_FILE)


def _file_bytes(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        got = (error.strerror or str(error)).lower()
        raise InvalidSales(path, [Problem(None, None, got, "a file that can be read")], remedy) from error


def _sales_from_bytes(path: Path, content: bytes) -> pd.DataFrame:
    raw, ragged = _cells(path, _text(path, content))
    sales, problems = parse_rows(raw, SALE_COLUMNS)
    problems = sorted([*ragged, *problems], key=lambda problem: problem.row or 0)
    if problems:
        raise InvalidSales(path, problems)
    return sales


def _text(path: Path, content: bytes) -> str:
    """Return the text of a plain or gzipped file; the first bytes tell which, and a name in .gz must not lie."""
    if content.startswith(GZIP_MAGIC) or (content and path.suffix == ".gz"):
        try:
            content = gzip.decompress(content)
        except EOFError:
            raise _damaged(path, "a gzip stream that breaks off", "a complete one") from None
        except (gzip.BadGzipFile, zlib.error):
            raise _damaged(path, "no valid gzip stream", "one, as its name or its first bytes promise") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _damaged(path, f"byte 0x{content[error.start]:02x} on line {line:,}", "text in UTF-8") from None


def _damaged(path: Path, got: str, wanted: str) -> InvalidSales:
    return InvalidSales(path, [Problem(None, None, got, wanted)], "Fetch or write the file again.")


def _cells(path: Path, text: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the cells of a CSV file as text, without the rows that have too many or too few, and those as problems.

    pandas would fill up short rows and guess at long ones.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *rows = (row for row in reader if row)
    except csv.Error as error:
        raise _damaged(path, f"{error} on line {reader.line_num:,}", "a CSV file") from None
    except ValueError:
        raise _damaged(path, "an empty file", "a header and at least one sale") from None
    if not rows:
        raise _damaged(path, "a header and no row", "at least one sale")
    whole = {at: row for at, row in enumerate(rows) if len(row) == len(header)}
    ragged = [
        Problem(at + 1, None, f"{len(row)} fields", f"{len(header)}, as in the header")
        for at, row in enumerate(rows)
        if len(row) != len(header)
    ]
    return pd.DataFrame(list(whole.values()), index=list(whole), columns=header, dtype=object), ragged
