"""One small model for all tests of serving, and a service and a client in this process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from threadpoolctl import threadpool_limits

from house_prices.serving.app import create_app
from house_prices.serving.health import Health
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import Service
from tests.product.serving.making import Made, make, serve
from tests.product.serving.servers import Server, started


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep the model from waiting for threads of its own, of which several tests at once would have too many."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    """A copy of the model's folder, which a test may spoil."""
    return Path(shutil.copytree(made.folder, tmp_path / "model"))


@pytest.fixture(scope="session")
def predictor(made: Made) -> Predictor:
    return made.load()


@pytest.fixture(scope="session")
def service(predictor: Predictor) -> Iterator[Service]:
    service = serve(predictor)
    yield service
    service.batcher.close()


@pytest.fixture(scope="session")
def client(service: Service) -> FlaskClient:
    """A client of the application itself, without a network in between; it has started and is ready."""
    health = Health()
    health.loaded = True
    return create_app(service, health, access_log=False).test_client(use_cookies=False)


@pytest.fixture(scope="session")
def server(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that several tests ask; none of them may spoil it."""
    with started(made, tmp_path_factory.mktemp("server")) as server:
        yield server
