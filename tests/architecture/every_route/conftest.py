"""The demonstration, seeded once for the tests that call every route."""

import pytest

from tests.support.demonstration import Demonstration, make_demonstration


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """A seeded app with somebody of each kind signed in. Tests leave it as they find it."""
    return make_demonstration(tmp_path_factory.mktemp("demonstration"))
