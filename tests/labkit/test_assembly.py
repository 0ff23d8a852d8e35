import subprocess
import sys
from pathlib import Path

import pytest

from labkit.assembly import assemble
from labkit.catalog import load_labs
from labkit.regions import MarkerError
from tests.labkit.toy import DOCKERFILE, make_toy


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "a folder")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_code_of_the_assembled_tree_runs_with_the_given_bodies(root: Path, target: Path) -> None:
    before = (root / "labs/01_toy/toy_product/shop.py").read_bytes()
    paths = assemble(root, target, {"1.1": "    return guest.upper()\n"}, load_labs(root))
    assert paths == (target / "labs/01_toy",)
    said = subprocess.run(
        [sys.executable, "-c", "from toy_product.shop import greet; print(greet('ada'))"],
        env={"PYTHONPATH": str(paths[0])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "ADA\n"
    assert (root / "labs/01_toy/toy_product/shop.py").read_bytes() == before
    assert (target / "labs/01_toy/Dockerfile").read_text() == DOCKERFILE


def test_the_rest_of_the_tree_is_there_and_hidden_files_are_not(root: Path, target: Path) -> None:
    (root / "data").mkdir()
    (root / "data" / "sales.csv").write_text("1")
    (root / "labs/01_toy/.env").write_text("secret")
    (root / "labs/02_other").mkdir()
    assemble(root, target, {}, load_labs(root))
    assert (target / "data" / "sales.csv").read_text() == "1"
    assert not (target / "labs/01_toy/.env").exists()
    assert not (target / "labs/02_other").exists()
    assert not (target / ".git").exists()


def test_a_task_elsewhere_is_copied_not_linked(root: Path, target: Path) -> None:
    (root / "k8s").mkdir()
    (root / "k8s" / "pod.yaml").write_text(DOCKERFILE)
    lab_toml = root / "labs/01_toy/lab.toml"
    lab_toml.write_text(lab_toml.read_text().replace("labs/01_toy/Dockerfile", "k8s/pod.yaml"))
    assemble(root, target, {"1.2": "USER 1\n"}, load_labs(root))
    assert "USER 1\n" in (target / "k8s" / "pod.yaml").read_text()
    assert (root / "k8s" / "pod.yaml").read_text() == DOCKERFILE


def test_a_region_that_is_not_there_is_named(root: Path, target: Path) -> None:
    (root / "labs/01_toy/Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(MarkerError, match=r"^labs/01_toy/Dockerfile: the lines # TASK 1\.2: … and"):
        assemble(root, target, {"1.2": "USER 1\n"}, load_labs(root))
