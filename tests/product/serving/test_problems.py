"""Answers that say what is wrong: their form, and where in the request the wrong values stand."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from house_prices.serving.problems import LONGEST_VALUE, field_errors, problem, shown
from tests.product.serving.pointers import resolve


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    size: int
    ratio: Annotated[float, Field(gt=0)] = 1.0


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rows: list[Row]


def errors_of(body: Any) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    return field_errors(refused.value)


def test_a_problem_has_the_members_of_the_standard() -> None:
    answer = problem(503, "Too many requests wait", "ask again", Retry_After="1")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "1"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Too many requests wait",
        "status": 503,
        "detail": "ask again",
    }


def test_what_there_is_nothing_to_say_about_is_left_out() -> None:
    assert problem(404, "Not Found").get_json() == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_every_bad_field_of_every_row_is_named_at_once() -> None:
    body = {"rows": [{"size": 1}, {"size": "x", "ratio": 0.0}, {"ratio": 2.0}, {"size": 3, "age": 4}]}
    assert errors_of(body) == [
        {"pointer": "/rows/1/size", "detail": "Input should be a valid integer", "got": '"x"'},
        {"pointer": "/rows/1/ratio", "detail": "Input should be greater than 0", "got": "0.0"},
        {"pointer": "/rows/2/size", "detail": "Field required"},
        {"pointer": "/rows/3/age", "detail": "Extra inputs are not permitted", "got": "4"},
    ]


def test_the_body_itself_has_the_empty_pointer() -> None:
    assert [each["pointer"] for each in errors_of([])] == [""]


@given(key=st.text().filter(lambda key: key not in {"size", "ratio"}))
def test_a_pointer_leads_to_the_field_whatever_its_name(key: str) -> None:
    body = {"rows": [{"size": 1, key: ["here"]}]}
    (error,) = errors_of(body)
    assert resolve(body, error["pointer"]) == ["here"]


@pytest.mark.parametrize(
    ("key", "pointer"), [("a/b", "/a~1b"), ("m~n", "/m~0n"), ("~1", "/~01"), ("/~/", "/~1~0~1"), ("", "/"), ("é", "/é")]
)
def test_slashes_and_tildes_are_escaped(key: str, pointer: str) -> None:
    assert {each["pointer"] for each in errors_of({"rows": [], key: 1})} == {pointer}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-0.0, "-0.0"),
        (10**39, "1" + "0" * 39),
        ("sfr", '"sfr"'),
        ("", '""'),
        ("\ud800", r'"\ud800"'),
        ("<b>\n", r'"<b>\n"'),
        ({"a": 1}, "an object"),
        ([1, 2], "a list of 2"),
        ([0] * 1_234, "a list of 1,234"),
        ("x" * 62, '"' + "x" * 62 + '"'),
        ("x" * 63, '"' + "x" * 62 + "…"),
        ("x" * 10**6, '"' + "x" * 62 + "…"),
    ],
)
def test_a_value_is_shown_as_it_came_but_briefly(value: Any, text: str) -> None:
    assert shown(value) == text
    assert len(shown(value)) <= LONGEST_VALUE
