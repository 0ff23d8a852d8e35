"""Task 1.1: a row that breaks a declared rule is refused, every one of them, and no other."""

from datetime import date, timedelta
from random import Random

import pandas as pd
import pandera.pandas as pa
import pytest

from house_prices.model import sales as sales_module
from house_prices.model.columns import SALE_COLUMNS, Column
from house_prices.model.sales import Problem, parse_rows
from labkit.checks import CheckFailed, expect, seed

BOUNDED = [
    column
    for column in SALE_COLUMNS
    if column.kind in ("integer", "number") and column.name not in ("wfnt", "age", "eff_age")
]
"""Numbers with two limits. Every good value of wfnt lies on one of them, and the two ages have a rule of their own."""

FROM_ZERO = [column for column in BOUNDED if column.minimum == 0]
NOT_FROM_ZERO = [column for column in BOUNDED if column.minimum != 0]


@pytest.fixture
def raw(sales):
    """Sixty good rows as they stand in a file, numbered from 0; each house was renovated, a year ago or earlier."""
    good = sales[sales["age"] > 1].head(60).reset_index(drop=True)
    renovated = good["eff_age"].clip(1, good["age"] - 1)
    return good.assign(eff_age=renovated, sale_date=good["sale_date"].dt.strftime("%Y-%m-%d")).astype(str)


@pytest.fixture(autouse=True)
def checks_of_each_column(monkeypatch, returned):
    """See what is returned for each column: pandera takes None for a column without rules."""
    checks = sales_module._checks

    def seen(column, values):
        sent, wanted = f"the column {column.name}", "a list of checks, which is empty where there is no rule"
        given = returned(checks(column, values), (list, tuple), sent, wanted)
        others = [type(each).__name__ for each in given if not isinstance(each, pa.Check)]
        got = f"a list with an object of type {', '.join(others)} in it"
        expect(not others, sent=sent, got=got, wanted=wanted, look_at="what is put into the list")
        return list(given)

    monkeypatch.setattr(sales_module, "_checks", seen)


def problems_of(raw: pd.DataFrame, sent: str, declared: tuple[Column, ...] = SALE_COLUMNS) -> list[Problem]:
    try:
        return parse_rows(raw, declared)[1]
    except TypeError as error:
        if "no verdict on each cell" not in str(error):
            raise
        got = "a verdict on the column as a whole, so that no row can be named"
        expect(False, sent=sent, got=got, look_at="what a check gives for a column: one answer, or one for each cell?")


def refused(
    raw: pd.DataFrame, sent: str, columns: set[str] | None = None, declared: tuple[Column, ...] = SALE_COLUMNS
) -> set[tuple[int, str]]:
    """Return row (from 0) and column of every problem found, in the columns that are asked about or in all."""
    places = {(problem.row - 1, problem.column) for problem in problems_of(raw, sent, declared)}
    return {(row, name) for row, name in places if columns is None or name in columns}


def shown(places) -> str:
    first = [f"row {row + 1} ({column})" for row, column in sorted(places)[:6]]
    return ", ".join(first) + (f" and {len(places) - 6} more" if len(places) > 6 else "") if first else "none"


@pytest.mark.task("1.1")
def test_on_the_limit(raw):
    """a value that is exactly the minimum or the maximum is allowed"""
    columns = Random(seed()).sample([column for column in BOUNDED if column.name != "sale_price"], 2)
    spoilt = {(row, column.name): row % 2 for row, column in zip((5, 12, 23, 48), [*columns, *columns], strict=True)}
    limits = {column.name: (column.minimum, column.maximum) for column in columns}
    for (row, name), side in spoilt.items():
        raw.loc[row, name] = str(limits[name][side])
    values = [f"{name} {raw.loc[row, name]}" for row, name in spoilt]
    found = refused(raw, ", ".join(values), set(limits))
    others = found - set(spoilt)
    expect(
        not found,
        sent=f"sixty sales, four of them with a value on a limit: {', '.join(values)}",
        got=f"refused: {shown(found)}",
        look_at="which cells a check of a limit is true for: those that are right"
        if others
        else "on which side of the limit the limit itself lies",
    )


