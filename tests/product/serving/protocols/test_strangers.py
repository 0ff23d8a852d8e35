"""Whatever is sent, the answer is a price or a reason, and never a failure of ours."""

import copy
import gc
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.product.serving.making import HOUSE
from tests.product.serving.protocols.asking import HEADER_LENGTH, INFER, binary, tensors

# Each change is asked the same; with LABS_PAYLOADS=10000, once a week, other ones each time.
PAYLOADS = int(os.environ.get("LABS_PAYLOADS", "300"))
HOUSES = [dict(HOUSE), {**HOUSE, "area": 998}]

# NaN, Infinity, lone surrogates and numbers that no float64 holds are among them: json writes what JSON does not have.
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=5)
    | st.sampled_from([10**30, -0.0, 1e308, 3.0, "BYTES", "FP64", "UINT8", [2, 1], [2]]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)
MANY_PAYLOADS = settings(max_examples=PAYLOADS, database=None, derandomize="LABS_PAYLOADS" not in os.environ)


@st.composite
def spoilt(draw: st.DrawFn, document: Any) -> Any:
    """The document, with up to three of its parts replaced, left out, or there twice."""
    whole = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        part = whole
        while part:
            at = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
            if isinstance(part[at], dict | list) and part[at] and draw(st.booleans()):
                part = part[at]
                continue
            match draw(st.sampled_from(["replace", "remove", "double"])):
                case "replace":
                    part[at] = copy.deepcopy(draw(JUNK))
                case "remove":
                    del part[at]
                case "double" if isinstance(part, list):
                    part.append(part[at])
                case _:
                    part[draw(st.text(max_size=4))] = copy.deepcopy(draw(JUNK))
            break
    return whole


def judge(client: FlaskClient, path: str, reason: str, **asked: Any) -> None:
    began = time.process_time()
    answer = client.post(path, **asked)
    assert time.process_time() - began < 1
    assert answer.status_code in {200, 400, 404, 413, 415}, (answer.status_code, answer.text)
    if answer.status_code != 200:
        assert json.loads(answer.data)[reason]


BINARY = binary(tensors(HOUSES), parameters={"binary_data_output": True})
HEAD_LENGTH = int(BINARY["headers"][HEADER_LENGTH])
HEAD, TAIL = json.loads(BINARY["data"][:HEAD_LENGTH]), BINARY["data"][HEAD_LENGTH:]
V2 = {"id": "1", "inputs": tensors(HOUSES), "outputs": [{"name": "price"}], "parameters": {}}


@MANY_PAYLOADS
@given(asked=JUNK | spoilt(V2))
def test_v2(client: FlaskClient, asked: Any) -> None:
    judge(client, INFER, "error", data=json.dumps(asked), content_type="application/json")


@MANY_PAYLOADS
@given(head=spoilt(HEAD), tail=st.just(TAIL) | st.binary(max_size=300), off=st.just(0) | st.integers(-99, 99))
def test_v2_binary(client: FlaskClient, head: Any, tail: bytes, off: int) -> None:
    text = json.dumps(head).encode()
    judge(client, INFER, "error", data=text + tail, headers={HEADER_LENGTH: str(len(text) + off)})


FORMS = st.one_of(
    JUNK,
    spoilt({"dataframe_split": {"columns": list(HOUSE), "data": [list(house.values()) for house in HOUSES]}}),
    spoilt({"dataframe_records": HOUSES}),
    spoilt({"instances": HOUSES, "parameters": {}}),
    spoilt({"inputs": {name: [house[name] for house in HOUSES] for name in HOUSE}}),
)


@MANY_PAYLOADS
@given(asked=FORMS)
def test_invocations(client: FlaskClient, asked: Any) -> None:
    judge(client, "/invocations", "message", data=json.dumps(asked), content_type="application/json")


CELLS = st.sampled_from(["", '"', "nan", "1e999", "-0", "3.0", "1_0", "٣", "\0", "=1+1", "9" * 50]) | st.text(
    max_size=4
)


