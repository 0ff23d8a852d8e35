"""The web application: what a stranger may send, and the answer that it gets, without a network in between."""

import gc
import gzip
import json
import logging
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, seed, settings
from werkzeug.test import TestResponse

from house_prices.model.features import FEATURES
from house_prices.serving.app import LARGEST_BODY, create_app
from house_prices.serving.batching import Overloaded
from house_prices.serving.health import Health
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import Service
from tests.product.serving.making import HOUSE, Made, serve
from tests.product.serving.pointers import resolve
from tests.product.serving.strategies import bodies, headers

URL = "/v1/predictions"
JSON = {"Content-Type": "application/json"}


def post(client: FlaskClient, body: Any, **headers: str) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return client.post(URL, data=data, headers=JSON | {name.replace("_", "-"): each for name, each in headers.items()})


def with_house(**fields: Any) -> bytes:
    """Return a request with one house that is good but for these fields."""
    return json.dumps({"houses": [{**HOUSE, **fields}]}).encode()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def problem_of(answer: TestResponse) -> dict[str, Any]:
    """Return the problem that an answer states, which has the members that RFC 9457 wants."""
    assert answer.mimetype == "application/problem+json"
    stated: dict[str, Any] = json.loads(answer.data)
    assert stated["status"] == answer.status_code
    assert stated["type"] == "about:blank"
    assert stated["title"]
    assert stated.get("detail") or stated.get("errors"), "it gives no reason"
    return stated


# Good requests


def test_houses_are_priced_in_their_order(client: FlaskClient, made: Made) -> None:
    houses = made.sales[list(FEATURES)].head(20).to_dict("records")
    answer = post(client, {"houses": houses}, X_Request_ID="mine")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    body = json.loads(answer.data)
    assert (body["model"], body["version"], body["request_id"]) == ("house-prices", "2012.12", "mine")
    prices = [each["price"] for each in body["predictions"]]
    np.testing.assert_array_equal(prices, made.model.predict(pd.DataFrame(houses)))
    assert [each["notes"] for each in body["predictions"]] == [[]] * 20


def test_what_is_new_to_the_model_is_noted_beside_its_price(client: FlaskClient) -> None:
    answer = post(client, {"houses": [HOUSE, {**HOUSE, "area": 6}]}).get_json()
    assert [each["notes"] for each in answer["predictions"]] == [[], ["area 6 was not in the training data"]]


@pytest.mark.parametrize("rows", [1, 1_000])
def test_a_request_may_have_1_to_1000_houses(client: FlaskClient, rows: int) -> None:
    answer = post(client, {"houses": [HOUSE] * rows})
    assert answer.status_code == 200
    assert len({json.dumps(each) for each in answer.get_json()["predictions"]}) == 1


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", 'application/json;v="1"', "application/json;"],
)
def test_spellings_of_the_media_type(client: FlaskClient, content_type: str) -> None:
    assert post(client, {"houses": [HOUSE]}, Content_Type=content_type).status_code == 200


@pytest.mark.parametrize("coding", ["identity", "Identity"])
def test_a_body_that_is_said_to_be_as_it_is(client: FlaskClient, coding: str) -> None:
    assert post(client, {"houses": [HOUSE]}, Content_Encoding=coding).status_code == 200


# Bad requests: JSON that is none

BAD_TEXT: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "expecting value, at character 0"),
    "half of it": (with_house()[:-20], "at character"),
    "not a number": (with_house(baths=float("nan")), "NaN is not JSON"),
    "infinity": (with_house(baths=float("inf")), "Infinity is not JSON"),
    "minus infinity": (with_house(longitude=float("-inf")), "-Infinity is not JSON"),
    "more than a float64 holds": (with_house(baths="@").replace(b'"@"', b"1e400"), "1e400 is too large for a float64"),
    "a number of 5,000 digits": (with_house(beds="@").replace(b'"@"', b"9" * 5_000), "a whole number has 5,000 digits"),
    "bad UTF-8": (with_house(use_type="@").replace(b"@", b"\xff"), "is not UTF-8"),
    "UTF-16": (json.dumps({"houses": [HOUSE]}).encode("utf-16"), "byte 0 is not UTF-8"),
    "a field twice": (with_house().replace(b'"beds"', b'"area": 5, "beds"'), "the key 'area' comes twice"),
    "the houses twice": (b'{"houses": [], "houses": []}', "the key 'houses' comes twice"),
    "lists in lists": (b'{"houses": ' + b"[" * 100_000, "it is nested too deeply"),
    "objects in objects": (b'{"houses":' * 50_000, "it is nested too deeply"),
}


