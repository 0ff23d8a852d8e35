"""What the checks of lab 02 ask with: a small model, the service around it, and a client that says what went wrong.

For the manifests, the API server.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field

from labkit.checks import CheckFailed, seed

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
    refused : how often somebody was told so.
    """

    alive = True

    def __init__(self, predict: Callable[[Any], Any]) -> None:
        self._predict, self.asked, self.full, self.refused = predict, [], False, 0

    def predict(self, rows: Any) -> Any:
        from house_prices.serving.batching import Overloaded

        if self.full:
            self.refused += 1
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
        if broken.error and answer.status_code == 500:
            raise broken.error
        return answer

    yield send
    log.removeHandler(broken)


class _Broken(logging.Handler):
    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.error = record.exc_info[1]


class Manifests:
    """What is in k8s/base, as the API server understands it: defaults are filled in, every right spelling is the same.

    The API server does all that it does to an object that is created, except to keep it.
    """

    def __init__(self) -> None:
        from house_prices import serving
        from house_prices.serving.deployment.context import local_cluster

        # Where a task was skipped, the reference stands in for it in another tree than the working folder's.
        self._base = Path(str(serving.__file__)).parents[4] / "k8s" / "base"
        self._cluster = local_cluster()
        self._understood: dict[str, dict[str, Any]] = {}

    def __call__(self, kind: str, file: str) -> dict[str, Any]:
        """Return the object of a kind.

        Parameters
        ----------
        file : that it should be in.
        """
        if kind not in self._understood:
            self._understood[kind] = self._ask(kind, file)
        return self._understood[kind]

    def _ask(self, kind: str, file: str) -> dict[str, Any]:
        from kubernetes.client import PolicyV1Api

        from house_prices.serving.deployment.api import Refused

        create = {
            "Deployment": self._cluster.apps.create_namespaced_deployment,
            "HorizontalPodAutoscaler": self._cluster.autoscaling.create_namespaced_horizontal_pod_autoscaler,
            "PodDisruptionBudget": PolicyV1Api(self._cluster.client).create_namespaced_pod_disruption_budget,
        }[kind]
        manifest = self._rendered(kind, file)
        # The namespace of the product need not be there. In one that always is, no name may be taken already.
        manifest["metadata"] |= {"namespace": "default", "name": f"labs-check-{seed()}"}
        try:
            answer = create("default", manifest, dry_run="All", field_validation="Strict", _preload_content=False)
        except Refused as error:
            raise CheckFailed(
                sent=f"the {kind} of k8s/base/{file} to the API server, as a dry run",
                got=_refusal(error),
                look_at="the field that it names: kubectl explain says what may stand there",
            ) from None
        understood: dict[str, Any] = json.loads(answer.data)
        return understood

    def _rendered(self, kind: str, file: str) -> dict[str, Any]:
        import yaml

        from house_prices.serving.deployment.errors import DeploymentError

        sent = "kubectl kustomize k8s/base"
        try:
            list(yaml.safe_load_all((self._base / file).read_text(encoding="utf-8")))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise CheckFailed(
                sent=sent,
                got=f"k8s/base/{file}:{line}: {error.problem}",
                wanted="YAML",
                look_at="how far the lines around it are indented",
            ) from None
        try:
            text = self._cluster.kubectl("kustomize", str(self._base))
        except DeploymentError as error:
            said = str(error).partition(" failed: ")[2]
            # What is around such a line is about kustomize itself.
            told = "\n".join(line.strip() for line in said.splitlines() if re.search(r"\bline \d+", line)) or said
            raise CheckFailed(sent=sent, got=told, look_at=f"k8s/base/{file}") from None
        found = [each for each in yaml.safe_load_all(text) if each["kind"] == kind]
        if len(found) != 1:
            raise CheckFailed(sent=sent, got=f"{len(found) or 'no'} {kind}", wanted="one", look_at=f"k8s/base/{file}")
        manifest: dict[str, Any] = found[0]
        return manifest

    def close(self) -> None:
        self._cluster.client.close()


def _refusal(error: Exception) -> str:
    """Return the words in which the API server refused an object: field by field, where it says that."""
    body = getattr(error.__cause__, "body", None)
    if not body:
        return str(error)
    status = json.loads(body)
    causes = [f"{each['field']}: {each['message']}" for each in status.get("details", {}).get("causes", ())]
    words = "\n".join(dict.fromkeys(causes)) or str(status["message"])
    # Of a value that is an object, all is repeated.
    return re.sub(r"Invalid value: [\w.]*\{.*\}: ", "", words)


@pytest.fixture(scope="session")
def understood() -> Iterator[Manifests]:
    """A function that returns the object of a kind in a file of k8s/base, as the API server understands it."""
    manifests = Manifests()
    yield manifests
    manifests.close()
