from pathlib import Path

import pytest

from tests.workflows.github import GitHub


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    return GitHub(tmp_path)