@pytest.mark.parametrize("kind", BAD_TEXT)
def test_what_is_no_json_with_one_meaning_is_told_so(client: FlaskClient, kind: str) -> None:
    body, reason = BAD_TEXT[kind]
    answer = post(client, body)
    assert answer.status_code == 400
    stated = problem_of(answer)
    assert stated["title"] == "This is no JSON that can be read in one way only"
    assert reason in stated["detail"]


# Bad requests: values that no house has

BAD_VALUES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown field": ({"pool": True}, "/houses/0/pool", "Extra inputs are not permitted"),
    "an area of minus zero": ({"area": -0}, "/houses/0/area", "Input should be greater than or equal to 1"),
    "a float that is minus zero": ({"area": -0.0}, "/houses/0/area", "Input should be a valid integer"),
    "a negative size": ({"tot_sf": -1}, "/houses/0/tot_sf", "Input should be greater than or equal to 100"),
    "text for a number": ({"tot_sf": "2560"}, "/houses/0/tot_sf", "Input should be a valid integer"),
    "a yes for a number": ({"wfnt": True}, "/houses/0/wfnt", "Input should be a valid integer"),
    "nothing for a number": ({"age": None}, "/houses/0/age", "Input should be a valid integer"),
    "a list for a number": ({"age": [98]}, "/houses/0/age", "Input should be a valid integer"),
    "a number of 39 digits": ({"beds": 10**38}, "/houses/0/beds", "Input should be less than or equal to 30"),
    "a float of 39 digits": ({"baths": 10**38}, "/houses/0/baths", "Input should be less than or equal to 30"),
    "another category": ({"use_type": "castle"}, "/houses/0/use_type", "Input should be 'sfr' or 'townhouse'"),
    "half a character": ({"use_type": "\ud800"}, "/houses/0/use_type", "valid string"),
    "a field named by half a character": ({"\udfff": 1}, "/houses/0", "valid string"),
    "a field with a slash and a tilde": ({"a/b~c": 1}, "/houses/0/a~1b~0c", "Extra inputs are not permitted"),
    "a field without a name": ({"": 1}, "/houses/0/", "Extra inputs are not permitted"),
    "a null byte": ({"\0": "\0"}, "/houses/0/\0", "Extra inputs are not permitted"),
    "renovated before it was built": ({"age": 5}, "/houses/0/eff_age", "must not be above age, which is 5"),
}


