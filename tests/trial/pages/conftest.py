"""The portal as people meet it: see `tests/support/acting/chromium.py`."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.support.acting.chromium import profiles, served, visitors_of
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.servers.served import Served

__all__ = ["profiles", "served", "visit"]


@pytest.fixture
def visit(served: Served, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Make visitors as their tests ask for them; where PORTAL_TOUR_LANGUAGE is set, they all speak that language."""
    language = os.environ.get("PORTAL_TOUR_LANGUAGE")
    spoken = {"language": language} if language else {}
    with visitors_of(served, profiles) as make:
        yield lambda **options: make(**options | spoken)
