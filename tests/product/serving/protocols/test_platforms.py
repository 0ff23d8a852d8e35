"""SageMaker and Vertex AI: the protocol of MLflow, and a few paths and variables."""

from pathlib import Path

import pytest

from house_prices.serving.app import create_app
from house_prices.serving.health import Health
from house_prices.serving.service import Service
from house_prices.serving.settings import VERTEX_AI, InvalidSettings, read_settings
from tests.product.serving.making import HOUSE
from tests.product.serving.protocols.asking import prices

PREDICT, HEALTH = "/v1/endpoints/1/deployedModels/2:predict", "/v1/endpoints/1/deployedModels/2"


@pytest.fixture(autouse=True)
def _no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VERTEX_AI.values():
        monkeypatch.delenv(name, raising=False)


def test_the_paths_of_vertex_ai_answer_as_those_of_mlflow_do(service: Service) -> None:
    health = Health()
    app = create_app(service, health, access_log=False, health_route=HEALTH, predict_route=PREDICT)
    client = app.test_client()
    assert client.get(HEALTH).status_code == 503
    health.loaded = True
    assert client.get(HEALTH).status_code == 200
    expected = prices(client.post("/invocations", json={"instances": [HOUSE]}))
    assert prices(client.post(PREDICT, json={"instances": [HOUSE], "parameters": None})) == expected
    assert client.get(PREDICT).status_code == 405


def test_what_vertex_ai_sets_counts_for_more_than_what_the_image_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        **{"SERVING_PORT": "8080", "SERVING_MODEL": "/opt/ml/model", "SERVING_HOST": "0.0.0.0"},
        **{"AIP_HTTP_PORT": "9000", "AIP_STORAGE_URI": "/mnt/model"},
        **{"AIP_HEALTH_ROUTE": HEALTH, "AIP_PREDICT_ROUTE": PREDICT},
    }.items():
        monkeypatch.setenv(name, value)
    read = read_settings()
    assert (read.port, read.model, read.host) == (9000, Path("/mnt/model"), "0.0.0.0")
    assert (read.health_route, read.predict_route) == (HEALTH, PREDICT)


def test_an_empty_variable_of_vertex_ai_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_MODEL", "/opt/ml/model")
    monkeypatch.setenv("AIP_STORAGE_URI", "")
    assert read_settings().model == Path("/opt/ml/model")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AIP_STORAGE_URI", "gs://bucket/model", "only a local folder can be served"),
        ("SERVING_MODEL", "s3://bucket/model", "only a local folder can be served"),
        ("AIP_HTTP_PORT", "http", "input should be a valid integer"),
        ("AIP_PREDICT_ROUTE", "predict", "string should match pattern"),
        ("AIP_HEALTH_ROUTE", "/<int:any>", "string should match pattern"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings, match=f"  {name}={value}: {reason}"):
        read_settings()