@pytest.mark.parametrize("kind", BAD_VALUES)
def test_what_no_house_has_is_named_with_its_place(client: FlaskClient, kind: str) -> None:
    fields, pointer, detail = BAD_VALUES[kind]
    answer = post(client, with_house(**fields))
    assert answer.status_code == 422
    (error,) = problem_of(answer)["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]
    assert len(error["got"]) <= 64


BAD_REQUESTS: dict[str, tuple[Any, str, str]] = {
    "an empty list": ({"houses": []}, "/houses", "List should have at least 1 item after validation, not 0"),
    "1,001 houses": ({"houses": [HOUSE] * 1_001}, "/houses", "List should have at most 1000 items"),
    "one house without its list": ({"houses": HOUSE}, "/houses", "Input should be a valid list"),
    "no houses": ({}, "/houses", "Field required"),
    "a house that is none": ({"houses": [1]}, "/houses/0", "valid dictionary"),
    "a list": ([HOUSE], "", "valid dictionary"),
    "null": (None, "", "valid dictionary"),
    "more than houses": ({"houses": [HOUSE], "debug": 1}, "/debug", "Extra inputs are not permitted"),
}


@pytest.mark.parametrize("kind", BAD_REQUESTS)
def test_what_is_no_request_is_told_so(client: FlaskClient, kind: str) -> None:
    body, pointer, detail = BAD_REQUESTS[kind]
    answer = post(client, body)
    assert answer.status_code == 422
    (error,) = problem_of(answer)["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]


def test_all_bad_fields_of_all_rows_are_named_at_once(client: FlaskClient) -> None:
    houses: list[Any] = [dict(HOUSE) for _ in range(1_000)]
    bad = {(3, "area"): "6", (3, "age"): -1, (500, "a/b"): [1], (999, "use_type"): None, (999, "~"): {"x": 1}}
    for (row, name), value in bad.items():
        houses[row][name] = value
    del houses[7]["beds"]
    body = {"houses": houses}
    answer = post(client, body)
    assert answer.status_code == 422
    errors = problem_of(answer)["errors"]
    missing = [each["pointer"] for each in errors if "got" not in each]
    assert missing == ["/houses/7/beds"]
    found = [resolve(body, each["pointer"]) for each in errors if "got" in each]
    assert sorted(map(repr, found)) == sorted(map(repr, bad.values()))


def test_every_field_of_1000_rows_can_be_wrong(client: FlaskClient) -> None:
    answer = post(client, {"houses": [dict.fromkeys(HOUSE)] * 1_000})
    assert answer.status_code == 422
    assert len(problem_of(answer)["errors"]) == 12_000


@pytest.mark.parametrize(
    "body",
    [
        {"houses": [{f"{n:x}": 1 for n in range(100_000)}]},
        {"houses": [{f"{n:x}": 1 for n in range(90)}] * 1_000},
        {f"{n:x}": 1 for n in range(100_000)},
        json.dumps({"houses": [{"é" * 20 + str(n): 1 for n in range(18_000)}]}, ensure_ascii=False).encode(),
    ],
    ids=["in one house", "in each house", "beside the houses", "with long names"],
)
def test_what_would_be_an_endless_answer_is_a_short_one(client: FlaskClient, body: Any) -> None:
    began = time.process_time()
    answer = post(client, body)
    assert time.process_time() - began < 1
    assert answer.status_code == 422
    reason = r"\d+,\d\d\d fields are wrong, (too many to name|and their names are too long to repeat)"
    assert re.fullmatch(reason, problem_of(answer)["detail"])
    assert len(answer.data) < 1_000


# Bad requests: not even a body of the right kind


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "*/*", "é"],
)
def test_another_media_type_is_refused(client: FlaskClient, content_type: str) -> None:
    answer = post(client, {"houses": [HOUSE]}, Content_Type=content_type)
    assert answer.status_code == 415
    assert problem_of(answer)["detail"] == "send application/json"
    assert answer.headers["Accept"] == "application/json"


def test_no_media_type_is_refused(client: FlaskClient) -> None:
    assert problem_of(client.post(URL, data=with_house()))["status"] == 415


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"])
def test_a_packed_body_is_refused_and_never_unpacked(client: FlaskClient, coding: str) -> None:
    bomb = gzip.compress(b" " * 2**26)
    tracemalloc.start()
    answer = post(client, bomb, Content_Encoding=coding)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 415
    assert problem_of(answer)["detail"] == "send the body as it is"
    assert answer.headers["Accept-Encoding"] == "identity"
    assert peak < 2**22


def test_a_packed_body_that_does_not_say_so_is_no_json(client: FlaskClient) -> None:
    assert problem_of(post(client, gzip.compress(with_house())))["status"] == 400


