"""The contract is the manifest's: what a house may be follows from the model, and from nothing else."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.manifest import Manifest
from house_prices.serving.contract import Contract
from house_prices.serving.predictor import Predictor
from tests.product.serving.making import HOUSE, manifest_with

MEANINGS = {column.name: column.meaning for column in HOUSE_COLUMNS}


@pytest.fixture(scope="module")
def manifest(predictor: Predictor) -> Manifest:
    return predictor.manifest


@pytest.fixture(scope="module")
def contract(manifest: Manifest) -> Contract:
    return Contract(manifest)


def errors(contract: Contract, **fields: Any) -> list[tuple[str, str]]:
    """Return the field and the type of each error of one house; those that are not named are in order."""
    try:
        contract.House.model_validate({**HOUSE, **fields})
    except ValidationError as refused:
        return [(".".join(map(str, each["loc"])), each["type"]) for each in refused.errors()]
    return []


def properties(contract: Contract) -> dict[str, Any]:
    schema: dict[str, Any] = contract.House.model_json_schema()["properties"]
    return schema


def test_the_fields_are_the_inputs_of_the_model(contract: Contract, manifest: Manifest) -> None:
    assert set(properties(contract)) == {column.name for column in manifest.inputs}
    assert set(contract.House.model_json_schema()["required"]) == set(properties(contract))
    assert contract.House.model_json_schema()["additionalProperties"] is False


def test_limits_units_and_categories_are_those_of_the_manifest(contract: Contract, manifest: Manifest) -> None:
    for column in manifest.inputs:
        field = properties(contract)[column.name]
        assert field["description"].startswith(MEANINGS[column.name])
        assert (f"in {column.unit}" in field["description"]) == bool(column.unit)
        if column.closed:
            assert tuple(field["enum"]) == column.categories
        else:
            assert field["type"] == ("number" if column.kind == "number" else "integer")
            assert (field["minimum"], field["maximum"]) == (column.minimum, column.maximum)


def test_what_training_saw_is_no_limit(contract: Contract, manifest: Manifest) -> None:
    beds = next(column for column in manifest.inputs if column.name == "beds")
    assert beds.seen_maximum is not None
    assert beds.seen_maximum < 30
    assert errors(contract, beds=30) == []
    assert errors(contract, area=6) == [], "an area that training never saw is welcome"


@given(data=st.data())
def test_both_limits_are_included_and_nothing_beyond_them(
    contract: Contract, manifest: Manifest, data: st.DataObject
) -> None:
    column = data.draw(st.sampled_from([each for each in manifest.inputs if not each.closed]))
    assert column.minimum is not None
    assert column.maximum is not None
    number = column.kind == "number"
    values = st.floats(-1e9, 1e9) if number else st.integers(-(10**9), 10**9)
    edges = [column.minimum, column.maximum, column.minimum - 1, column.maximum + 1]
    value = data.draw(values | st.sampled_from(edges if number else [int(edge) for edge in edges]))
    got = errors(contract, **({"age": 200, "eff_age": 0} | {column.name: value}))
    wrong = (
        {"greater_than_equal"} if value < column.minimum else {"less_than_equal"} if value > column.maximum else set()
    )
    assert {kind for name, kind in got if name == column.name} == wrong


def test_other_limits_make_another_contract(manifest: Manifest) -> None:
    changed = Contract(manifest_with(manifest, "tot_sf", minimum=10.0, maximum=20.0, unit="square metres"))
    assert errors(changed, tot_sf=10) == errors(changed, tot_sf=20) == []
    assert errors(changed, tot_sf=9) == [("tot_sf", "greater_than_equal")]
    assert errors(changed, tot_sf=21) == [("tot_sf", "less_than_equal")]
    assert properties(changed)["tot_sf"]["maximum"] == 20
    assert properties(changed)["tot_sf"]["description"] == "living area, in square metres"
    shifted = Contract(manifest_with(manifest, "latitude", maximum=47.25))
    assert errors(shifted, latitude=47.25) == []
    assert errors(shifted, latitude=47.26) == [("latitude", "less_than_equal")]


def test_an_input_without_limits_has_none(manifest: Manifest) -> None:
    changed = Contract(manifest_with(manifest, "lot_sf", minimum=None, maximum=None))
    assert errors(changed, lot_sf=-(10**12)) == []
    assert not {"minimum", "maximum"} & set(properties(changed)["lot_sf"])


def test_other_categories_make_another_contract(manifest: Manifest) -> None:
    changed = Contract(manifest_with(manifest, "use_type", categories=("condo", "sfr")))
    assert errors(changed, use_type="condo") == []
    assert errors(changed, use_type="townhouse") == [("use_type", "literal_error")]


def test_another_kind_makes_another_contract(manifest: Manifest) -> None:
    assert errors(Contract(manifest), baths=2.5) == []
    assert errors(Contract(manifest_with(manifest, "baths", kind="integer")), baths=2.5) == [("baths", "int_type")]


def test_another_comparison_makes_another_contract(manifest: Manifest) -> None:
    swapped = manifest_with(manifest_with(manifest, "eff_age", not_above=None), "age", not_above="eff_age")
    assert errors(Contract(manifest), age=5, eff_age=6) == [("eff_age", "value_error")]
    assert errors(Contract(swapped), age=5, eff_age=6) == []
    assert errors(Contract(swapped), age=6, eff_age=5) == [("age", "value_error")]


def test_a_house_that_is_newer_than_its_renovation_is_told_so(contract: Contract) -> None:
    with pytest.raises(ValidationError, match="must not be above age, which is 5"):
        contract.House.model_validate({**HOUSE, "age": 5, "eff_age": 6})
    assert errors(contract, age=6, eff_age=6) == []


def test_nothing_is_said_of_a_comparison_with_a_value_that_is_itself_wrong(contract: Contract) -> None:
    assert errors(contract, age=-1, eff_age=6) == [("age", "greater_than_equal")]
    assert errors(contract, age="98", eff_age=201) == [("age", "int_type"), ("eff_age", "less_than_equal")]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("area", "79", "int_type"),
        ("area", 79.0, "int_type"),
        ("area", True, "int_type"),
        ("area", None, "int_type"),
        ("area", [79], "int_type"),
        ("area", -0, "greater_than_equal"),
        ("tot_sf", -0.0, "int_type"),
        ("tot_sf", 10**39, "less_than_equal"),
        ("tot_sf", -(10**39), "greater_than_equal"),
        ("baths", "2", "float_type"),
        ("baths", False, "float_type"),
        ("baths", 10**39, "less_than_equal"),
        ("baths", float("nan"), "finite_number"),
        ("longitude", float("inf"), "finite_number"),
        ("use_type", "SFR", "literal_error"),
        ("use_type", "sfr ", "literal_error"),
        ("use_type", "\ud800", "string_unicode"),
        ("use_type", 0, "literal_error"),
        ("pool", 1, "extra_forbidden"),
    ],
)
def test_no_value_is_bent_until_it_fits(contract: Contract, field: str, value: Any, kind: str) -> None:
    assert errors(contract, **{field: value}) == [(field, kind)]


@pytest.mark.parametrize("field", HOUSE)
def test_every_field_is_required(contract: Contract, field: str) -> None:
    house = {name: value for name, value in HOUSE.items() if name != field}
    with pytest.raises(ValidationError) as refused:
        contract.House.model_validate(house)
    assert [(each["loc"], each["type"]) for each in refused.value.errors()] == [((field,), "missing")]


@pytest.mark.parametrize(
    ("houses", "kind"),
    [
        ([], "too_short"),
        ([HOUSE] * 1_001, "too_long"),
        ({}, "list_type"),
        (HOUSE, "list_type"),
        (None, "list_type"),
        ("[]", "list_type"),
    ],
)
def test_a_request_has_a_list_of_1_to_1000_houses(contract: Contract, houses: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        contract.Request.model_validate({"houses": houses})
    assert [(each["loc"], each["type"]) for each in refused.value.errors()] == [(("houses",), kind)]
    assert len(contract.Request.model_validate({"houses": [HOUSE] * 1_000}).houses) == 1_000  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [None, [], "houses", 1, [HOUSE]])
def test_a_request_is_an_object(contract: Contract, body: Any) -> None:
    with pytest.raises(ValidationError, match="model_type"):
        contract.Request.model_validate(body)


def test_a_request_has_nothing_but_houses(contract: Contract) -> None:
    with pytest.raises(ValidationError) as refused:
        contract.Request.model_validate({"house": [HOUSE]})
    assert {(each["loc"], each["type"]) for each in refused.value.errors()} == {
        (("houses",), "missing"),
        (("house",), "extra_forbidden"),
    }


def test_what_was_asked_is_not_changed(contract: Contract) -> None:
    asked = {"houses": [dict(HOUSE), dict(HOUSE)]}
    before = copy.deepcopy(asked)
    read = contract.Request.model_validate(asked)
    assert asked == before == read.model_dump()
    with pytest.raises(ValidationError, match="frozen"):
        read.houses = []  # type: ignore[attr-defined]