@pytest.mark.task("1.1")
def test_good_sales(raw):
    """of sales that keep every rule none is refused"""
    problems = problems_of(raw, "sixty good sales")
    expect(
        not problems,
        sent="sixty sales that keep every rule, no two of them with one sale_id",
        got=f"{len({problem.row for problem in problems})} of them refused; {'; '.join(map(str, problems[:1]))}",
        look_at="which cells that check is true for: all that keep the rule",
    )


@pytest.mark.task("1.1")
def test_outside_the_limits(raw):
    """a value below the minimum or above the maximum is refused, in every row that has one"""
    columns = Random(seed()).sample(NOT_FROM_ZERO, 3)
    spoilt, values = set(), []
    for column, (below, above) in zip(columns, [(3, 17), (29, 8), (41, 55)], strict=True):
        # A longitude of -123.6 instead of -122.6: off by one whole unit each time.
        for row, value in ((below, column.minimum - 1), (above, column.maximum + 1)):
            raw.loc[row, column.name] = str(value)
            spoilt.add((row, column.name))
            values.append(f"{column.name} {value}")
    found = refused(raw, ", ".join(values), {column.name for column in columns})
    expect(
        sorted(found) == sorted(spoilt),
        sent=f"sixty sales, with one bad value in each of six rows: {', '.join(values)}",
        got=f"let through: {shown(spoilt - found)}; refused without a reason: {shown(found - spoilt)}",
        look_at="which of the column's two limits is turned into a check, and for which kinds of column",
    )


@pytest.mark.task("1.1")
def test_a_limit_of_zero(raw):
    """a minimum of zero is a minimum: less than nothing is refused"""
    column, row = Random(seed()).choice(FROM_ZERO), Random(seed()).randrange(60)
    raw.loc[row, column.name] = "-1"
    found = refused(raw, f"{column.name} -1", {column.name})
    expect(
        sorted(found) == [(row, column.name)],
        sent=f"{column.name} -1 in row {row + 1}; the column declares minimum=0 and maximum={column.maximum:g}",
        got=f"refused: {shown(found)}",
        look_at="how your code tells a limit that is 0 from a limit that is not there",
    )


@pytest.mark.task("1.1")
def test_dates_words_and_codes(raw):
    """a date, a word and a code that their columns do not allow are refused: numbers are not all that has rules"""
    draw, future = Random(seed()), (date.today() + timedelta(days=2)).isoformat()
    bad = [
        ("use_type", draw.choice(["castle", "houseboat", "yurt"])),
        ("sale_date", future),
        ("sale_date", "1989-12-31"),
        ("area", "1000"),
    ]
    rows = draw.sample(range(60), len(bad))
    for row, (name, value) in zip(rows, bad, strict=True):
        raw.loc[row, name] = value
    spoilt = {(row, name) for row, (name, _) in zip(rows, bad, strict=True)}
    values = ", ".join(f"{name} {value} in row {row + 1}" for row, (name, value) in zip(rows, bad, strict=True))
    values = values.replace(future, "the day after tomorrow")
    found = refused(raw, values, {name for name, _ in bad})
    expect(
        sorted(found) == sorted(spoilt),
        sent=f"sixty sales, with {values}",
        got=f"let through: {shown(spoilt - found)}; refused without a reason: {shown(found - spoilt)}",
        look_at="the rules of a column that is no number, and which columns have a minimum or a maximum",
    )


@pytest.mark.task("1.1")
def test_the_same_sale_twice(raw):
    """of two sales with one sale_id the first is kept and the later refused"""
    first, later = sorted(Random(seed()).sample(range(60), 2))
    raw.loc[later, "sale_id"] = raw.loc[first, "sale_id"]
    found = refused(raw, "one sale_id in two rows", {"sale_id"})
    expect(
        sorted(found) == [(later, "sale_id")],
        sent=f"the same sale_id in rows {first + 1} and {later + 1}",
        got=f"refused: {shown(found)}",
        look_at="which rows count as duplicates of which" if found else "whether unique is turned into a check",
    )


