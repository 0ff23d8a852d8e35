"""Task 2.1: what may be asked is what the model's manifest says."""

import itertools
import json
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.manifest import Input
from house_prices.serving.contract import Contract
from labkit.checks import expect, rng

MEANINGS = {column.name: column.meaning for column in HOUSE_COLUMNS}
MANIFEST = "a manifest with limits that were drawn anew"
COMPARED = {"age": "years", "eff_age": "years", "tot_sf": "square feet"}  # two of these, with their units


@pytest.fixture
def inputs():
    """The inputs of a model that nobody has seen: known names, and limits of its own."""
    draw = rng()
    smallest, largest = float(draw.randrange(100, 120)), float(draw.randrange(150, 190))
    # Not the pair that there is today.
    lower, upper = draw.choice([pair for pair in itertools.permutations(COMPARED, 2) if pair != ("eff_age", "age")])
    return (
        Input(
            name="area",
            kind="category",
            unit="",
            minimum=1.0,
            maximum=float(draw.randrange(300, 900)),
            categories=tuple(sorted(draw.sample(range(1, 90), 4))),
        ),
        Input(
            name="use_type",
            kind="category",
            unit="",
            closed=True,
            categories=("sfr", draw.choice(["houseboat", "mansion"]), "townhouse"),
        ),
        Input(
            name="beds",
            kind="integer",
            unit="rooms",
            minimum=float(draw.randrange(1, 4)),
            maximum=float(draw.randrange(9, 20)),
        ),
        Input(name="baths", kind="number", unit="rooms", minimum=0.25, maximum=draw.randrange(20, 60) / 4),
        *(
            Input(
                name=name,
                kind="integer",
                unit=unit,
                minimum=smallest,
                maximum=largest,
                not_above=upper if name == lower else None,
            )
            for name, unit in COMPARED.items()
        ),
        Input(name="longitude", kind="number", unit="degrees", minimum=-122.4, maximum=-122.1),
    )


@pytest.fixture
def bounded(inputs):
    """The inputs that have limits."""
    return [column for column in inputs if column.minimum is not None]


@pytest.fixture
def pair(inputs):
    """The names of a field that may not be above another, and of that other."""
    return next((column.name, column.not_above) for column in inputs if column.not_above)


@pytest.fixture
def contract(inputs):
    return Contract(SimpleNamespace(inputs=inputs))


@pytest.fixture
def house(inputs, pair):
    """A house in the middle of all limits."""
    middle = {c.name: (c.minimum + c.maximum) / 2 for c in inputs if c.minimum is not None}
    whole = {c.name for c in inputs if c.kind != "number"}
    house = {name: int(value) if name in whole else value for name, value in middle.items()}
    lower, upper = pair
    return house | {"use_type": "sfr", "area": inputs[0].categories[0], lower: house[upper] - 1}


@pytest.fixture
def refused(contract, house):
    """A function that returns the names of the fields that are refused if a house has these values; None: left out."""

    def ask(**changes):
        asked = {name: value for name, value in (house | changes).items() if value is not None}
        try:
            contract.Request.model_validate({"houses": [asked]})
        except ValidationError as error:
            return sorted({str(each["loc"][-1]) for each in error.errors(include_context=False)})
        return []

    return ask


@pytest.mark.task("2.1")
def test_both_limits_are_included(contract, house, bounded):
    """a house at the limits of the manifest is taken, and comes out as it went in"""
    for name in ("minimum", "maximum"):
        sent = house | {c.name: getattr(c, name) if c.kind == "number" else int(getattr(c, name)) for c in bounded}
        wrong, got = [], None
        try:
            got = contract.Request.model_validate({"houses": [sent]}).model_dump()["houses"][0]
        except ValidationError as error:
            wrong = [f"{each['loc'][-1]}: {each['msg']}" for each in error.errors(include_context=False)]
        expect(
            not wrong,
            sent=f"{MANIFEST}, and a house with the {name} in each field",
            got="; ".join(wrong),
            wanted="no error",
            look_at="which values a limit allows, and which type each field has",
        )
        changed = [f"{key} {got.get(key)!r} for {value!r}" for key, value in sent.items() if got.get(key) != value]
        expect(
            not changed,
            sent=f"a house with the {name} in each field",
            got="; ".join(changed),
            wanted="the values that were sent",
            look_at="what a field does with its value",
        )


@pytest.mark.task("2.1")
def test_beyond_a_limit(refused, bounded):
    """a value below the minimum or above the maximum of the manifest is refused, in every field that has one"""
    let_through = []
    for column in bounded:
        step = 0.001 if column.kind == "number" else 1
        for value in (column.minimum - step, column.maximum + step):
            value = value if column.kind == "number" else int(value)
            if column.name not in refused(**{column.name: value}):
                limits = f"{column.minimum:g} to {column.maximum:g}"
                let_through.append(f"{column.name} {value:g}, where the manifest says {limits}")
    expect(
        not let_through,
        sent=f"{MANIFEST}, and houses just beyond them",
        got="taken: " + "; ".join(let_through),
        wanted="an error for each",
        look_at="where the limits come from, and for which kinds",
    )


