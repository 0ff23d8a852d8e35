"""Task 1.9: every row of a file is priced or refused by its number, and the file may be of any length."""

import csv
import io
from dataclasses import astuple
from itertools import zip_longest
from random import Random

import numpy as np
import pytest

from house_prices.model import sales as sales_module
from house_prices.model.features import FEATURES
from house_prices.model.manifest import signature_of
from house_prices.model.prediction import NOTE, PRICE, Counts, price_file
from labkit.checks import expect, seed

ROWS, CHUNK = 70, 8


class Model:
    """Prices a house by its lot and its longitude, and remembers how many at once, and what was written by then."""

    def __init__(self) -> None:
        self.rate = Random(seed()).uniform(100, 900)
        self.asked = []
        self.written = []
        self.outputs = ()

    def predict(self, houses):
        self.asked.append(len(houses))
        self.written.append(tuple(output.getvalue().count("\n") for output in self.outputs))
        return houses["lot_sf"].to_numpy() * self.rate - houses["longitude"].to_numpy()


class Source(io.StringIO):
    """A file that counts the lines that were read from it."""

    lines = 0

    def __next__(self):
        self.lines += 1
        return super().__next__()


@pytest.fixture(autouse=True)
def only_what_cannot_be_read_is_bad(monkeypatch):
    """Leave out the declared rules, which are another task: rows are refused here for words where numbers belong."""
    monkeypatch.setattr(sales_module, "_checks", lambda column, values: [])


@pytest.fixture
def houses(sales):
    """Rows as a file has them, a number of the customer's first, and the columns in an order of their own."""
    some = sales.head(ROWS)[list(reversed(FEATURES))].astype(str)
    some.insert(0, "customer", [f"c-{n}" for n in range(1, ROWS + 1)])
    return some.reset_index(drop=True)


@pytest.fixture
def spoilt(houses):
    """Three rows, far apart and in different chunks, that are no houses: their numbers, as people count."""
    draw = Random(seed())
    numbers = [chunk * CHUNK + draw.randrange(2, CHUNK) for chunk in (0, 2, 5)]
    for number in numbers:
        houses.loc[number - 1, "beds"] = "three"
    return numbers


@pytest.fixture
def price(sales):
    """A function that prices rows: returns the counts, the priced rows, the lines on problems, and the model."""

    def call(houses, chunk_rows=CHUNK, source=None):
        model, out, rejected = Model(), io.StringIO(newline=""), io.StringIO(newline="")
        model.outputs = (out, rejected)
        source = source or Source(houses.to_csv(index=False), newline="")
        counts = price_file(model, signature_of(sales, FEATURES), source, out, rejected, chunk_rows=chunk_rows)
        header, *rows = csv.reader(io.StringIO(out.getvalue()))
        odd = next((n for n, row in enumerate(rows) if len(row) != len(header)), None)
        expect(
            odd is None,
            sent=f"{len(houses)} houses of {len(houses.columns)} cells each",
            got="" if odd is None else f"row {odd + 1} of the result has {len(rows[odd])} cells: {shown(rows[odd])}",
            wanted=f"{len(header)} cells: those of the source, then {PRICE} and {NOTE}",
            look_at="which cells are written: those that came in, or those that were parsed",
        )
        problems = list(csv.reader(io.StringIO(rejected.getvalue())))
        return counts, [dict(zip(header, row, strict=True)) for row in rows], problems, model

    return call


def shown(values) -> str:
    values = [str(value) for value in values]
    return ", ".join(values[:6]) + (f" … ({len(values)} in all)" if len(values) > 6 else "") if values else "none"


@pytest.mark.task("1.9")
def test_a_bad_row_stops_no_other(price, houses, spoilt):
    """a bad row stops no other: all good rows are priced, in their order"""
    _, priced, _, _ = price(houses)
    got = [row["customer"] for row in priced]
    wanted = [f"c-{n}" for n in range(1, ROWS + 1) if n not in spoilt]
    lost, extra = [c for c in wanted if c not in got], [c for c in got if c not in wanted]
    only_the_last = lost == wanted[-(ROWS % CHUNK) :]
    where = "what happens to the rows of a chunk that has a bad one, and to the chunks after it"
    if extra:
        where = "which cells of the chunk a price belongs to: `_parse` gives the houses by their number"
    expect(
        got == wanted,
        sent=f"{ROWS} rows, of which the rows {shown(spoilt)} have no number of bedrooms; {CHUNK} rows a chunk",
        got=f"{len(got)} priced; missing {shown(lost)}; too many {shown(extra)}",
        look_at="what becomes of the last chunk, which need not be full" if only_the_last else where,
    )


