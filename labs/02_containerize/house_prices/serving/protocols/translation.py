"""What the protocols share: tables that become houses, and reasons that each protocol wraps in its own way."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, ServiceUnavailable, UnsupportedMediaType
from werkzeug.wrappers import Response

from house_prices.serving.batching import Overloaded
from house_prices.serving.json_body import InvalidJson, read_json
from house_prices.serving.problems import field_errors
from house_prices.serving.service import Service
from house_prices.serving.settings import LARGEST_REQUEST

MOST_COLUMNS = 100
MOST_ERRORS, MOST_NAMED, LONGEST_ERROR = 20_000, 20, 200
NAME_OF_A_CLASS = re.compile(r"a valid dictionary or instance of \w+")

Model = TypeVar("Model", bound=BaseModel)


def answer_errors(blueprint: Blueprint, wrap: Callable[[int, str], dict[str, str]]) -> None:
    """Have a blueprint answer its HTTP errors with the JSON object that ``wrap`` makes of a status and a reason."""

    @blueprint.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        answer = error.get_response()  # with its headers, as Retry-After
        answer.data = json.dumps(wrap(answer.status_code, error.description or error.name))
        answer.mimetype = "application/json"
        return answer


def read_body(*media_types: str) -> bytes:
    """Return the request's body, or refuse it because it is of none of these types, or compressed."""
    if request.mimetype not in media_types:
        raise UnsupportedMediaType(f"send {' or '.join(filter(None, media_types))}")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("send the body as it is, without a Content-Encoding")
    return request.get_data(cache=False)


def read_as(model: type[Model], text: bytes) -> Model:
    """Return what a JSON text says, or refuse it."""
    try:
        return _validated(model, read_json(text))
    except InvalidJson as error:
        raise BadRequest(f"this is no JSON that can be read in one way only: {error}") from None


def rows(columns: Sequence[str], data: Iterable[Sequence[Any]]) -> list[Any]:
    """Return a dict for each row of a table, or refuse it because a value or a name is missing or comes twice."""
    if len(columns) > MOST_COLUMNS:
        raise BadRequest(f"{len(columns):,} columns are more than {MOST_COLUMNS}")
    if len(set(columns)) < len(columns):
        raise BadRequest("a column comes twice")
    try:
        return [dict(zip(columns, row, strict=True)) for row in data]
    except ValueError:
        raise BadRequest("not each row has one value for each column") from None


def prices_of(service: Service, houses: list[Any]) -> list[float]:
    """Price houses, or refuse them with what the contract has against them, or because too many wait.

    A whole number may come as 3.0, and nothing else is forgiven: pandas writes a column so that once had a gap.
    """
    refuse_too_many(len(houses))
    whole = {column.name for column in service.manifest.inputs if column.kind != "number"}
    for house in houses:
        for name in whole.intersection(house) if isinstance(house, dict) else ():
            if isinstance(house[name], float) and house[name].is_integer():
                house[name] = int(house[name])
    asked = _validated(service.contract.Request, {"houses": houses}, _row).model_dump()["houses"]
    g.houses = len(asked)
    try:
        return [priced.price for priced in service.price(asked)]
    except Overloaded as error:
        raise ServiceUnavailable(str(error), retry_after=error.retry_after) from None


def refuse_too_many(houses: int) -> None:
    """Refuse a request before anything is made of it that takes more room than it does."""
    if houses > LARGEST_REQUEST:
        raise BadRequest(f"a request has at most {LARGEST_REQUEST:,} houses, not {houses:,}")


def _row(pointer: str) -> str:
    """Say of a place in our own request where that is in a table."""
    _, _, *inside = pointer.split("/", 3)
    return "row " + ", ".join(inside) if inside else "the table"


def _validated(model: type[Model], value: object, place: Callable[[str], str] = str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if (count := error.error_count()) > MOST_ERRORS:
            raise BadRequest(f"{count:,} fields are wrong, too many to name") from None
        entries = field_errors(error)
    words = []
    for each in entries[:MOST_NAMED]:
        detail = NAME_OF_A_CLASS.sub("an object", each["detail"])
        words.append(f"{place(each['pointer'] or '/')}: {detail}, got {each.get('got', 'nothing')}"[:LONGEST_ERROR])
    raise BadRequest("; ".join(words) + (f"; and {count - MOST_NAMED:,} more" if count > MOST_NAMED else ""))