@pytest.mark.task("2.1")
def test_a_closed_category(refused, inputs):
    """of a closed category, what the manifest lists is taken, as it is written, and nothing else"""
    known = next(column.categories for column in inputs if column.closed)
    got = {value: "refused" if refused(use_type=value) else "taken" for value in (*known, "castle", "SFR", "", 1)}
    wanted = {value: "taken" if value in known else "refused" for value in got}
    wrong = [f"{value!r} is {what}" for value, what in got.items() if what != wanted[value]]
    expect(
        not wrong,
        sent=f"a manifest with the closed categories {', '.join(known)}",
        got="; ".join(wrong),
        look_at="how a field is told that it takes these values and no others",
    )


@pytest.mark.task("2.1")
def test_an_open_category(refused, inputs):
    """of an open category, a code that training never saw is taken: it is news, and no error"""
    area = inputs[0]
    unseen = rng().choice([code for code in range(1, int(area.maximum)) if code not in area.categories])
    wrong = refused(area=unseen)
    expect(
        not wrong,
        sent=f"area {unseen}; training has seen {', '.join(map(str, area.categories))}, and the limits "
        f"are {area.minimum:g} to {area.maximum:g}",
        got=f"refused: {', '.join(wrong)}",
        wanted="taken",
        look_at="what tells a closed category from an open one",
    )


@pytest.mark.task("2.1")
def test_types_are_strict(refused):
    """a whole number is whole and a number is no text: nothing is converted on the quiet"""
    tried = [("beds", 5.5), ("beds", "5"), ("area", True), ("area", 44.5), ("area", "44"), ("baths", "2.25")]
    taken = [f"{name} {value!r}" for name, value in tried if name not in refused(**{name: value})]
    expect(
        not taken,
        sent=", ".join(f"{name} {value!r}" for name, value in tried),
        got=f"taken: {', '.join(taken)}",
        wanted="an error for each",
        look_at="the type of each field",
    )


@pytest.mark.task("2.1")
def test_every_field_is_required(refused, house):
    """a house without one of the fields is refused: there is no value that could stand for it"""
    optional = [name for name in house if refused(**{name: None}) != [name]]
    expect(
        not optional,
        sent="houses with one field left out each",
        got=f"taken without {', '.join(optional)}",
        wanted="an error for the field that is not there",
        look_at="what create_model takes for a default",
    )


@pytest.mark.task("2.1")
def test_two_fields_are_compared(refused, house, pair):
    """a field that may not be above another is compared with it, and left alone where the other is wrong itself"""
    lower, upper = pair
    limit = house[upper]
    tried = {
        f"{lower} {limit}, {upper} {limit}": (refused(**{lower: limit}), []),
        f"{lower} {limit + 1}, {upper} {limit}": (refused(**{lower: limit + 1}), [lower]),
        f"{lower} {limit}, {upper} 'many'": (refused(**{lower: limit, upper: "many"}), [upper]),
    }
    wrong = [f"{sent}: {', '.join(got) or 'nothing'} refused" for sent, (got, wanted) in tried.items() if got != wanted]
    expect(
        not wrong,
        sent=f"a manifest in which {lower} may not be above {upper}",
        got="; ".join(wrong),
        look_at="`not_above`, the input's and the validator's",
    )


@pytest.mark.task("2.1")
def test_the_schema_says_it_all(contract, inputs):
    """limits, categories, meaning and unit are in the JSON Schema, so that callers need not find them out by trying"""
    fields = contract.House.model_json_schema()["properties"]
    lacking = {}
    for column in inputs:
        said = fields[column.name]
        description = said.get("description", "")
        if column.closed:
            lacks = {"categories": sorted(said.get("enum", [])) != sorted(column.categories)}
        else:
            lacks = {"limits": (said.get("minimum"), said.get("maximum")) != (column.minimum, column.maximum)}
        lacks |= {"meaning": MEANINGS[column.name] not in description, "unit": column.unit not in description}
        if any(lacks.values()):
            lacking[column.name] = " and its ".join(what for what, it_does in lacks.items() if it_does)
    example = "".join(f". Of {name} it says {json.dumps(fields[name])}" for name in list(lacking)[:1])
    misplaced = any(fields[name].keys() & {"ge", "le"} for name in lacking)
    expect(
        not lacking,
        sent=MANIFEST,
        got="the schema does not say " + "; ".join(f"{name}: its {what}" for name, what in lacking.items()) + example,
        look_at="the order in `Annotated`: behind a function of yours, pydantic no longer knows what is limited"
        if misplaced
        else "what pydantic can tell others of a rule, and what it cannot",
    )