@pytest.mark.task("1.9")
def test_every_bad_row_is_named(price, houses, spoilt):
    """every bad row is named by its number in the file, with column and value"""
    _, _, problems, _ = price(houses)
    sent = f"{ROWS} rows, {CHUNK} a chunk; beds is 'three' in the rows {shown(spoilt)}"
    where = "where the number of a row comes from, and what becomes of a problem"
    expect(problems != [], sent=sent, got="no problem was written", look_at=where)
    header = ["row", "column", "value", "rule"]
    times = problems.count(header)
    expect(
        times == 1 and problems[0] == header,
        sent=sent,
        got=f"the line row,column,value,rule {times} times among {len(problems)} lines"
        + (f", of which the first is {','.join(problems[0])}" if problems[0] != header else ""),
        wanted="it once, at the beginning",
        look_at="when the header of the problems is written",
    )
    short = next((line for line in problems if len(line) != len(header)), None)
    got, wanted = f"a line of {len(short or [])} cells: {shown(short or [])}", "four cells: row, column, value, rule"
    expect(short is None, sent=sent, got=got, wanted=wanted, look_at="which cells of a problem are written")
    named = [tuple(line[:3]) for line in problems[1:]]
    if named == [(str(number + 1), "beds", "three") for number in spoilt]:
        where = "from which number on `_parse` wants the rows counted: the comment above the region has it"
    expect(
        named == [(str(number), "beds", "three") for number in spoilt],
        sent=sent,
        got="; ".join(f"row {row}, {column}: {value}" for row, column, value in named) or "no problem, but the header",
        look_at=where,
    )
    # The first of them in a later chunk, and bad in two cells.
    late = houses.assign(beds="3")
    number = 2 * CHUNK + spoilt[0]
    late.loc[number - 1, ["beds", "baths"]] = ["three", "many"]
    _, _, problems, _ = price(late)
    sent = f"{ROWS} rows, {CHUNK} a chunk; only row {number} is bad, in its beds and in its baths"
    expect(
        problems[:1] == [header],
        sent=sent,
        got=f"a file of problems that begins with {','.join(problems[0])}" if problems else "no problem was written",
        wanted="its header first",
        look_at="when the header of the problems is written, if the first ones are in a later chunk",
    )
    columns = sorted(line[1] for line in problems[1:] if line[0] == str(number))
    expect(
        columns == ["baths", "beds"],
        sent=sent,
        got=f"a line on {' and on '.join(columns)}" if columns else "none on that row",
        wanted="a line on each of the two",
        look_at="how many problems of a row are written",
    )


@pytest.mark.task("1.9")
def test_nothing_to_say(price, houses):
    """of a file without a bad row nothing is said: no problem, and no header of problems"""
    _, _, problems, _ = price(houses)
    expect(
        problems == [],
        sent=f"{ROWS} houses, all of them good",
        got=f"{len(problems)} lines, the first of them {','.join(problems[0])}" if problems else "",
        wanted="no line",
        look_at="when the header of the problems is written",
    )


@pytest.mark.task("1.9")
def test_what_is_new_is_noted(price, houses):
    """a house that is new to the model is priced with a note that says why, and the others with none"""
    area, row = Random(seed()).randrange(400, 900), Random(seed()).randrange(ROWS)
    houses.loc[row, "area"] = str(area)
    _, priced, _, _ = price(houses)
    notes = {row: line[NOTE] for row, line in enumerate(priced) if line[NOTE]}
    wanted = f"area {area} was not in the training data"
    others = sorted(set(notes) - {row})
    where = "what is written into the last cell, and as which kind of thing"
    expect(not others, sent=f"{ROWS} houses, all but one like those of the training data", wanted="an empty note",
           got=f"for row {others[0] + 1} the note {notes[others[0]]}" if others else "", look_at=where)  # fmt: skip
    got = notes.get(row, "an empty note")
    expect(got == wanted, sent=f"area {area} in row {row + 1}", got=got, wanted=wanted, look_at=where)