@pytest.mark.task("1.1")
def test_renovated_before_it_was_built(raw):
    """a house that was renovated before it was built is refused, compared with its own age and nobody else's"""
    row, chunk = Random(seed()).randrange(60), 60 * Random(seed()).randint(2, 40)
    raw["age"], raw["eff_age"] = [str(20 + n) for n in range(60)], "10"
    raw.loc[row, "eff_age"] = str(20 + row + 1)
    # The rows of a chunk of a long file have the numbers that they have in the whole.
    for begin in (0, chunk):
        sent = (
            f"sixty houses of 20 to 79 years, rows {begin + 1:,} to {begin + 60:,} of a file; the one in row "
            f"{begin + row + 1:,} is {20 + row} and was renovated a year earlier"
        )
        where = "which cell of the other column each cell is compared with"
        if begin:
            where += ": the index of both holds the numbers of the rows in the file, and these need not begin at 0"
        try:
            found = refused(raw.set_axis(raw.index + begin), "eff_age above age", {"age", "eff_age"})
        except LookupError as error:
            expect(False, sent=sent, got=f"{type(error).__name__}: {error}", look_at=where)
        if not found and not begin:
            where = "whether not_above is turned into a check, and what each cell is compared with"
        right = sorted(found) == [(begin + row, "eff_age")]
        expect(right, sent=sent, got=f"refused: {shown(found)}", look_at=where)


@pytest.mark.task("1.1")
def test_never_renovated(raw):
    """a house whose age and eff_age are the same was never renovated, and is allowed"""
    row = Random(seed()).randrange(60)
    raw.loc[row, "eff_age"] = raw.loc[row, "age"]
    found = refused(raw, "eff_age like age", {"age", "eff_age"})
    expect(
        not found,
        sent=f"in row {row + 1}, age {raw.loc[row, 'age']} and eff_age {raw.loc[row, 'age']}",
        got=f"refused: {shown(found)}",
        look_at="what “not above” says about equal values",
    )


@pytest.mark.task("1.1")
def test_unreadable_itself(raw):
    """where eff_age itself cannot be read, every other row is compared all the same, each with its own age"""
    # Young and old houses by turns: paired by position, each cell below the missing one meets its neighbour's age.
    unread, older = Random(seed()).randrange(1, 30, 2), Random(seed()).randrange(32, 60, 2)
    raw["age"], raw["eff_age"] = ["30", "60"] * 30, ["29", "59"] * 30
    raw.loc[unread, "eff_age"], raw.loc[older, "eff_age"] = "new", "31"
    found = refused(raw, "eff_age new", {"age", "eff_age"})
    expect(
        sorted(found) == sorted([(unread, "eff_age"), (older, "eff_age")]),
        sent=f"sixty houses, of age 30 and 60 by turns, renovated a year later; but eff_age is 'new' in row "
        f"{unread + 1}, and 31 in row {older + 1}, whose age is 30",
        got=f"refused: {shown(found)}",
        look_at="which cells a check is handed, and which of the other column belong to them",
    )


@pytest.mark.task("1.1")
def test_unreadable_neighbour(raw):
    """where the age cannot be read, that is the one problem: nothing is said about eff_age"""
    row = Random(seed()).randrange(60)
    raw.loc[row, "age"], raw.loc[row, "eff_age"] = "old", "1"
    found = refused(raw, "age old, eff_age 1", {"age", "eff_age"})
    expect(
        sorted(found) == [(row, "age")],
        sent=f"in row {row + 1}, age 'old' and eff_age 1",
        got=f"refused: {shown(found)}",
        look_at="what comparing with a missing value gives",
    )


@pytest.mark.task("1.1")
def test_words_of_the_rule():
    """the problem says what was wanted, in the words that the rule has"""
    draw = Random(seed())
    least = draw.randint(3, 9)
    rank = Column("rank", "integer", "points", "", least, least + 40)
    word = Column("word", "category", "", "", categories=("oak", "elm"))
    code = Column("code", "integer", "", "", unique=True)
    name = draw.choice(["peak", "roof", "brim"])
    below = Column("level", "integer", "", "", not_above=name)
    high = Column(name, "integer", "", "")
    bad = [
        (rank, {"rank": least - 1}, rank.rule, "a minimum"),
        (rank, {"rank": least + 41}, rank.rule, "a maximum"),
        (word, {"word": "ash"}, word.rule, "categories"),
        (code, {"code": 1}, "a value that no earlier row has", "unique"),
        (below, {"level": 8}, f"no more than the {name} of the same row", f"not_above {name}"),
    ]
    for column, cells, rule, declared in bad:
        good = {"rank": least, "word": "oak", "code": 1, "level": 7, name: 7}
        raw = pd.DataFrame([good, good | {"code": 2} | cells]).astype(str)
        told = {one.rule for one in problems_of(raw, "", (rank, word, code, below, high)) if one.column == column.name}
        expect(
            told == {rule},
            sent=f"{', '.join(f'{key} {value}' for key, value in cells.items())}, in a column that declares {declared}",
            got=f"wanted: {', '.join(told)}" if told else "no problem",
            wanted=f"wanted: {rule}",
            look_at="the words that each check is given" if told else f"whether {declared} is turned into a check",
        )


