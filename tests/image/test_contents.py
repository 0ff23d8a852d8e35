"""What is in the image: all that the service needs, nothing else, and each measure for that is needed."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from house_prices.serving.deployment.building import DOCKERFILE
from tests.lab_02.hardening import files_in, leftovers, without_bytecode

pytestmark = pytest.mark.docker

COMPILE = "python -m compileall -q -j 0 --invalidation-mode unchecked-hash"
AND = " \\\n    && "

# Each measure, and what is found in the image without it.
LEFT = {
    ("FROM base AS service", "FROM product AS service"): "^build/",
    ("RUN pip uninstall -q -y --root-user-action ignore setuptools wheel pip" + AND, "RUN "): "/site-packages/pip/",
    ("rm -r /usr/local/lib/python3.*/ensurepip" + AND, ""): "/ensurepip/",
    ("RUN find /opt/venv -type d -name tests -prune -exec rm -r {} +" + AND, "RUN "): "/sklearn/tests/",
    ("COPY --from=product", "RUN ln /bin/true /usr/bin/x86_64-linux-gnu-gcc-12\nCOPY --from=product"): "gcc",
}
NOT_COMPILED = {
    (f"{COMPILE} /usr/local/lib", "true"): "usr/local/lib/python3",
    (f"labs{AND}{COMPILE} /opt/venv", "labs"): "/site-packages/house_prices/serving/",
}


@pytest.fixture(scope="module")
def files(engine: Any, image: str) -> dict[str, int]:
    return files_in(engine, image)


def test_nothing_is_left_of_the_build(files: dict[str, int]) -> None:
    assert leftovers(files) == []


def test_every_module_has_bytecode(files: dict[str, int]) -> None:
    assert without_bytecode(files) == []


def test_the_product_is_there_and_the_course_is_not(files: dict[str, int]) -> None:
    site = "opt/venv/lib/python3.11/site-packages/"
    ours = {path.removeprefix(site) for path in files if re.match(f"{site}(house_prices|labkit)", path)}
    folders = {path.rpartition("/")[0] for path in ours if path.endswith(".py")}
    assert {"house_prices/model", "house_prices/serving"} <= folders
    assert "house_prices/serving/deployment" not in folders
    assert not any(path.startswith("labkit") for path in ours)
    assert "opt/venv/bin/labs" not in files


def test_each_measure_is_needed(engine: Any, mutant: Callable[..., str]) -> None:
    """All at once, because each would have all that comes after it built again."""
    files = files_in(engine, mutant(*LEFT, *NOT_COMPILED))
    for measures, found in ((LEFT, leftovers(files)), (NOT_COMPILED, without_bytecode(files))):
        for (measure, _), sign in measures.items():
            assert any(re.search(sign, path) for path in found), f"nobody misses {measure}"


def test_only_what_is_named_is_sent(engine: Any, build: Callable[..., str], project: Path, tmp_path: Path) -> None:
    """Secrets and leftovers of all kinds lie about, and an image that takes all that is sent has none of them."""
    root = shutil.copytree(project, tmp_path / "project")
    planted = [
        *(".env", ".git/config", ".venv/bin/python", ".netrc", "id_rsa", "data/sales.csv", "requirements/dev.txt"),
        *("labs/secret.key", "labs/02_containerize/.env", "labs/02_containerize/notes.txt"),
        *("labs/02_containerize/house_prices/.env", "labs/02_containerize/house_prices/serving/.cache/key"),
        *("labs/02_containerize/house_prices/serving/__pycache__/x.pyc", "artifacts/lab-01/report.html"),
        *("artifacts/known-models.json", "artifacts/lab-02/report.txt", "artifacts/lab-01/plots/bias.png"),
    ]
    for path in planted:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("secret")
    (root / DOCKERFILE).write_text('FROM scratch AS service\nCOPY . /sent\nCMD [""]\n')
    sent = {path.removeprefix("sent/") for path in files_in(engine, build(root)) if path.startswith("sent/")}
    assert sent.isdisjoint(planted)
    allowed = (
        r"pyproject\.toml|LICENSE|requirements/(build|serving)\.txt|artifacts/lab-01/(manifest\.json|model\.skops)"
    )
    ours = r"labs/\d\d_\w+/house_prices/.+(\.py|\.j2|/templates/\w+\.html)"
    strange = [path for path in sent if not re.fullmatch(rf"{allowed}|{ours}", path)]
    assert strange == []
    assert "labs/02_containerize/house_prices/serving/__main__.py" in sent
