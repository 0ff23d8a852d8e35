"""Settings from the environment: each can be set, each refusal names its variable."""

import os
from pathlib import Path

import pytest

from house_prices.serving.settings import (
    LARGEST_REQUEST,
    PREFIX,
    VERTEX_AI,
    InvalidSettings,
    Settings,
    described,
    read_settings,
)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


SET = {
    "model": ("models/mine", Path("models/mine")),
    "model_digest": ("ab" * 32, "ab" * 32),
    "known_models": ("known.json", Path("known.json")),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "probe_port": ("9000", 9000),
    "workers": ("4", 4),
    "threads": ("8", 8),
    "queue_requests": ("1", 1),
    "batch_rows": ("1", 1),
    "batch_wait_ms": ("0.5", 0.5),
    "queue_rows": ("1000", LARGEST_REQUEST),
    "read_seconds": ("0.5", 0.5),
    "keep_alive_seconds": ("1", 1.0),
    "drain_seconds": ("0", 0.0),
    "grace_seconds": ("5", 5.0),
    "access_log": ("false", False),
}


def test_every_setting_is_tested() -> None:
    assert {name for name in Settings.model_fields if name in SET} == set(SET)


@pytest.mark.parametrize("name", SET)
def test_each_can_be_set_from_outside(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, value = SET[name]
    assert getattr(read_settings(), name) != value
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", text)
    assert getattr(read_settings(), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("SERVING_PORT", "http", "input should be a valid integer, unable to parse string as an integer"),
        ("SERVING_PORT", "", "input should be a valid integer, unable to parse string as an integer"),
        ("SERVING_PORT", "65536", "input should be less than or equal to 65535"),
        (
            "SERVING_PORT",
            "tcp://10.0.0.1:8080",
            "input should be a valid integer, unable to parse string as an integer",
        ),
        ("SERVING_PROBE_PORT", "-1", "input should be greater than or equal to 0"),
        ("SERVING_PROBE_PORT", "8080", "should be another one than SERVING_PORT"),
        ("SERVING_WORKERS", "0", "input should be greater than or equal to 1"),
        ("SERVING_WORKERS", "1.5", "input should be a valid integer, unable to parse string as an integer"),
        ("SERVING_THREADS", "0", "input should be greater than or equal to 1"),
        ("SERVING_QUEUE_REQUESTS", "0", "input should be greater than or equal to 1"),
        ("SERVING_BATCH_ROWS", "0", "input should be greater than or equal to 1"),
        ("SERVING_BATCH_WAIT_MS", "1001", "input should be less than or equal to 1000"),
        ("SERVING_QUEUE_ROWS", "999", "input should be greater than or equal to 1000"),
        ("SERVING_READ_SECONDS", "0", "input should be greater than 0"),
        ("SERVING_READ_SECONDS", "nan", "input should be a finite number"),
        ("SERVING_KEEP_ALIVE_SECONDS", "0", "input should be greater than 0"),
        ("SERVING_DRAIN_SECONDS", "-1", "input should be greater than or equal to 0"),
        ("SERVING_GRACE_SECONDS", "inf", "input should be a finite number"),
        ("SERVING_GRACE_SECONDS", "4.5", "should not be below SERVING_DRAIN_SECONDS, which is 5"),
        ("SERVING_ACCESS_LOG", "perhaps", "input should be a valid boolean, unable to interpret input"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, reason: str
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(InvalidSettings) as refused:
        read_settings()
    assert str(refused.value) == f"these settings cannot be used:\n  {variable}={text}: {reason}"


def test_all_of_them_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_PORT", "http")
    monkeypatch.setenv("SERVING_DRAIN_SECONDS", "20")
    with pytest.raises(InvalidSettings) as refused:
        read_settings()
    assert str(refused.value).splitlines()[1:] == [
        "  SERVING_PORT=http: input should be a valid integer, unable to parse string as an integer",
        "  SERVING_GRACE_SECONDS=15.0: should not be below SERVING_DRAIN_SECONDS, which is 20",
    ]


def test_each_is_described_with_its_variable_and_default() -> None:
    lines = described().splitlines()
    assert len(lines) == len(Settings.model_fields) + len(VERTEX_AI)
    for line, (name, field) in zip(lines, Settings.model_fields.items(), strict=False):
        assert line.split()[0] == f"SERVING_{name.upper()}"
        assert field.description
        assert line.endswith(f"({field.default or ('empty' if field.default == '' else field.default)})")
