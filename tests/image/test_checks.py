"""What the checks of task 2.7 make is theirs: `labs undeploy` leaves it alone while they run."""

from pathlib import Path
from typing import Any

import pytest

from house_prices.serving.deployment.removal import CHECKS
from tests.lab_02.test_2_7_image import LAB, Build, Image

pytestmark = pytest.mark.docker

SAYS_SOMETHING = """
ARG PYTHON=3.11
FROM python:${PYTHON}-slim-bookworm AS service
CMD ["python", "-c", "print('{}')"]
"""


def test_what_they_make_carries_their_label(engine: Any, tmp_path: Path) -> None:
    build = Build(tmp_path, engine)
    build.change(LAB / "Dockerfile", lambda _: SAYS_SOMETHING)
    try:
        image = Image(build, engine)
        try:
            container, _ = image.running
            key, value = CHECKS.split("=")
            assert image.image.labels[key] == container.labels[key] == value
        finally:
            image.remove()
    finally:
        build.remove()
