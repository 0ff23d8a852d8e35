"""What the service writes: lines that a program can read, with what finds a request again, and no house in them."""

import json
import logging
import logging.config
import re
import sys
from typing import Any

from house_prices.serving.logs import LOGGING
from tests.product.serving.connections import Connection
from tests.product.serving.making import HOUSE, Made
from tests.product.serving.servers import JSON, Server, until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ODD: dict[str, Any] = {
    **HOUSE,
    "lot_sf": 7_654_321,
    "tot_sf": 34_567,
    "longitude": -122.1234567,
    "latitude": 47.1234567,
}
VALUES = ("7654321", "7,654,321", "34567", "34,567", "1234567", "castle")


def test_a_line_is_an_object_whatever_is_in_it() -> None:
    formatter = logging.config.DictConfigurator(LOGGING).configure_formatter(dict(LOGGING["formatters"]["json"]))
    try:
        raise ValueError("two\nlines")
    except ValueError:
        message, error = '"quoted"\n\u2028\ud800', sys.exc_info()
    record = logging.LogRecord("mine", logging.ERROR, "", 1, message, (), error)
    record.path = "/\r\n"
    line = formatter.format(record)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    written = json.loads(line)
    assert (written["message"], written["level"], written["logger"], written["path"]) == (
        message,
        "ERROR",
        "mine",
        "/\r\n",
    )
    assert "ValueError: two\nlines" in written["exc_info"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", written["time"])


def line_of(server: Server, request_id: str) -> dict[str, Any]:
    """Wait for the line of a request and return it."""
    return until(lambda: next((line for line in server.log() if line.get("request_id") == request_id), None), server)


def test_the_model_that_is_served_is_named(server: Server, made: Made) -> None:
    (line,) = [line for line in server.log() if line["message"] == "ready"]
    assert (line["model"], line["version"], line["digest"]) == ("house-prices", "2012.12", made.digest)


def test_a_request_is_found_again_by_its_id_and_its_trace(server: Server) -> None:
    answer = server.post(X_Request_ID="found-1", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert answer.status == 200
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "found-1"
    version, trace, span, flags = answer.headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    line = line_of(server, "found-1")
    assert (line["trace_id"], line["span_id"]) == (trace, span)
    assert (line["method"], line["path"], line["status"], line["houses"]) == ("POST", "/v1/predictions", 200, 1)
    assert line["milliseconds"] > 0


def test_a_malformed_trace_is_ignored(server: Server) -> None:
    for number, malformed in enumerate(("nonsense", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-00f067aa0ba902b7-01-x")):
        answer = server.post(X_Request_ID=f"malformed-{number}", traceparent=malformed)
        assert answer.status == 200
        assert TRACE not in answer.headers["traceparent"]
        assert line_of(server, f"malformed-{number}")["trace_id"] in answer.headers["traceparent"]


def test_no_value_of_a_house_is_written_down_whatever_becomes_of_the_request(server: Server) -> None:
    good = json.dumps({"houses": [ODD]})
    bodies = [
        good,
        good[:-9],
        good.replace("47.1234567", "1e400"),
        good.replace('"sfr"', '"castle"'),
        good.replace('"lot_sf"', '"castle"'),
        good.replace('"area"', '"lot_sf": 7654321, "area"'),
        good + " " * 2**20,
    ]
    statuses = [server.post(body.encode(), X_Request_ID=f"odd-{number}").status for number, body in enumerate(bodies)]
    assert statuses == [200, 400, 400, 422, 422, 400, 413]
    with Connection(server.address) as client:
        client.send(
            f"POST /v1/predictions?lot_sf=7654321 HTTP/1.1\r\nX-House: castle\r\nContent-Length: 9\r\n\r\n{good}"
        )
        assert client.answer().status == 415
    for number in range(6):
        line_of(server, f"odd-{number}")
    written = server.stdout + server.stderr
    assert not [value for value in VALUES if value in written]


def test_every_line_is_an_object_with_a_time_a_level_and_a_message(server: Server) -> None:
    server.post(b"{", **JSON)
    lines = server.log()
    assert lines
    assert all({"time", "level", "logger", "process", "message"} <= set(line) for line in lines)
    assert server.stderr == ""