@pytest.mark.task("1.9")
def test_several_notes(price, houses, sales):
    """a house that is new in several ways has a note on each, with a semicolon between them"""
    some = houses.head(2 * CHUNK).copy()
    row, lot = Random(seed()).randrange(len(some)), int(sales["lot_sf"].max()) + Random(seed()).randint(1, 99)
    some.loc[row, ["area", "lot_sf"]] = ["900", str(lot)]
    _, priced, _, _ = price(some)
    got = priced[row][NOTE] or "an empty note" if row < len(priced) else "no such row"
    notes = [note for note in ("area 900 was not in", f"lot_sf {lot:,} lies above") if note in got]
    sent = f"area 900 and a lot of {lot:,} square feet, larger than any in training, in row {row + 1}"
    where = "what becomes of the second of two notes"
    expect(len(notes) == 2, sent=sent, got=got, wanted="a note on area and one on lot_sf", look_at=where)
    parts = got.split("; ")
    where = "what stands between two notes; the docstring has it"
    expect(len(parts) == 2, sent=sent, got=repr(got), wanted="two notes with “; ” between them", look_at=where)


@pytest.mark.task("1.9")
def test_prices_to_the_last_digit(price, houses):
    """each house has its own price, to the last digit, and its cells as they were"""
    _, priced, _, model = price(houses)
    numbers = houses[["lot_sf", "longitude"]].astype(float)
    wanted = [repr(float(price)) for price in np.asarray(model.rate * numbers["lot_sf"] - numbers["longitude"])]
    got = [row.get(PRICE, "no price") for row in priced]
    pairs = enumerate(zip_longest(got, wanted, fillvalue="nothing"))
    wrong = next(((n, *pair) for n, pair in pairs if pair[0] != pair[1]), (0, "", ""))
    expect(
        got == wanted,
        sent=f"{ROWS} houses, {CHUNK} a chunk",
        got=f"row {wrong[0] + 1}: {wrong[1]}",
        wanted=wrong[2],
        look_at="which price is written beside which row, and with how many digits",
    )
    cells = [[row.get(name) for name in houses] for row in priced]
    changed = next((n for n, row in enumerate(cells) if row != list(houses.iloc[n])), None)
    expect(changed is None, sent=f"{ROWS} houses", got=f"row {(changed or 0) + 1}: {shown(cells[changed or 0])}",
           look_at="which cells are written: those that came in, or those that were parsed")  # fmt: skip


@pytest.mark.task("1.9")
def test_the_counts(price, houses, spoilt, returned):
    """priced and refused rows are counted, and add up to the rows of the file"""
    houses.loc[spoilt[0] - 1, "baths"] = "many"
    houses.loc[3 * CHUNK : 4 * CHUNK - 1, "beds"] = "three"
    refused = len(spoilt) + CHUNK
    counts, _, _, _ = price(houses)
    counts = returned(counts, Counts, f"a file of {ROWS} rows", "Counts: rows priced and rows refused")
    expect(
        astuple(counts) == (ROWS - refused, refused),
        sent=f"{ROWS} rows, {refused} of them bad: one in two cells, and all {CHUNK} of one chunk",
        got=f"{counts.priced} priced, {counts.refused} refused",
        look_at="what is counted: rows, problems or chunks",
    )


@pytest.mark.task("1.9")
def test_a_chunk_at_a_time(price, houses):
    """it holds one chunk at a time: each is priced and written before the rest of the file is read"""
    bad = 3 * CHUNK + Random(seed()).randrange(CHUNK)
    houses.loc[bad - 1, "beds"] = "three"
    source = Source(houses.to_csv(index=False), newline="")
    read_by_then = []
    real = Model.predict

    def predict(model, some):
        read_by_then.append(source.lines)
        return real(model, some)

    Model.predict = predict
    try:
        _, _, _, model = price(houses, source=source)
    finally:
        Model.predict = real
    most, first = max(model.asked, default=0), read_by_then[0] if read_by_then else 0
    expect(
        first <= CHUNK + 3 and 0 < most <= CHUNK,
        sent=f"a file of {ROWS} rows, to be priced {CHUNK} at a time",
        got=f"{first} lines were read before the first price; the model was asked for up to {most} houses at once",
        look_at="how much is taken from `rows` before anything is priced",
    )
    # What is written of a chunk may wait for the next one: that is still memory for a chunk or two. The problem
    # lies further back than that.
    in_the_end = [output.getvalue().count("\n") for output in model.outputs]
    may_wait = (2 * CHUNK, 0)
    for lines, end, few, what in zip(model.written[-1], in_the_end, may_wait, ("priced rows", "problems"), strict=True):
        expect(
            lines >= end - few,
            sent=f"a file of {ROWS} rows, to be priced {CHUNK} at a time, with a problem in row {bad}",
            got=f"of the {end} lines of {what}, {lines} had been written when the last chunk was priced",
            wanted="those of the chunks before it",
            look_at="how long a result is kept before it is written",
        )
