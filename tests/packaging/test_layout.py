"""The two ways in which the project is installed: as a link to this folder, and as a wheel that merges the labs."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from labkit.catalog import load_labs
from labkit.doctor import check_packages, importable, real_packages

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES = sorted(path for path in ROOT.glob("labs/*/house_prices") if path.is_dir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_link_leads_to_every_lab() -> None:
    spec = importlib.util.find_spec("house_prices")
    assert spec is not None
    assert spec.origin is None, "a regular package named house_prices hides the labs"
    assert set(NAMESPACES) <= {Path(path).resolve() for path in spec.submodule_search_locations or ()}


def test_the_wheel_merges_the_labs_and_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    expected = [path.relative_to(ROOT) for path in files(ROOT / "labkit")]
    for namespace in NAMESPACES:
        expected += [path.relative_to(namespace.parent) for path in files(namespace)]
    assert sorted(names) == sorted(path.as_posix() for path in expected)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_the_wheel_works_without_this_folder(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    uv = Path(sys.prefix) / "bin" / "uv"
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--target", target, wheel]
    subprocess.run(install, check=True, cwd=tmp_path)
    # This environment's packages stay on the path, the link to this folder does not.
    program = (
        f"import sys; sys.path[:] = [{str(target)!r}] + [p for p in sys.path if not p.startswith({str(ROOT)!r})"
        f" or 'site-packages' in p]; import house_prices.model, labkit.cli; "
        f"print(house_prices.model.__file__); print(labkit.cli.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert all(Path(line).is_relative_to(target) for line in done.stdout.split())


def test_no_stray_init_file_hides_a_lab() -> None:
    assert NAMESPACES
    assert [str(path) for path in NAMESPACES if (path / "__init__.py").exists()] == []


def test_no_folder_on_the_path_has_the_name_of_a_real_package() -> None:
    check = check_packages(ROOT, load_labs(ROOT))
    assert check.ok, check.found
    # The project's own folder is on the path as well, so `docs` and `labs` can be imported, for what that is worth.
    assert importable(ROOT) & (real_packages(ROOT) - {"labkit", "house_prices"}) == set()
