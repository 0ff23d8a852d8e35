"""What CONTRIBUTING.md shows is what the tests of labkit work on."""

from pathlib import Path

import pytest

from tests.labkit.toy import CHECKS, DOCKERFILE, LAB_TOML, WRONG_ANSWERS

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


@pytest.mark.parametrize("part", [LAB_TOML, DOCKERFILE, CHECKS, WRONG_ANSWERS["1.1_printed.py"]])
def test_the_toy_lab_is_shown_as_it_is(part: str) -> None:
    assert part.strip("\n") in CONTRIBUTING.read_text("utf-8")
