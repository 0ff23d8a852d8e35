"""The Open Inference Protocol: what is said of the model, the shapes and datatypes that it takes, and its errors."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from house_prices.serving.app import create_app
from house_prices.serving.health import Health
from house_prices.serving.service import Service
from tests.product.serving.making import HOUSE
from tests.product.serving.protocols.asking import HEADER_LENGTH, INFER, binary, prices, tensors

MODEL = "/v2/models/house-prices"


def changed(tensor: str, /, **changes: Any) -> dict[str, Any]:
    """A request for one house, with one of its tensors otherwise."""
    return {"inputs": [each | (changes if each["name"] == tensor else {}) for each in tensors([dict(HOUSE)])]}


@pytest.fixture(scope="module")
def version(service: Service) -> str:
    return service.manifest.version


def test_the_server_and_the_model_say_what_they_are(client: FlaskClient, service: Service) -> None:
    assert client.get("/v2").json == {
        "name": "house_prices.serving",
        "version": "0.1.0",
        "extensions": ["binary_tensor_data"],
    }
    said = client.get(MODEL).json
    assert said is not None
    assert client.get(f"{MODEL}/versions/{service.manifest.version}").json == said
    assert said["versions"] == [service.manifest.version]
    datatypes = {each["name"]: each["datatype"] for each in said["inputs"]}
    assert datatypes == {each["name"]: each["datatype"] for each in tensors([dict(HOUSE)])}
    assert said["outputs"] == [{"name": service.manifest.output.name, "datatype": "FP64", "shape": [-1]}]


def test_health_is_that_of_the_process(service: Service) -> None:
    health = Health()
    client = create_app(service, health, access_log=False).test_client()
    paths = {"/v2/health/live": 200, "/v2/health/ready": 503, f"{MODEL}/ready": 503}
    assert {path: client.get(path).status_code for path in paths} == paths
    health.loaded = True
    assert client.get("/v2/health/live").json == {"live": True}
    assert client.get("/v2/health/ready").json == {"ready": True}
    assert client.get(f"{MODEL}/ready").json == {"name": "house-prices", "ready": True}


@pytest.mark.parametrize("path", ["", "/ready"])
def test_another_model_or_version_is_not_there(service: Service, version: str, path: str) -> None:
    health = Health()
    health.loaded = True
    client = create_app(service, health, access_log=False).test_client()
    assert client.get(f"{MODEL}/versions/{version}{path}").status_code == 200
    for missing in ("/v2/models/other", f"{MODEL}/versions/1"):
        answer = client.get(missing + path)
        assert answer.status_code == 404
        assert answer.json is not None
        assert answer.json["error"].startswith("there is no model of the ")
        assert answer.headers["X-Request-ID"]


def test_the_id_and_the_version_come_back(client: FlaskClient, version: str) -> None:
    answer = client.post(f"{MODEL}/versions/{version}/infer", json={"id": "42", **changed("area")})
    assert answer.json is not None
    assert (answer.json["id"], answer.json["model_name"], answer.json["model_version"]) == (
        "42",
        "house-prices",
        version,
    )
    assert client.post(f"{MODEL}/versions/1/infer", json=changed("area")).status_code == 404
    without = client.post(INFER, json=changed("area")).json
    assert without is not None
    assert "id" not in without


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("beds", {"datatype": "INT32"}),
        ("beds", {"datatype": "UINT8"}),
        ("beds", {"datatype": "FP64", "data": [float(HOUSE["beds"])]}),
        ("beds", {"datatype": "INT64", "data": [float(HOUSE["beds"])]}),
        ("baths", {"datatype": "FP32"}),
        ("baths", {"shape": [1, 1], "data": [[HOUSE["baths"]]]}),
    ],
)
def test_what_means_the_same_gives_the_same(client: FlaskClient, name: str, changes: dict[str, Any]) -> None:
    expected = prices(client.post(INFER, json=changed(name)))
    assert prices(client.post(INFER, json=changed(name, **changes))) == expected


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("beds", {"data": [2.5]}, "beds: its values are not of the datatype INT64"),
        ("beds", {"datatype": "INT8", "data": [128]}, "beds: its values are not of the datatype INT8"),
        ("beds", {"datatype": "UINT8", "data": [-1]}, "beds: its values are not of the datatype UINT8"),
        ("beds", {"data": [True]}, "beds: its values are not of the datatype INT64"),
        ("beds", {"data": ["6"]}, "beds: its values are not of the datatype INT64"),
        ("beds", {"datatype": "FP64", "data": [2.5]}, "row 0, beds: Input should be a valid integer, got 2.5"),
        ("beds", {"datatype": "BOOL", "data": [True]}, "/inputs/6/datatype: String should match pattern"),
        ("beds", {"shape": [2]}, "beds: its shape is not [n] or [n, 1] for its 1 values"),
        ("beds", {"shape": [1, 1, 1]}, "/inputs/6/shape: List should have at most 2 items"),
        ("beds", {"shape": [2], "data": [6, 6]}, "not each row has one value for each column"),
        ("beds", {"name": "baths"}, "a column comes twice"),
        ("beds", {"name": "rooms"}, "row 0, rooms: Extra inputs are not permitted"),
        ("beds", {"data": None}, "beds: either data, or a binary_data_size that the body has"),
        ("beds", {"parameters": {"binary_data_size": 8}}, "beds: either data, or a binary_data_size"),
        ("use_type", {"datatype": "INT64", "data": [1]}, "Input should be 'sfr' or 'townhouse', got 1"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(
    client: FlaskClient, name: str, changes: dict[str, Any], reason: str
) -> None:
    at = [each["name"] for each in tensors([dict(HOUSE)])].index("beds")
    answer = client.post(INFER, json=changed(name, **changes))
    assert answer.status_code == 400
    assert answer.json is not None
    assert reason.replace("/inputs/6", f"/inputs/{at}") in answer.json["error"]


def test_one_output_can_be_asked_for_and_as_bytes(client: FlaskClient) -> None:
    expected = prices(client.post(INFER, json=changed("area")))
    for wanted in ({}, {"parameters": {"binary_data": True}}, {"parameters": {"binary_data": False}}):
        answer = client.post(INFER, json=changed("area") | {"outputs": [{"name": "price", **wanted}]})
        assert (HEADER_LENGTH in answer.headers) == (wanted == {"parameters": {"binary_data": True}})
        assert prices(answer) == expected
    refused = client.post(INFER, json=changed("area") | {"outputs": [{"name": "rent"}]})
    assert refused.json == {"error": "this model has one output: price"}


@pytest.mark.parametrize("length", ["x", "-1", "9999999", "1" * 5_000, ""])
def test_a_header_that_cannot_be_is_refused(client: FlaskClient, length: str) -> None:
    sent = binary(tensors([dict(HOUSE)])) | {"headers": {HEADER_LENGTH: length}}
    answer = client.post(INFER, **sent)
    assert answer.status_code == 400
    assert answer.json == {"error": f"{HEADER_LENGTH} is not the length of a part of the body"}


def test_bytes_that_belong_to_no_tensor_are_refused(client: FlaskClient) -> None:
    sent = binary(tensors([dict(HOUSE)]))
    answer = client.post(INFER, **(sent | {"data": sent["data"] + b"more"}))
    assert answer.json == {"error": "4 bytes of the body belong to no tensor"}


@pytest.mark.parametrize(
    ("part", "datatype"), [(b"\1\0\0\0\xff", "BYTES"), (b"\5\0\0\0sfr", "BYTES"), (b"123", "INT64")]
)
def test_bytes_that_are_not_of_the_datatype_are_refused(client: FlaskClient, part: bytes, datatype: str) -> None:
    tensor = {"name": "a", "shape": [1], "datatype": datatype, "parameters": {"binary_data_size": len(part)}}
    head = json.dumps({"inputs": [tensor]}).encode()
    answer = client.post(INFER, data=head + part, headers={HEADER_LENGTH: str(len(head))})
    assert answer.json == {"error": f"a: its values are not of the datatype {datatype}"}


def test_other_media_types_and_packed_bodies_are_refused(client: FlaskClient) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}):
        answer = client.post(INFER, data=b"{}", headers=headers)
        assert answer.status_code == 415
        assert answer.json is not None
        assert answer.json["error"].startswith("send ")
    assert client.post(INFER, data=b" " * 2**21).status_code == 413


def test_two_meanings_are_refused(client: FlaskClient) -> None:
    answer = client.post(INFER, data=b'{"inputs": [], "inputs": []}')
    assert answer.status_code == 400
    assert answer.json is not None
    assert "the key 'inputs' comes twice" in answer.json["error"]
