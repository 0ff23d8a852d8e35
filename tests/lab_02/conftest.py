"""What the checks of lab 02 ask with: a small model, the service around it, and a client that says what went wrong."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field

from labkit.checks import seed

SEATTLE = Path(__file__).resolve().parents[2] / "data" / "seattle_sales.csv.gz"
PREDICTIONS = "/v1/predictions"


def pytest_configure(config: pytest.Config) -> None:
    """Know the marks of scikit-learn's own test helpers: skops imports those, and an unknown mark is an error."""
    for mark in ("skip", "skipif", "xfail"):
        config.addinivalue_line("markers", f"{mark}: of scikit-learn's test helpers")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small model of 2,000 sales drawn anew in each run: ``loaded`` and, in ``folder``, its files."""
    from datetime import UTC, datetime

    import pandas as pd

    from house_prices.model.features import FEATURES
    from house_prices.model.manifest import Code, Manifest, Output, Training, package_versions, signature_of
    from house_prices.model.model_file import LoadedModel, save_model
    from house_prices.model.training import train

    columns = {"dtype": {"pinx": str, "sale_id": str}, "parse_dates": ["sale_date"]}
    early = pd.read_csv(SEATTLE, nrows=3_000, **columns)
    sales = early.sample(2_000, random_state=seed() % 2**32)
    days = sales["sale_date"].dt.date
    manifest = Manifest(
        name="house-prices",
        version="2010.06",
        created=datetime(2010, 7, 1, tzinfo=UTC),
        inputs=signature_of(sales, FEATURES),
        output=Output(name="price", unit="dollars"),
        training=Training(first_sale=days.min(), last_sale=days.max(), sales=len(sales), data_sha256="0" * 64),
        parameters={},
        seed=0,
        code=Code(version="0"),
        packages=dict(package_versions()),
        metrics={},
    )
    trained = train(sales, max_iter=20)
    folder = tmp_path_factory.mktemp("model")
    digest = save_model(folder, trained, manifest)
    return SimpleNamespace(
        loaded=LoadedModel(trained, manifest, digest), folder=folder, digest=digest, houses=sales[list(FEATURES)]
    )


@pytest.fixture
def trusted_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for `field_of`, which is task 2.1: here a field has a type and no limits."""
    from house_prices.serving import contract

    def field_of(column: Any) -> Any:
        kind = str if column.closed else float if column.kind == "number" else int
        compared = [AfterValidator(contract.not_above(column.not_above))] if column.not_above else []
        return Annotated[(kind, Field(description=column.unit), *compared)], ...

    monkeypatch.setattr(contract, "field_of", field_of)


@pytest.fixture
def houses(model: SimpleNamespace) -> Callable[[int], list[dict[str, Any]]]:
    """A function that returns so many houses that the model was trained on, drawn anew in each run."""
    return lambda number: model.houses.sample(number, random_state=seed() % 2**32).to_dict("records")


class Queue:
    """Stands in for the batcher, whose queue is task 2.5: it asks the model at once, and remembers how often.

    Attributes
    ----------
    asked : how many rows the model was asked about, each time.
    full : nothing more may wait.
    """

    alive = True

    def __init__(self, predict: Callable[[Any], Any]) -> None:
        self._predict, self.asked, self.full = predict, [], False

    def predict(self, rows: Any) -> Any:
        from house_prices.serving.batching import Overloaded

        if self.full:
            raise Overloaded
        self.asked.append(len(rows))
        return self._predict(rows)


@pytest.fixture
def service(model: SimpleNamespace, trusted_contract: None) -> Any:
    """The service around the small model."""
    from house_prices.serving.predictor import Predictor
    from house_prices.serving.service import Service

    predictor = Predictor(model.loaded)
    return Service(predictor, Queue(predictor.predict))


@pytest.fixture
def app(service: Any) -> Any:
    """Its web application."""
    from house_prices.serving.app import create_app
    from house_prices.serving.health import Health

    return create_app(service, Health(), access_log=False)


@pytest.fixture
def ask(app: Any) -> Iterator[Callable[..., Any]]:
    """A function that sends a body to the predictions and returns the answer; what broke on the way, it raises.

    The service itself answers 500 and tells only its log, as it should. A learner wants to see the line.
    """
    log, broken = logging.getLogger("house_prices.serving"), _Broken()
    log.addHandler(broken)
    client = app.test_client()

    def send(body: object, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.post(PREDICTIONS, json=body, headers=names)
        if broken.error:
            raise broken.error
        return answer

    yield send
    log.removeHandler(broken)


class _Broken(logging.Handler):
    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.error = record.exc_info[1]
