"""What the tests of evidence share."""

import pytest

from tests.support.harbour import Harbour, harbour


@pytest.fixture(scope="session")
def port() -> Harbour:
    """One history, built once; tests change copies of its evidence, not it."""
    return harbour()
