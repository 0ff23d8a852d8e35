"""The tests come to the processes that they are meant for."""

import os

import pytest


@pytest.mark.xdist_group("distribution")
def test_a_group_of_tests_shares_a_process(request: pytest.FixtureRequest) -> None:
    """A group counts if its name is at the end of the test's: pytest-xdist shares tests out by their names."""
    assert "PYTEST_XDIST_WORKER" not in os.environ or request.node.nodeid.endswith("@distribution")
