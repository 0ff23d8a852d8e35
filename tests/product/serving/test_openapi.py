"""What the service says of itself: true, complete, and readable where there is no network."""

import html
import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from house_prices.model.model_file import LoadedModel
from house_prices.serving.app import create_app
from house_prices.serving.health import Health
from house_prices.serving.openapi import describe, example
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import Service
from tests.product.serving.making import Made, manifest_with, serve
from tests.product.serving.servers import Server


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.mimetype == "application/json"
    read: dict[str, Any] = json.loads(answer.data)
    return read


def test_it_is_openapi_3_1_and_made_from_the_service(document: dict[str, Any], service: Service) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document == json.loads(json.dumps(describe(service)))
    assert (document["info"]["title"], document["info"]["version"]) == ("house-prices", "2012.12")


def test_every_route_is_described_but_those_that_describe(document: dict[str, Any], client: FlaskClient) -> None:
    routes = {str(rule) for rule in client.application.url_map.iter_rules()}
    assert {path for path in document["paths"] if path.startswith(("/v1", "/health"))} == {
        route for route in routes if route.startswith(("/v1", "/health"))
    }


def test_a_house_is_described_as_the_manifest_has_it(document: dict[str, Any], service: Service) -> None:
    house = document["components"]["schemas"]["House"]["properties"]
    for column in service.manifest.inputs:
        if not column.closed:
            assert (house[column.name]["minimum"], house[column.name]["maximum"]) == (column.minimum, column.maximum)
        if column.not_above:
            assert house[column.name]["description"].endswith(f"; not above {column.not_above}")


def test_the_example_is_a_request_with_a_price(client: FlaskClient, service: Service) -> None:
    answer = client.post("/v1/predictions", json=example(service))
    assert answer.status_code == 200
    assert answer.get_json()["predictions"][0]["notes"] == []


def test_no_reference_leads_nowhere(document: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/components/schemas/([^"]*)"', json.dumps(document)):
        assert reference in document["components"]["schemas"]


def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/docs")
    page = answer.text
    assert answer.mimetype == "text/html"
    assert not re.findall(r"(?:https?:)?//[a-z]", page), "an address of another host"
    assert re.findall(r"(?:src|href)=\"?([^\" >]+)", page) == ["openapi.json"]
    assert not re.findall(r"<(?:link|img|iframe|script\s+[^>]*src)|@import|url\(", page)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy


def test_the_page_shows_every_field_and_a_request_that_can_be_sent(client: FlaskClient, service: Service) -> None:
    page = client.get("/docs").text
    for column in service.manifest.inputs:
        assert f"<code>{column.name}</code>" in page
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert shown
    assert json.loads(html.unescape(shown[1])) == example(service)


def test_nothing_in_a_manifest_becomes_part_of_the_page(made: Made, predictor: Predictor) -> None:
    manifest = manifest_with(predictor.manifest, "use_type", categories=("</textarea><script>alert(1)</script>",))
    manifest = manifest_with(manifest, "beds", unit="<b>rooms</b>").model_copy(update={"name": "<script>"})
    service = serve(Predictor(LoadedModel(made.model, manifest, made.digest)))
    page = create_app(service, Health()).test_client().get("/docs").text
    service.batcher.close()
    assert page.count("<script") == 1
    assert page.count("</textarea>") == 1
    assert "<b>" not in page


def test_schemathesis_finds_nothing_that_the_document_does_not_tell(server: Server, tmp_path: Path) -> None:
    """Requests made from the document, good ones and bad ones, over the network."""
    program = Path(sysconfig.get_path("scripts"), "schemathesis")
    done = subprocess.run(
        [
            *(program, "run", f"{server.url}/openapi.json", "--checks", "all", "--max-examples", "40"),
            *("--phases", "examples,coverage,fuzzing", "--seed", "1", "--request-timeout", "30", "--no-color"),
            *("--max-response-time", "10", "--generation-database", "none"),
            # That a renovation is not older than its house is in the document, but not in words that a program reads.
            *("--exclude-checks", "positive_data_acceptance"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
