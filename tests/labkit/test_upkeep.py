"""`labs clean`, and the way in which `labs lint` and `labs test` fail."""

from pathlib import Path

import pytest

from labkit.errors import WorkFailed
from labkit.project import Project
from labkit.upkeep import clean, lint
from tests.labkit.conftest import Labs


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_clean_removes_outputs_and_caches_and_says_which(labs: Labs, project: Project) -> None:
    touch(project.root / "artifacts" / "lab-01" / "model")
    touch(project.root / "labs" / "01_toys" / "toys" / "__pycache__" / "shop.pyc")
    kept = [touch(project.root / ".labs" / "kept" / "mine.py"), touch(project.venv / "__pycache__" / "a.pyc")]
    result = labs("clean")
    assert result.stdout == "removed artifacts\nremoved labs/01_toys/toys/__pycache__\n"
    assert all(path.exists() for path in kept)
    assert not (project.root / "artifacts").exists()
    assert labs("clean").stdout == "nothing to remove\n"


def test_clean_all_removes_the_environment_too(project: Project) -> None:
    assert clean(project, environment=True) == [project.root / ".venv"]
    assert not project.venv.exists()


def test_clean_removes_a_link_and_not_what_it_leads_to(project: Project, tmp_path: Path) -> None:
    elsewhere = touch(tmp_path / "elsewhere" / "model")
    (project.root / "artifacts").symlink_to(elsewhere.parent)
    clean(project)
    assert elsewhere.exists()
    assert not (project.root / "artifacts").is_symlink()


@pytest.mark.parametrize(("status", "code"), [(0, 0), (3, 0), (1, 1)])
def test_clean_has_a_lab_remove_what_it_made_elsewhere(
    labs: Labs, project: Project, lab_toml: Path, status: int, code: int
) -> None:
    lab_toml.write_text(lab_toml.read_text().replace("[run]", 'clean = ["sell", "--all"]\n\n[run]'))
    (project.root / "toys" / "shop.py").write_text(f"import sys\nprint(sys.argv[1:])\nsys.exit({status})\n")
    result = labs("clean")
    assert result.stdout == "['sell', '--all']\nnothing to remove\n"
    assert result.returncode == code
    assert ("lab 01 has made could not be removed" in result.stderr) is (code == 1)


def test_lint_goes_on_after_a_failure_and_names_all(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (project.root / "pyproject.toml").write_text("[dependency-groups]\nall = []\n")
    for name, code in (("ruff", 1), ("mypy", 0), ("lint-imports", 1)):
        tool = project.venv / "bin" / name
        tool.write_text(f"#!/bin/sh\necho {name} ran\nexit {code}\n")
        tool.chmod(0o755)
    with pytest.raises(WorkFailed, match=r"^Not in order: ruff check, ruff format, import-linter, locks\.$"):
        lint(project)
    assert capfd.readouterr().out.count("ran") == 4
