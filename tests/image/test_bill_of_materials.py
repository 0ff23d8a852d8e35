"""The bill of materials says what is in the image, neither more nor less."""

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from house_prices.model.manifest import code_version
from tests.image.conftest import ROOT

pytestmark = pytest.mark.docker

INSTALLED = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


@pytest.fixture(scope="module")
def bill(image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bill")
    subprocess.run([ROOT / ".ci" / "sbom", str(folder), image], capture_output=True, check=True)
    found: dict[str, Any] = json.loads((folder / "sbom.json").read_text())
    return found


def versions(bill: dict[str, Any]) -> dict[str, str]:
    return {named(each["name"]): each["version"] for each in bill["components"]}


def named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_it_names_what_is_installed(run: Callable[..., Any], image: str, bill: dict[str, Any]) -> None:
    container = run(image, entrypoint=["python", "-c", INSTALLED])
    container.wait()
    installed = {named(name): version for name, version in json.loads(container.logs()).items()}
    assert versions(bill) == installed


def test_all_of_it_comes_from_the_lock(bill: dict[str, Any]) -> None:
    lock = (ROOT / "requirements" / "serving.txt").read_text()
    locked = {named(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==([\w.+!-]+)", lock)}
    assert versions(bill).items() <= {**locked, "house-prices": code_version().version}.items()


def test_it_can_be_read_by_whoever_looks_for_holes(bill: dict[str, Any]) -> None:
    assert bill["bomFormat"] == "CycloneDX"
    assert all(each["purl"].startswith("pkg:pypi/") for each in bill["components"] if each["name"] != "house-prices")
    assert all(each["licenses"] for each in bill["components"])
    assert bill["dependencies"]
