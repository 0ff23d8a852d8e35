"""One model, one answer: whatever the protocol."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from hypothesis import given, settings

from tests.product.serving.making import HOUSE
from tests.product.serving.protocols.asking import WAYS, Houses, houses, prices


@settings(max_examples=40)
@given(asked=houses())
def test_the_prices_are_those_of_v1_to_the_last_bit(client: FlaskClient, asked: list[dict[str, Any]]) -> None:
    expected = prices(client.post("/v1/predictions", json={"houses": asked}))
    assert {way: prices(ask(client, asked)) for way, ask in WAYS.items()} == dict.fromkeys(WAYS, expected)


@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_houses_are_answered_and_one_more_is_refused(client: FlaskClient, way: str) -> None:
    asked = [{**HOUSE, "lot_sf": 1_000 + number} for number in range(1_001)]
    expected = prices(client.post("/v1/predictions", json={"houses": asked[:1_000]}))
    assert prices(WAYS[way](client, asked[:1_000])) == expected
    refused = WAYS[way](client, asked)
    assert refused.status_code == 400
    assert "at most 1,000 houses" in refused.text


@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_area_is_answered(client: FlaskClient, way: str) -> None:
    assert prices(WAYS[way](client, [{**HOUSE, "area": 998}]))


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "below its limit": (lambda house: {**house, "lot_sf": 99}, "lot_sf: Input should be greater than or equal to 100"),
    "above another field": (lambda house: {**house, "eff_age": 99}, "eff_age: Value error, must not be above age"),
    "not whole": (lambda house: {**house, "beds": 2.5}, "beds"),
    "no category": (lambda house: {**house, "use_type": "castle"}, "Input should be 'sfr' or 'townhouse', got"),
    "missing": (lambda house: {name: value for name, value in house.items() if name != "beds"}, "beds: Field required"),
    "unknown": (lambda house: {**house, "pool": 1}, "pool: Extra inputs are not permitted, got 1"),
}


# As bytes, an INT64 cannot be 2.5.
@pytest.mark.parametrize(
    ("way", "wrong"), [(way, wrong) for way in WAYS for wrong in WRONG if (way, wrong) != ("V2, binary", "not whole")]
)
def test_the_rules_are_those_of_the_contract(client: FlaskClient, way: str, wrong: str) -> None:
    spoil, reason = WRONG[wrong]
    asked: Houses = [spoil(dict(HOUSE))]
    refused = WAYS[way](client, asked)
    assert refused.status_code == 400
    assert reason in refused.text


@pytest.mark.parametrize("way", WAYS)
def test_the_log_knows_how_many_houses_there_were(client: FlaskClient, way: str) -> None:
    with client:
        WAYS[way](client, [dict(HOUSE)] * 3)
        assert g.houses == 3
