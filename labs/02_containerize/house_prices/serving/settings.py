"""What can be set from outside, by environment: SERVING_PORT=9000 and so on."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from house_prices.model.errors import HousePricesError

PREFIX = "SERVING_"
LARGEST_REQUEST = 1_000
"""Houses in one request, at most."""
SAGEMAKER_MODEL = Path("/opt/ml/model")
VERTEX_AI = {
    "model": "AIP_STORAGE_URI",
    "port": "AIP_HTTP_PORT",
    "health_route": "AIP_HEALTH_ROUTE",
    "predict_route": "AIP_PREDICT_ROUTE",
}
"""What Vertex AI sets for a container. It counts for more than our own: Vertex AI is the one who calls."""


class InvalidSettings(HousePricesError):
    """A variable of the environment has a value that the service cannot use."""


def _local(folder: object) -> object:
    if "://" in str(folder):
        raise ValueError("only a local folder can be served: mount it, or put it into the image")
    return folder


Route = Annotated[str, Field(pattern="^(/[^<>?#]*)?$")]


class Settings(BaseSettings):
    """The settings of one server, read once when it starts."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, allow_inf_nan=False)

    model: Annotated[
        Path, BeforeValidator(_local), Field(description="folder of the model: model.skops and manifest.json")
    ] = SAGEMAKER_MODEL if (SAGEMAKER_MODEL / "manifest.json").exists() else Path("artifacts/lab-01")
    model_digest: Annotated[
        str, Field(description="SHA-256 of the manifest that is trusted; empty: ask the record of known models")
    ] = ""
    known_models: Annotated[Path, Field(description="record of the models that were made or accepted here")] = Path(
        "artifacts/known-models.json"
    )
    host: Annotated[str, Field(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="of the service; 0: any that is free")] = 8080
    probe_port: Annotated[int, Field(ge=0, le=65535, description="of the health probes alone; 0: any")] = 8081
    workers: Annotated[int, Field(ge=1, le=64, description="processes, each with a model of its own")] = 1
    threads: Annotated[int, Field(ge=1, le=1024, description="requests that a process works on at once")] = 32
    queue_requests: Annotated[
        int, Field(ge=1, description="requests that may wait for a thread; more are answered with 503")
    ] = 256
    batch_rows: Annotated[int, Field(ge=1, description="houses that are predicted together, at most")] = 256
    batch_wait_ms: Annotated[
        float, Field(ge=0, le=1000, description="how long a house waits for company, if the one before it had some")
    ] = 2.0
    queue_rows: Annotated[
        int, Field(ge=LARGEST_REQUEST, description="houses that may wait in a process; more are answered with 503")
    ] = 4_000
    read_seconds: Annotated[
        float, Field(gt=0, description="within which a request has to have arrived; later its connection is closed")
    ] = 10.0
    keep_alive_seconds: Annotated[float, Field(gt=0, description="that a connection may be idle")] = 75.0
    drain_seconds: Annotated[
        float, Field(ge=0, description="after SIGTERM in which new requests are still answered")
    ] = 5.0
    grace_seconds: Annotated[
        float, Field(gt=0, description="after SIGTERM, then what is still in flight is cut off")
    ] = 15.0
    access_log: Annotated[bool, Field(description="a line for each request")] = True
    health_route: Annotated[Route, Field(description="path at which /ping answers besides")] = ""
    predict_route: Annotated[Route, Field(description="path at which /invocations answers besides")] = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        vertex_ai = {name: os.environ[variable] for name, variable in VERTEX_AI.items() if os.environ.get(variable)}
        return init_settings, InitSettingsSource(settings_cls, init_kwargs=vertex_ai), env_settings

    @field_validator("probe_port")
    @classmethod
    def _not_the_port_of_the_service(cls, value: int, info: ValidationInfo) -> int:
        if value and value == info.data.get("port"):
            raise ValueError(f"should be another one than {_variable('port')}")
        return value

    @field_validator("grace_seconds")
    @classmethod
    def _not_below_drain_seconds(cls, value: float, info: ValidationInfo) -> float:
        drain = info.data.get("drain_seconds")
        if drain is not None and value < drain:
            raise ValueError(f"should not be below {PREFIX}DRAIN_SECONDS, which is {drain:g}")
        return value


def read_settings() -> Settings:
    """Return the settings that the environment holds.

    Raises
    ------
    InvalidSettings : names each variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  {_variable(str(each['loc'][0]))}={each['input']}: {_reason(each['msg'])}" for each in error.errors()
        ]
        raise InvalidSettings("\n".join(["these settings cannot be used:", *lines])) from None


def _reason(message: str) -> str:
    reason = message.removeprefix("Value error, ")
    return reason[0].lower() + reason[1:]


def described() -> str:
    """Return a line for each setting: its variable, what it means, and what it is when nobody sets it."""
    lines = [
        f"  {PREFIX + name.upper():<28} {field.description} ({'empty' if field.default == '' else field.default})"
        for name, field in Settings.model_fields.items()
    ]
    lines += [f"  {variable:<28} {PREFIX}{name.upper()}, as Vertex AI sets it" for name, variable in VERTEX_AI.items()]
    return "\n".join(lines)


def _variable(name: str) -> str:
    """Return the variable that a setting came from."""
    vertex_ai = VERTEX_AI.get(name, "")
    return vertex_ai if os.environ.get(vertex_ai) else PREFIX + name.upper()