@pytest.mark.task("1.1")
def test_several_rules():
    """of a column that declares several rules, each one is kept"""
    draw = Random(seed())
    least = draw.randint(3, 9)
    most = least + 40
    declared = (
        Column("rank", "integer", "", "", least, most, unique=True, not_above="ranks"),
        Column("ranks", "integer", "", ""),
    )
    bad = [
        ("minimum", least - 1, most),
        ("maximum", most + 1, most + 2),
        ("unique", least, most),
        ("not_above", least + 20, least + 19),
    ]
    draw.shuffle(bad)
    good = [("none", least + n, most) for n in range(9)]
    raw = pd.DataFrame([row[1:] for row in [*good, *bad]], columns=["rank", "ranks"]).astype(str)
    sent = f"a column of {least} to {most}, unique and not_above another: nine good rows, and one against each rule"
    found = {row for row, _ in refused(raw, sent, {"rank"}, declared)}
    missed = [rule for row, (rule, *_) in enumerate(bad, start=len(good)) if row not in found]
    expect(
        not missed,
        sent=sent,
        got=f"let through: what breaks {' and '.join(missed)}",
        look_at="what becomes of a column's other rules once one is found",
    )


@pytest.mark.task("1.1")
def test_one_limit_alone():
    """a column that declares one limit alone is held to that one, to its last decimal"""
    limit = Random(seed()).randint(10, 90)
    for kind, step in (("integer", 1), ("number", 0.125)):
        at = limit if kind == "integer" else limit + 0.5
        for which, least, most, beyond in (("minimum", at, None, at - step), ("maximum", None, at, at + step)):
            column = Column("rank", kind, "", "", least, most)
            told = f"rank {at:g}, {beyond:g} and {at:g}, in a column that declares {which}={at:g} and no other limit"
            where = "what happens when one of the two limits is not there"
            raw = pd.DataFrame({"rank": [at, beyond, at]}).astype(str)
            try:
                found = refused(raw, told, declared=(column,))
            except (TypeError, ValueError) as error:
                raise CheckFailed(sent=told, got=f"{type(error).__name__}: {error}", look_at=where) from error
            if kind == "number":
                where = "what becomes of a limit with decimals, and for which kinds of column there is a check"
            expect(found == {(1, "rank")}, sent=told, got=f"refused: {shown(found)}", look_at=where)


@pytest.mark.task("1.1")
def test_whole_words():
    """a word is allowed if it is one of those declared, all of it and letter by letter"""
    word, other = Random(seed()).sample(["barn", "cottage", "mill", "tower"], 2)
    column = Column("word", "category", "", "", categories=(word, other))
    cells = [word, other, f"{word}2", f"{other}s", f"old{word}", word[:-1], other[1:], word.upper(), f"{other} "]
    found = refused(pd.DataFrame({"word": cells}), f"words like {word}", declared=(column,))
    good, bad = {(row, "word") for row in (0, 1)}, {(row, "word") for row in range(2, len(cells))}
    got = [f"let through: {', '.join(repr(cells[row]) for row, _ in sorted(bad - found))}"] if bad - found else []
    got += [f"refused: {', '.join(repr(cells[row]) for row, _ in sorted(good & found))}"] if good & found else []
    expect(
        found == bad,
        sent=f"{', '.join(map(repr, cells))}, in a column that declares the categories {word} and {other}",
        got="; ".join(got),
        look_at="where the allowed words come from" if good & found else "whether the whole word is compared, as it is",
    )
