"""The Open Inference Protocol, version 2, over HTTP: what KServe, Triton and MLServer speak.

A request is not a list of houses but a tensor for each input of the model, with a value for each house: of shape [n] or
[n, 1]. https://github.com/kserve/open-inference-protocol; and Triton's extension for tensors as bytes, because its
client and KServe's use that unless they are told otherwise.
"""

import json
import re
from importlib.metadata import version
from typing import Annotated, Any

import numpy as np
from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import BadRequest, NotFound

from house_prices.serving.health import Health, Question
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

HEADER_LENGTH = "Inference-Header-Content-Length"
NUMBERS = {
    f"{name}{8 * size}": np.dtype(f"<{code}{size}")
    for name, code, sizes in (("INT", "i", (1, 2, 4, 8)), ("UINT", "u", (1, 2, 4, 8)), ("FP", "f", (2, 4, 8)))
    for size in sizes
}
"""The datatypes of numbers, and how they lie in bytes."""
Parameters = dict[str, Any] | None


class _Output(BaseModel, strict=True):
    name: str
    parameters: Parameters = None


class _Tensor(_Output, strict=True):
    datatype: Annotated[str, Field(pattern=f"^({'|'.join(['BYTES', *NUMBERS])})$")]
    shape: Annotated[list[int], Field(max_length=2)]
    data: list[Any] | None = None


class _Asked(BaseModel, strict=True):
    id: str | None = None
    parameters: Parameters = None
    inputs: Annotated[list[_Tensor], Field(max_length=MOST_COLUMNS)]
    outputs: Annotated[list[_Output], Field(max_length=MOST_COLUMNS)] | None = None


def open_inference(service: Service, health: Health) -> Blueprint:
    """Return the routes under ``/v2``."""
    blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")
    answer_errors(blueprint, lambda status, reason: {"error": reason})
    manifest = service.manifest
    output = {"name": manifest.output.name, "datatype": "FP64"}

    @blueprint.before_request
    def only_this_model() -> None:
        in_path = request.view_args or {}
        for what, served in ("name", manifest.name), ("version", manifest.version):
            if (wanted := in_path.pop(what, served)) != served:
                raise NotFound(f"there is no model of the {what} {wanted}: this one has {served}")

    @blueprint.get("")
    def server() -> dict[str, Any]:
        extensions = ["binary_tensor_data"]
        return {"name": "house_prices.serving", "version": version("house-prices"), "extensions": extensions}

    @blueprint.get("/health/<any(live, ready):question>")
    def server_health(question: Question) -> tuple[dict[str, Any], int]:
        ok = health.answer(question).ok
        return {question: ok}, 200 if ok else 503

    @blueprint.get("/models/<name>/ready")
    @blueprint.get("/models/<name>/versions/<version>/ready")
    def model_ready() -> tuple[dict[str, Any], int]:
        ready, status = server_health("ready")
        return {"name": manifest.name, **ready}, status

    @blueprint.get("/models/<name>")
    @blueprint.get("/models/<name>/versions/<version>")
    def model() -> dict[str, Any]:
        inputs = [
            {"name": each.name, "datatype": "BYTES" if each.closed else "FP64" if each.kind == "number" else "INT64"}
            for each in manifest.inputs
        ]
        return {
            "name": manifest.name,
            "versions": [manifest.version],
            "platform": "sklearn_skops",
            "inputs": [each | {"shape": [-1]} for each in inputs],
            "outputs": [output | {"shape": [-1]}],
        }

    @blueprint.post("/models/<name>/infer")
    @blueprint.post("/models/<name>/versions/<version>/infer")
    def infer() -> Response:
        asked, tensors = _read(read_body("application/json", "application/octet-stream", ""))  # Triton's client: ""
        wanted = {each.name: each.parameters or {} for each in asked.outputs or ()}
        if wanted.keys() - {output["name"]}:
            raise BadRequest(f"this model has one output: {output['name']}")
        prices = prices_of(service, rows([each.name for each in asked.inputs], zip(*tensors, strict=True)))

        tensor: dict[str, Any] = output | {"shape": [len(prices)]}
        answer = {"model_name": manifest.name, "model_version": manifest.version, "outputs": [tensor]}
        if asked.id is not None:
            answer["id"] = asked.id
        by_default = (asked.parameters or {}).get("binary_data_output")
        if wanted.get(manifest.output.name, {}).get("binary_data", by_default) is not True:
            tensor["data"] = prices
            return Response(json.dumps(answer), mimetype="application/json")
        data = np.array(prices, NUMBERS["FP64"]).tobytes()
        tensor["parameters"] = {"binary_data_size": len(data)}
        head = json.dumps(answer).encode()
        return Response(head + data, mimetype="application/octet-stream", headers={HEADER_LENGTH: str(len(head))})

    return blueprint


def _read(body: bytes) -> tuple[_Asked, list[list[Any]]]:
    """Return what is asked, and the values of each tensor: from the JSON, or from its own part of what follows it."""
    length = request.headers.get(HEADER_LENGTH, str(len(body)))
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > len(body):
        raise BadRequest(f"{HEADER_LENGTH} is not the length of a part of the body")
    asked, rest = read_as(_Asked, body[: int(length)]), body[int(length) :]
    tensors = []
    for tensor in asked.inputs:
        size = (tensor.parameters or {}).get("binary_data_size", 0)
        if type(size) is not int or not 0 <= size <= len(rest) or (tensor.data is None) is (size == 0):
            raise BadRequest(f"{tensor.name[:64]}: either data, or a binary_data_size that the body has")
        try:
            values = _values(tensor, rest[:size])
        except ValueError:  # of which UnicodeDecodeError is one
            raise BadRequest(f"{tensor.name[:64]}: its values are not of the datatype {tensor.datatype}") from None
        if tensor.shape not in ([len(values)], [len(values), 1]):
            raise BadRequest(f"{tensor.name[:64]}: its shape is not [n] or [n, 1] for its {len(values):,} values")
        tensors.append(values)
        rest = rest[size:]
    if rest:
        raise BadRequest(f"{len(rest):,} bytes of the body belong to no tensor")
    return asked, tensors


def _values(tensor: _Tensor, binary: bytes) -> list[Any]:
    """Return the values of a tensor; raises ValueError where they are not of its datatype."""
    if tensor.data is None:
        number = NUMBERS.get(tensor.datatype)
        if number is None:
            return _strings(binary)
        refuse_too_many(len(binary) // number.itemsize)
        numbers: list[Any] = np.frombuffer(binary, number).tolist()
        return numbers
    refuse_too_many(len(tensor.data))
    values = [each[0] if isinstance(each, list) and len(each) == 1 else each for each in tensor.data]
    if not all(_is(tensor.datatype, each) for each in values):
        raise ValueError
    return values


def _is(datatype: str, value: object) -> bool:
    if datatype == "BYTES":
        return isinstance(value, str)
    if datatype in ("FP16", "FP32", "FP64"):
        return type(value) in (int, float)
    limits = np.iinfo(NUMBERS[datatype])
    whole = type(value) is int or (type(value) is float and value.is_integer())
    return whole and limits.min <= value <= limits.max  # type: ignore[operator]


def _strings(binary: bytes) -> list[str]:
    """Return texts, each of which follows its length in four bytes; raises ValueError where they do not."""
    texts: list[str] = []
    at = 0
    while at < len(binary):
        refuse_too_many(len(texts))
        start = at + 4
        at = start + int.from_bytes(binary[at:start], "little")
        if at > len(binary):
            raise ValueError
        texts.append(binary[start:at].decode())
    return texts
