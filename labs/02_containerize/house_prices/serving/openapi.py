"""Describe the service to programs, as OpenAPI 3.1, and to people, as a page that needs no network."""

import json
from typing import Any

from flask import Flask, Response, render_template
from pydantic.json_schema import models_json_schema

from house_prices.serving.contract import Answer
from house_prices.serving.service import Service


def add_documentation(app: Flask, service: Service) -> None:
    """Add ``/openapi.json`` and ``/docs`` to an application; both are made once."""
    document = describe(service)
    text = json.dumps(document)
    with app.app_context():
        # Flask escapes what it puts into a template whose name ends in .html, and in no other.
        page = render_template("docs.html", document=document, example=json.dumps(example(service), indent=2))

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(text, mimetype="application/json")

    @app.get("/docs")
    def docs() -> Response:
        answer = Response(page, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
        )
        return answer


def describe(service: Service) -> dict[str, Any]:
    """Return the OpenAPI document of a service; what it says of a house comes from the contract."""
    _, definitions = models_json_schema(
        [(service.contract.Request, "validation"), (Answer, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schemas = definitions["$defs"]
    # What pydantic checks in Python cannot be seen in a schema; say it in words.
    for column in service.manifest.inputs:
        if column.not_above:
            schemas["House"]["properties"][column.name]["description"] += f"; not above {column.not_above}"
    schemas["Problem"] = _PROBLEM
    manifest = service.manifest
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.name,
            "version": manifest.version,
            "description": f"Prices of houses in Seattle in dollars, as of {manifest.training.last_sale}. "
            "Whole numbers are written without a decimal point: 6, not 6.0.",
        },
        "paths": {
            "/v1/predictions": {
                "post": {
                    "operationId": "predict",
                    "summary": "Price houses",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Request"},
                                "example": example(service),
                            }
                        },
                    },
                    "responses": {
                        "200": _json("A price for each house", {"$ref": "#/components/schemas/Answer"}),
                        "400": _problem("The body is no JSON with one meaning"),
                        "413": _problem("The body is larger than 1 MiB"),
                        "415": _problem("The body is not application/json"),
                        "422": _problem("A field is wrong; all of them are named"),
                        "503": _problem("Too much waits; ask again after Retry-After seconds"),
                    },
                }
            },
            **{
                f"/health/{question}": {
                    "get": {
                        "operationId": f"health_{question}",
                        "summary": summary,
                        "responses": {
                            "200": {"description": "Yes", "content": {"text/plain": {"schema": {"type": "string"}}}},
                            "503": {"description": "No", "content": {"text/plain": {"schema": {"type": "string"}}}},
                        },
                    }
                }
                for question, summary in (
                    ("startup", "Has it started?"),
                    ("ready", "May it be sent requests?"),
                    ("live", "Is it alive?"),
                )
            },
        },
        "components": {"schemas": schemas},
    }


def example(service: Service) -> dict[str, Any]:
    """Return a request with one ordinary house."""
    house: dict[str, Any] = {}
    for column in service.manifest.inputs:
        if column.categories:
            house[column.name] = column.categories[0]
        else:
            middle = ((column.seen_minimum or 0) + (column.seen_maximum or 0)) / 2
            house[column.name] = round(middle, 4) if column.kind == "number" else int(middle)
    return {"houses": [house]}


_PROBLEM = {
    "type": "object",
    "description": "A problem, RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "to the field, RFC 6901"},
                    "detail": {"type": "string"},
                    "got": {"type": "string"},
                },
            },
        },
    },
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
