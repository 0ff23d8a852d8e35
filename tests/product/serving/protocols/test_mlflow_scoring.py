"""MLflow's scoring protocol: its ways to write a table, what is refused, and its shape of errors."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from house_prices.serving.app import create_app
from house_prices.serving.batching import Overloaded
from house_prices.serving.health import Health
from house_prices.serving.service import Service
from tests.product.serving.making import HOUSE
from tests.product.serving.protocols.asking import INFER, prices, tensors

ROW = list(HOUSE.values())
NAMES = ",".join(HOUSE)
LINE = ",".join(map(str, ROW))


def line_with(name: str, value: str) -> str:
    return ",".join(str(each) for each in {**HOUSE, name: value}.values())


def test_ping_and_version(service: Service) -> None:
    health = Health()
    client = create_app(service, health, access_log=False).test_client()
    assert client.get("/ping").status_code == 503
    health.loaded = True
    assert (client.get("/ping").status_code, client.get("/ping").data) == (200, b"\n")
    assert client.get("/version").data == b"3.17.2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "send one of dataframe_split, dataframe_records, instances and inputs"),
        ({"instances": [HOUSE], "inputs": [HOUSE]}, "send one of"),
        ({"instances": [HOUSE], "signature_name": "x"}, "/signature_name: Extra inputs are not permitted"),
        ({"instances": [HOUSE], "params": {"n": 1}}, "/params: Dictionary should have at most 0 items"),
        ({"instances": []}, "the table: List should have at least 1 item"),
        ({"instances": [ROW]}, "row 0: Input should be an object"),
        ({"inputs": {"area": 1}}, "/inputs: Input should be a list of rows or an object of columns"),
        ({"inputs": {"area": [1], "beds": [1, 2]}}, "not each row has one value for each column"),
        ({"dataframe_split": {"columns": list(HOUSE), "data": [ROW[1:]]}}, "not each row has one value"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "a column comes twice"),
        ({"dataframe_split": {"columns": ["a"]}}, "/dataframe_split/data: Field required"),
        ([HOUSE], "/: Input should be an object"),
        ({"instances": [{**HOUSE, "beds": 2.5}]}, "row 0, beds: Input should be a valid integer"),
        ({"instances": [{**HOUSE, "beds": True}]}, "row 0, beds: Input should be a valid integer, got true"),
        ({"instances": [{**HOUSE, "beds": None}]}, "row 0, beds: Input should be a valid integer, got null"),
    ],
)
def test_what_is_no_table_of_houses_is_refused_with_a_reason(client: FlaskClient, body: Any, reason: str) -> None:
    answer = client.post("/invocations", json=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error_code"] == "BAD_REQUEST"
    assert reason in answer.json["message"]


@pytest.mark.parametrize(
    "text",
    [
        f"{NAMES}\n{LINE}",
        f"\ufeff{NAMES}\r\n{LINE}\r\n\r\n",
        f"{NAMES}\n{line_with('lot_sf', str(float(HOUSE['lot_sf'])))}",
    ],
)
def test_csv_as_it_comes(client: FlaskClient, text: str) -> None:
    expected = prices(client.post("/v1/predictions", json={"houses": [HOUSE]}))
    answer = client.post("/invocations", data=text.encode(), content_type="text/csv; charset=utf-8")
    assert prices(answer) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "this is no table in CSV"),
        (b"\xff", "this is no table in CSV"),
        (f'{NAMES}\n"{LINE}'.encode(), "this is no table in CSV"),
        (NAMES.encode(), "the table: List should have at least 1 item"),
        (f",{NAMES}\n0,{LINE}".encode(), "row 0, : Extra inputs are not permitted"),
        (f"{NAMES}\n{LINE},1".encode(), "not each row has one value for each column"),
        (f"{NAMES}\n{line_with('lot_sf', '')}".encode(), "row 0, lot_sf: Input should be a valid integer"),
        (f"{NAMES}\n{line_with('lot_sf', '9_295')}".encode(), "row 0, lot_sf: Input should be a valid integer"),
        (f"{NAMES}\n{line_with('baths', 'nan')}".encode(), "row 0, baths: Input should be a valid number"),
        (f"{NAMES}\n{line_with('baths', '1e999')}".encode(), "row 0, baths: Input should be"),
    ],
)
def test_what_is_no_csv_of_houses_is_refused_with_a_reason(client: FlaskClient, text: bytes, reason: str) -> None:
    answer = client.post("/invocations", data=text, content_type="text/csv")
    assert answer.status_code == 400
    assert answer.json is not None
    assert reason in answer.json["message"]


def test_other_media_types_and_packed_bodies_are_refused(client: FlaskClient) -> None:
    packed = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    for headers in ({"Content-Type": "text/plain"}, {}, packed):
        answer = client.post("/invocations", data=b"{}", headers=headers)
        assert answer.status_code == 415
        assert answer.json is not None
        assert answer.json["error_code"] == "BAD_REQUEST"
    assert client.post("/invocations", data=b" " * 2**21, content_type="text/csv").status_code == 413


def test_many_errors_are_counted(client: FlaskClient) -> None:
    answer = client.post("/invocations", json={"instances": [{}] * 1_000})
    assert answer.json is not None
    assert answer.json["message"].endswith("; and 11,980 more")


def test_overload_is_told_in_the_shape_of_each_protocol(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(rows: object) -> None:
        raise Overloaded(3)

    monkeypatch.setattr(service.batcher, "predict", full)
    mlflow = client.post("/invocations", json={"instances": [HOUSE]})
    assert json.loads(mlflow.data)["error_code"] == "TEMPORARILY_UNAVAILABLE"
    v2 = client.post(INFER, json={"inputs": tensors([dict(HOUSE)])})
    assert "ask again in 3 s" in json.loads(v2.data)["error"]
    assert [(each.status_code, each.headers["Retry-After"]) for each in (mlflow, v2)] == [(503, "3")] * 2