def test_a_body_over_a_mebibyte_is_refused(client: FlaskClient) -> None:
    good = with_house()
    assert post(client, good + b" " * (LARGEST_BODY - len(good))).status_code == 200
    answer = post(client, good + b" " * (LARGEST_BODY - len(good) + 1))
    assert answer.status_code == 413
    problem_of(answer)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_and_told_which_would_do(client: FlaskClient, method: str) -> None:
    answer = client.open(URL, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"
    problem_of(answer)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/predictions/", "/v1/predictions/1", "/favicon.ico", "/%ff", "/%00", "//v1//predictions"]
)
def test_another_path_is_no_place(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    problem_of(answer)


@pytest.mark.parametrize("host", ["", "a b", "é", "[", "localhost:port", "x" * 300])
def test_an_odd_host_does_no_harm(client: FlaskClient, host: str) -> None:
    assert post(client, {"houses": [HOUSE]}, Host=host).status_code in (200, 400)


# What accompanies an answer


@pytest.mark.parametrize("body", [with_house(), b"{", with_house(pool=1)])
def test_every_answer_has_a_request_id_and_a_trace(client: FlaskClient, body: bytes) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = post(client, body, X_Request_ID="mine-1", Traceparent=parent)
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert re.fullmatch(r"00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01", answer.headers["traceparent"])
    own = post(client, body, X_Request_ID="not one\tid", Traceparent=parent.upper())
    assert re.fullmatch(r"[0-9a-f]{32}", own.headers["X-Request-ID"])
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in own.headers["traceparent"]


@pytest.mark.parametrize("question", ["startup", "ready", "live"])
def test_the_health_of_the_process_is_told_here_too(service: Service, question: str) -> None:
    health = Health(leaving=lambda: True)
    client = create_app(service, health).test_client()
    for _ in range(2):
        verdict = health.answer(question)  # type: ignore[arg-type]
        answer = client.get(f"/health/{question}")
        assert (answer.status_code, answer.text) == (200 if verdict.ok else 503, f"{verdict.reason}\n")
        health.loaded = True


@pytest.fixture
def alone(predictor: Predictor) -> Iterator[Service]:
    """A service whose queue a test may spoil."""
    service = serve(predictor)
    yield service
    service.batcher.close()


def test_overload_is_told_with_the_time_to_come_back(alone: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(rows: Any) -> Any:
        raise Overloaded(3)

    monkeypatch.setattr(alone.batcher, "predict", full)
    answer = post(create_app(alone, Health()).test_client(), {"houses": [HOUSE]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert problem_of(answer)["detail"] == "too much waits already; ask again in 3 s"


def test_an_error_of_ours_is_logged_and_told_without_its_text(
    alone: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(rows: Any) -> Any:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(alone.batcher, "predict", broken)
    answer = post(create_app(alone, Health()).test_client(), {"houses": [HOUSE]}, X_Request_ID="mine")
    assert answer.status_code == 500
    assert problem_of(answer)["detail"] == "the log tells more under the request's id"
    assert b"secret" not in answer.data
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
    assert record.request_id == "mine"  # type: ignore[attr-defined]


def test_the_access_log_tells_of_the_request_and_not_of_the_house(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(service, Health()).test_client()
    with caplog.at_level(logging.INFO):
        post(client, {"houses": [{**HOUSE, "lot_sf": 987_654, "latitude": 47.123456}] * 3}, X_Request_ID="good")
        post(client, {"houses": [{**HOUSE, "lot_sf": "987654"}]}, X_Request_ID="bad")
        client.get("/v1/predictions?lot_sf=987654")
    lines = [record.__dict__ for record in caplog.records if record.name == "house_prices.serving.access"]
    assert [(each["method"], each["path"], each["status"], each["houses"]) for each in lines] == [
        ("POST", URL, 200, 3),
        ("POST", URL, 422, 0),
        ("GET", URL, 405, 0),
    ]
    assert [each["request_id"] for each in lines[:2]] == ["good", "bad"]
    assert all(re.fullmatch("[0-9a-f]{32}", each["trace_id"]) for each in lines)
    assert all(0 < each["milliseconds"] < 60_000 for each in lines)
    assert not re.search("987.?654|47.123456", repr([record.__dict__ for record in caplog.records]))


def test_the_access_log_can_be_switched_off(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        post(create_app(service, Health(), access_log=False).test_client(), {"houses": [HOUSE]})
    assert not caplog.records


# Whatever else there may be


@pytest.mark.parametrize("part", [1, 2])
def test_no_stranger_gets_an_error_of_ours_or_waits_or_leaves_something_behind(
    client: FlaskClient, predictor: Predictor, part: int
) -> None:
    """5,000 payloads each: two parts, because there are two cores."""
    asked: list[tuple[bytes, dict[str, str]]] = []
    statuses: Counter[int] = Counter()

    def ask(body: bytes, headers: dict[str, str]) -> None:
        began = time.process_time()
        answer = client.post(URL, data=body, headers=headers)
        assert time.process_time() - began < 1
        assert answer.status_code in (200, 400, 415, 422)
        if answer.status_code == 200:
            assert all(each["price"] > 0 for each in json.loads(answer.data)["predictions"])
        else:
            problem_of(answer)
        statuses[answer.status_code] += 1

    @seed(part)
    @settings(max_examples=250, suppress_health_check=list(HealthCheck), database=None)
    @given(bodies=bodies(predictor.manifest, 20), headers=headers())
    def ask_for_each(bodies: list[bytes], headers: dict[str, str]) -> None:
        for body in bodies:
            asked.append((body, headers))
            ask(body, headers)

    ask_for_each()
    assert statuses.total() >= 5_000
    assert min(statuses[status] for status in (200, 400, 415, 422)) > 50, f"too few of a kind: {statuses}"

    gc.collect()
    before = resident_bytes()
    for body, fields in asked[:1_000]:
        ask(body, fields)
    gc.collect()
    assert resident_bytes() - before < 2**22