@MANY_PAYLOADS
@given(data=st.data())
def test_csv(client: FlaskClient, data: st.DataObject) -> None:
    lines = [list(HOUSE), *([str(value) for value in house.values()] for house in HOUSES)]
    for _ in range(data.draw(st.integers(0, 3))):
        line = data.draw(st.sampled_from(lines))
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(CELLS)
    text = "\n".join(",".join(line) for line in lines).encode("utf-8", "surrogatepass")
    body = data.draw(st.just(text) | st.binary(max_size=50))
    judge(client, "/invocations", "message", data=body, content_type="text/csv")


def filled(start: str, item: str, end: str) -> bytes:
    """Return as many items, with commas, as fit into the largest body."""
    count = (2**20 - len(start) - len(end)) // (len(item) + 1)
    return (start + ",".join([item] * count) + end).encode()


def binary_tensor(datatype: str, values: bytes) -> tuple[dict[str, str], bytes]:
    tensor = {"name": "area", "shape": [len(values)], "datatype": datatype}
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(values)}}]}).encode()
    return {HEADER_LENGTH: str(len(head))}, head + values


JSON, CSV = {"Content-Type": "application/json"}, {"Content-Type": "text/csv"}
TENSOR = '{"inputs":[{"name":"area","datatype":"INT8","shape":[520000],"data":['
LARGE: dict[str, tuple[str, dict[str, str], bytes]] = {
    "a house with many fields": (
        "/invocations",
        JSON,
        json.dumps({"instances": [{f"{number:x}": 1 for number in range(90_000)}]}).encode(),
    ),
    "houses without fields": ("/invocations", JSON, filled('{"inputs":[', "{}", "]}")),
    "a thousand of them": ("/invocations", JSON, b'{"inputs":[' + b"{}," * 999 + b"{}]}"),
    "rows that are no rows": ("/invocations", JSON, filled('{"dataframe_split":{"columns":["a"],"data":[', "1", "]}}")),
    "a long column": ("/invocations", JSON, filled('{"inputs":{"area":[', "1", "]}}")),
    "many columns": (
        "/invocations",
        JSON,
        json.dumps({"inputs": {f"{number:x}": 1 for number in range(90_000)}}).encode(),
    ),
    "many lines": ("/invocations", CSV, b"a\n" + b"1\n" * (2**19 - 1)),
    "many cells": ("/invocations", CSV, b"a," * 2**18 + b"b\n" + b"1," * (2**18 - 9) + b"1\n"),
    "many empty cells": ("/invocations", CSV, (",".join("x" * 500) + "\n" + ("," * 499 + "\n") * 1_000).encode()),
    "many inputs": (INFER, JSON, filled('{"inputs":[', "{}", "]}")),
    "a long tensor": (INFER, JSON, filled(TENSOR, "1", "]}]}")),
    "a long tensor of lists": (INFER, JSON, filled(TENSOR, "[1]", "]}]}")),
    "a long tensor in bytes": (INFER, *binary_tensor("UINT8", b"\1" * (2**20 - 200))),
    "a long tensor of texts": (INFER, *binary_tensor("BYTES", b"\0\0\0\0" * (2**18 - 50))),
    "deep": (INFER, JSON, b"[" * 2**20),
    "unknown fields": (
        "/invocations",
        JSON,
        filled('{"instances":[', json.dumps(dict.fromkeys("abcdefgh", 1)), "]}"),
    ),
}


@pytest.fixture(scope="module")
def frozen() -> Iterator[None]:
    """As in the worker."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("large", LARGE)
def test_what_is_large_is_refused_before_long(client: FlaskClient, large: str) -> None:
    path, headers, body = LARGE[large]
    assert len(body) <= 2**20
    began = time.process_time()
    answer = client.post(path, data=body, headers=headers)
    assert time.process_time() - began < 1
    assert answer.status_code == 400
    assert len(answer.data) < 10_000
