"""The command line: what it says of itself, and the check of a model."""

import json
import sys

import pytest

from house_prices.serving import cli, server
from house_prices.serving.settings import PREFIX, VERTEX_AI, Settings
from tests.product.serving.making import Made


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command line as ``python -m house_prices.serving`` does, and return its code."""
    monkeypatch.setattr(sys, "argv", ["serving", *words])
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_help_lists_every_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    lines = capsys.readouterr().out.splitlines()
    for name, field in Settings.model_fields.items():
        (line,) = [line for line in lines if line.split()[:1] == [f"{PREFIX}{name.upper()}"]]
        assert field.description
        assert field.description in line
    told = {line.split()[0]: line.split()[1].rstrip(",") for line in lines if line.startswith("  AIP_")}
    assert told == {variable: f"{PREFIX}{name.upper()}" for name, variable in VERTEX_AI.items()}


def test_another_word_is_refused_and_the_right_ones_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "sreve") == 2
    told = capsys.readouterr().err
    assert "sreve" in told
    assert all(word in told for word in cli.COMMANDS)


@pytest.mark.parametrize("words", [(), ("serve",)])
def test_it_serves_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    served: list[bool] = []
    monkeypatch.setattr(server, "serve", lambda: served.append(True))
    assert run(monkeypatch, *words) == 0
    assert served == [True]


def test_check_says_what_the_model_is(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVING_MODEL", str(made.folder))
    monkeypatch.setenv("SERVING_MODEL_DIGEST", made.digest)
    assert run(monkeypatch, "check") == 0
    told = {"model": "house-prices", "version": "2012.12", "digest": made.digest}
    assert json.loads(capsys.readouterr().out) == told


def test_check_refuses_what_the_service_would(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVING_MODEL", str(made.folder))
    monkeypatch.setenv("SERVING_MODEL_DIGEST", "ab" * 32)
    assert run(monkeypatch, "check") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {made.folder}: nobody has vouched for this model")
