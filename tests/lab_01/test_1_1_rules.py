"""Task 1.1: a row that breaks a declared rule is refused, every one of them, and no other."""

import re
from datetime import date, timedelta
from random import Random

import pandas as pd
import pytest

from house_prices.model.columns import SALE_COLUMNS, Column
from house_prices.model.sales import parse_rows
from labkit.checks import expect, seed

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


def refused(
    raw: pd.DataFrame, sent: str, columns: set[str] | None = None, declared: tuple[Column, ...] = SALE_COLUMNS
) -> set[tuple[int, str]]:
    """Return row (from 0) and column of every problem found, in the columns that are asked about or in all."""
    try:
        _, problems = parse_rows(raw, declared)
    except TypeError as error:
        if "no verdict on each cell" not in str(error):
            raise
        got = "a verdict on the column as a whole, so that no row can be named"
        expect(False, sent=sent, got=got, look_at="what a check gives for a column: one answer, or one for each cell?")
    places = {(problem.row - 1, problem.column) for problem in problems}
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
    expect(
        not found,
        sent=f"sixty sales, four of them with a value on a limit: {', '.join(values)}",
        got=f"refused: {shown(found)}",
        look_at="on which side of the limit the limit itself lies",
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
def test_dates_and_words(raw):
    """a sale in the future and a type of house that is not declared are refused"""
    word = f"{Random(seed()).choice(['castle', 'houseboat', 'yurt'])}"
    future = (date.today() + timedelta(days=2)).isoformat()
    raw.loc[7, "use_type"], raw.loc[31, "sale_date"] = word, future
    spoilt = {(7, "use_type"), (31, "sale_date")}
    found = refused(raw, f"use_type {word}, a sale_date in two days", {"use_type", "sale_date"})
    expect(
        sorted(found) == sorted(spoilt),
        sent=f"sixty sales, with use_type {word} in row 8, and in row 32 the day after tomorrow as sale_date",
        got=f"let through: {shown(spoilt - found)}; refused without a reason: {shown(found - spoilt)}",
        look_at="the rules of a column that is no number",
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
        look_at="which rows count as duplicates of which",
    )


@pytest.mark.task("1.1")
def test_renovated_before_it_was_built(raw):
    """a house that was renovated before it was built is refused, compared with its own age and nobody else's"""
    row = Random(seed()).randrange(60)
    raw["age"], raw["eff_age"] = [str(20 + n) for n in range(60)], "10"
    raw.loc[row, "eff_age"] = str(20 + row + 1)
    found = refused(raw, "eff_age above age", {"age", "eff_age"})
    expect(
        sorted(found) == [(row, "eff_age")],
        sent=f"sixty houses of 20 to 79 years; the one in row {row + 1} is {20 + row} and was renovated a year earlier",
        got=f"refused: {shown(found)}",
        look_at="which cell of the other column each cell is compared with",
    )


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
    """where eff_age itself cannot be read, the other rows are compared all the same"""
    unread, older = Random(seed()).sample(range(60), 2)
    raw["age"], raw["eff_age"] = "30", "10"
    raw.loc[unread, "eff_age"], raw.loc[older, "eff_age"] = "new", "31"
    found = refused(raw, "eff_age new", {"age", "eff_age"})
    expect(
        sorted(found) == sorted([(unread, "eff_age"), (older, "eff_age")]),
        sent=f"sixty houses of age 30; eff_age is 'new' in row {unread + 1}, 31 in row {older + 1}, and else 10",
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
def test_words_of_the_rule(raw):
    """the problem says what was wanted, in the words that the column has for it"""
    column = Random(seed()).choice([column for column in BOUNDED if re.fullmatch("[a-z_]+", column.name)])
    raw.loc[19, column.name] = str(column.minimum - 1)
    refused(raw, sent=f"{column.name} {column.minimum - 1}")
    _, problems = parse_rows(raw, SALE_COLUMNS)
    rules = [problem.rule for problem in problems if problem.column == column.name]
    expect(
        rules == [column.rule],
        sent=f"{column.name} {column.minimum - 1}",
        got=f"wanted: {rules[0]}" if rules else "no problem",
        wanted=f"wanted: {column.rule}",
        look_at="the words that each check is given" if rules else "whether each limit is turned into a check",
    )
