"""A hole that `labs start` leaves does not stop a commit; the same offence in another file does."""

import sys
from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.errors import WorkFailed
from labkit.project import Project
from labkit.upkeep import lint_files
from labkit.workspace import start
from tests.labkit.toy import SHOP, make_toy

SHOP_FILE = Path("labs/01_toy/toy_product/shop.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=make_toy(tmp_path), venv=Path(sys.prefix))


def test_an_import_that_only_a_blanked_region_uses_is_no_offence(project: Project) -> None:
    start(project.root, load_labs(project.root)[0])
    lint_files(project, [SHOP_FILE])


def test_an_import_that_nobody_uses_is_one_elsewhere_and_once_the_task_is_solved(project: Project) -> None:
    start(project.root, load_labs(project.root)[0])
    stub = project.root / SHOP_FILE
    other = project.root / "other.py"
    other.write_text(stub.read_text())
    with pytest.raises(WorkFailed, match=r"Not in order: ruff check\."):
        lint_files(project, [Path("other.py")])
    before, _, rest = SHOP.partition("    shop = ")
    stub.write_text(f"{before}    return guest\n    # END{rest.partition('    # END')[2]}")
    with pytest.raises(WorkFailed, match=r"Not in order: ruff check\."):
        lint_files(project, [SHOP_FILE])
