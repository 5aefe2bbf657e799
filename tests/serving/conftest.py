"""A server of its own for a test, with the app of this process."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.servers.front import Fronted, fronted


@pytest.fixture
def front(app: Flask) -> Iterator[Fronted]:
    with fronted(app) as served:
        yield served
