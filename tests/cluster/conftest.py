"""The service on the cluster of this machine, with two releases of it; where there is none, nothing here is run."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from house_prices.serving.deployment.address import reachable
from house_prices.serving.deployment.building import build
from house_prices.serving.deployment.context import Cluster, local_cluster
from house_prices.serving.deployment.drills import Drills
from house_prices.serving.deployment.engine import docker, image_id
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.images import load_images
from house_prices.serving.deployment.manifests import NAME, NAMESPACE
from house_prices.serving.deployment.removal import remove_from_cluster, require_nothing_deployed

ROOT = Path(__file__).resolve().parents[2]
SENT = ("pyproject.toml", "LICENSE", ".dockerignore", "requirements", "labs")
MODEL = Path("artifacts/lab-01")
VERSIONS = ("2012.12", "2013.12")


def not_run(error: NotRun) -> NoReturn:
    """Say that something is missing here: no pass, and a failure where LABS_REQUIRE names the cluster."""
    if "cluster" in os.environ.get("LABS_REQUIRE", "").split(","):
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    try:
        cluster = local_cluster()
        docker("version")
        require_nothing_deployed(cluster)
    except NotRun as error:
        not_run(error)
    yield cluster
    cluster.client.close()


@pytest.fixture(scope="session")
def releases(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The images of two releases on the cluster's nodes, by the version of the model in each."""
    from house_prices.model.model_file import save_model
    from house_prices.model.sales import load_seattle
    from house_prices.model.training import train
    from tests.product.model.test_manifest import manifest_of

    root = tmp_path_factory.mktemp("project")
    for name in SENT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    sales = load_seattle()
    model = train(sales[sales["sale_date"] < "2012"])
    token = uuid.uuid4().hex[:8]
    images = {version: f"house-prices:test-{token}-{version}" for version in VERSIONS}
    try:
        for version, image in images.items():
            digest = save_model(root / MODEL, model, manifest_of(sales, version=version))
            build(image, MODEL, digest, root / "build.log", root=root, label=f"house-prices.test={token}")
        load_images(cluster, *images.values())
    except NotRun as error:
        not_run(error)
    yield images
    for image in images.values():
        docker("image", "rm", "--force", image_id(image))


@pytest.fixture(scope="session")
def url(cluster: Cluster, releases: dict[str, str]) -> Iterator[str]:
    """Where the first release answers; `labs deploy` has put it there."""
    deploy = [sys.executable, "-m", "house_prices.serving.deployment", "deploy", "--image", releases[VERSIONS[0]]]
    try:
        done = subprocess.run(deploy, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        with reachable(cluster) as url:
            assert f"it answers at {url}" in done.stdout
            yield url
    finally:
        remove_from_cluster(cluster)


@pytest.fixture
def drills(cluster: Cluster, url: str) -> Drills:
    return Drills(cluster, url, print)


@pytest.fixture
def two_pods(cluster: Cluster, url: str) -> Iterator[None]:
    """Hold the autoscaler, so that a replacement is one of two pods: how long it takes must not depend on the load."""
    patch = cluster.autoscaling.patch_namespaced_horizontal_pod_autoscaler
    before = cluster.autoscaling.read_namespaced_horizontal_pod_autoscaler(NAME, NAMESPACE).spec.max_replicas
    patch(NAME, NAMESPACE, {"spec": {"maxReplicas": 2}})
    yield
    patch(NAME, NAMESPACE, {"spec": {"maxReplicas": before}})
