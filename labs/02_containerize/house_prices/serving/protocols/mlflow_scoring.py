"""The routes of `mlflow models serve`. SageMaker's are among them, and Vertex AI's are the same under other paths."""

import csv
import io
import re
from itertools import islice
from typing import Annotated, Any

from flask import Blueprint, Response, request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from werkzeug.exceptions import BadRequest

from house_prices.serving.health import Health
from house_prices.serving.protocols.translation import (
    MOST_COLUMNS,
    answer_errors,
    prices_of,
    read_as,
    read_body,
    refuse_too_many,
    rows,
)
from house_prices.serving.service import Service
from house_prices.serving.settings import LARGEST_REQUEST

MLFLOW = "3.17.2"
"""Whose protocol this is; its server answers /version with it."""
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")


def _not_too_long(value: object) -> object:
    if isinstance(value, list):
        refuse_too_many(len(value))
    return value


def _is_table(value: object) -> object:
    """Let through a list of rows, or an object of columns."""
    for each in value.values() if isinstance(value, dict) else () if value is None else [value]:
        if not isinstance(_not_too_long(each), list):
            raise PydanticCustomError(
                "table", "Input should be a list of rows or an object of columns, which are lists"
            )
    return value


Table = Annotated[Any, AfterValidator(_is_table)]
Nothing = Annotated[dict[str, Any], Field(max_length=0)]


class _Split(BaseModel, strict=True, extra="forbid"):
    columns: Annotated[list[str], Field(max_length=MOST_COLUMNS)]
    data: Annotated[list[list[Any]], BeforeValidator(_not_too_long)]
    index: Any = None


class _Asked(BaseModel, strict=True, extra="forbid"):
    dataframe_split: _Split | None = None
    dataframe_records: list[Any] | None = None
    instances: Table = None
    inputs: Table = None
    params: Nothing | None = None
    parameters: Nothing | None = None  # Vertex AI's word for them


def mlflow_scoring(service: Service, health: Health, *, health_route: str = "", predict_route: str = "") -> Blueprint:
    """Return the routes ``/ping``, ``/version`` and ``/invocations``.

    Parameters
    ----------
    health_route, predict_route : where ``/ping`` and ``/invocations`` answer besides.
    """
    blueprint = Blueprint("mlflow_scoring", __name__)
    codes = {503: "TEMPORARILY_UNAVAILABLE"}
    answer_errors(blueprint, lambda status, reason: {"error_code": codes.get(status, "BAD_REQUEST"), "message": reason})

    def ping() -> Response:
        return Response("\n", 200 if health.answer("ready").ok else 503, mimetype="application/json")

    def version() -> Response:
        return Response(MLFLOW, mimetype="application/json")

    def invocations() -> dict[str, list[float]]:
        body = read_body("application/json", "text/csv")
        houses = _from_csv(body) if request.mimetype == "text/csv" else _from_json(body)
        return {"predictions": prices_of(service, houses)}

    for route, view, method in (
        ("/ping", ping, "GET"),
        ("/version", version, "GET"),
        ("/invocations", invocations, "POST"),
        (health_route, ping, "GET"),
        (predict_route, invocations, "POST"),
    ):
        if route:
            blueprint.add_url_rule(route, view_func=view, methods=[method])
    return blueprint


def _from_json(body: bytes) -> list[Any]:
    """Return the rows of a table in one of MLflow's ways to write it."""
    asked = read_as(_Asked, body)
    forms = (asked.dataframe_split, asked.dataframe_records, asked.instances, asked.inputs)
    tables = [form for form in forms if form is not None]
    if len(tables) != 1:
        raise BadRequest("send one of dataframe_split, dataframe_records, instances and inputs")
    [table] = tables
    if isinstance(table, _Split):
        return rows(table.columns, table.data)
    return rows(list(table), zip(*table.values(), strict=True)) if isinstance(table, dict) else table


def _from_csv(body: bytes) -> list[Any]:
    """Return the rows of a table as ``to_csv(index=False)`` of pandas writes it: a line of names, then the values."""
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        table = list(islice(filter(None, lines), LARGEST_REQUEST + 2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRequest(f"this is no table in CSV: {error}") from None
    if not table:
        raise BadRequest("this is no table in CSV: it has no line of names")
    names, *data = table
    if len(data) > LARGEST_REQUEST:
        raise BadRequest(f"a request has at most {LARGEST_REQUEST:,} houses")
    return rows(names, ([_value(cell) for cell in line] for line in data))


def _value(cell: str) -> int | float | str:
    if not NUMBER.fullmatch(cell):
        return cell
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
