"""The application behind the probes' own port."""

import pytest
from werkzeug.test import Client

from house_prices.serving.health import QUESTIONS, Health
from house_prices.serving.probes import probes_app


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_gets_the_verdict_and_its_reason(question: str) -> None:
    health = Health()
    client = Client(probes_app(health))
    verdict = health.answer(question)  # type: ignore[arg-type]
    answer = client.get(f"/health/{question}")
    assert answer.status_code == (200 if verdict.ok else 503)
    assert (answer.text, answer.mimetype) == (f"{verdict.reason}\n", "text/plain")
    health.loaded = True
    assert client.get(f"/health/{question}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/health", "/health/", "/health/Ready", "/ready", "/health/ready/", "/v1/predictions"]
)
def test_other_paths_are_told_what_to_ask(path: str) -> None:
    answer = Client(probes_app(Health())).get(path)
    assert (answer.status_code, answer.text) == (404, "ask /health/startup, /health/ready or /health/live\n")
