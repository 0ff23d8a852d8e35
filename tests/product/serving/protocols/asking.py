"""The same houses, written as each protocol has it, and the prices read from its answers."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from flask.testing import FlaskClient
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from house_prices.model.columns import HOUSE_COLUMNS

INFER = "/v2/models/house-prices/infer"
HEADER_LENGTH = "Inference-Header-Content-Length"
DATATYPES = {"use_type": "BYTES"} | {c.name: "FP64" for c in HOUSE_COLUMNS if c.kind == "number"}

Houses = Sequence[dict[str, Any]]
Ask = Callable[[FlaskClient, Houses], TestResponse]


def houses(*, most: int = 5) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Houses that the contract lets through, areas unknown to the model among them."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for column in HOUSE_COLUMNS:
        if column.categories:
            fields[column.name] = st.sampled_from(column.categories)
        elif column.kind == "number":
            fields[column.name] = st.floats(float(column.minimum or 0), float(column.maximum or 0))
        else:
            fields[column.name] = st.integers(int(column.minimum or 0), int(column.maximum or 0))
    house = st.fixed_dictionaries(fields).map(lambda each: each | {"eff_age": min(each["eff_age"], each["age"])})
    return st.lists(house, min_size=1, max_size=most)


def tensors(asked: Houses, *, by_one: bool = False) -> list[dict[str, Any]]:
    """One tensor for each field, of shape [n], or [n, 1] with the data as deep."""
    return [
        {
            "name": name,
            "datatype": DATATYPES.get(name, "INT64"),
            "shape": [len(asked), 1] if by_one else [len(asked)],
            "data": [[house[name]] if by_one else house[name] for house in asked],
        }
        for name in asked[0]
    ]


def binary(inputs: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    """Return what a client posts who sends the data of all tensors as bytes."""
    parts, heads = [], []
    for tensor in inputs:
        values = np.ravel(tensor["data"])
        if tensor["datatype"] == "BYTES":
            texts = [str(value).encode() for value in values]
            part = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        else:
            part = values.astype(tensor["datatype"].replace("FP", "float").lower()).tobytes()
        parts.append(part)
        heads.append({k: v for k, v in tensor.items() if k != "data"} | {"parameters": {"binary_data_size": len(part)}})
    head = json.dumps({"inputs": heads, **rest}).encode()
    return {"data": head + b"".join(parts), "headers": {HEADER_LENGTH: str(len(head))}}


def _v2(client: FlaskClient, asked: Houses, *, by_one: bool = False) -> TestResponse:
    return client.post(INFER, json={"inputs": tensors(asked, by_one=by_one)})


def _v2_binary(client: FlaskClient, asked: Houses) -> TestResponse:
    return client.post(INFER, **binary(tensors(asked), parameters={"binary_data_output": True}))


def _mlflow(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post("/invocations", json=body)


def _split(client: FlaskClient, asked: Houses) -> TestResponse:
    # Whole numbers that went through a float column, as they do as soon as a table has a gap.
    frame = pd.DataFrame(asked)
    floats = frame.astype({name: float for name in frame.columns if name != "use_type"})
    return _mlflow(client, dataframe_split=floats.to_dict(orient="split"))


def _csv(client: FlaskClient, asked: Houses) -> TestResponse:
    return client.post("/invocations", data=pd.DataFrame(asked).to_csv(index=False), content_type="text/csv")


WAYS: dict[str, Ask] = {
    "V2": _v2,
    "V2, [n, 1]": lambda client, asked: _v2(client, asked, by_one=True),
    "V2, binary": _v2_binary,
    "dataframe_split": _split,
    "dataframe_records": lambda client, asked: _mlflow(client, dataframe_records=asked),
    "instances": lambda client, asked: _mlflow(client, instances=asked, parameters={}),
    "inputs": lambda client, asked: _mlflow(
        client, inputs={name: [house[name] for house in asked] for name in asked[0]}
    ),
    "text/csv": _csv,
}


def prices(answer: TestResponse) -> list[float]:
    """Return the prices in an answer of any protocol."""
    assert answer.status_code == 200, answer.text
    if HEADER_LENGTH in answer.headers:
        length = int(answer.headers[HEADER_LENGTH])
        [output] = json.loads(answer.data[:length])["outputs"]
        assert output["parameters"] == {"binary_data_size": len(answer.data) - length}
        return list(np.frombuffer(answer.data[length:], "<f8").tolist())
    body = json.loads(answer.data)
    if "outputs" in body:
        [output] = body["outputs"]
        assert output["datatype"] == "FP64"
        assert output["shape"] == [len(output["data"])]
        return list(output["data"])
    return [each["price"] if isinstance(each, dict) else each for each in body["predictions"]]
