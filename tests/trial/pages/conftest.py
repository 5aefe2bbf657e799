"""The portal as people meet it: see `tests/support/acting/chromium.py`."""

import os
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.acting.browser import Browser
from tests.support.acting.chromium import profiles, served, shown, visitors_of
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.demonstration import Demonstration, make_demonstration
from tests.support.looking.pages.page_checks import tour
from tests.support.looking.pages.stops import stops
from tests.support.servers.served import Served

__all__ = ["LANGUAGE", "profiles", "served", "visit"]

LANGUAGE = os.environ.get("PORTAL_TOUR_LANGUAGE", "fr")


@pytest.fixture
def visit(served: Served, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Make visitors as their tests ask for them; where PORTAL_TOUR_LANGUAGE is set, they all speak that language."""
    language = os.environ.get("PORTAL_TOUR_LANGUAGE")
    spoken = {"language": language} if language else {}
    with visitors_of(served, profiles) as make:
        yield lambda **options: make(**options | spoken)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """The demonstration inside this process, with somebody of each kind signed in."""
    return make_demonstration(tmp_path_factory.mktemp("demonstration"))


@pytest.fixture
def look(app: Flask, profiles: Profiles) -> Iterator[Callable[..., Visitor]]:
    """Look in Chromium at pages where a browser of the test is, in the language of the tour, and leave no fault unsaid.

    `look(browser, "/data", width=390)` returns the visitor, who can go on by pressing buttons.
    """
    visitors: dict[int, Visitor] = {}
    with shown(app, profiles) as show:

        def look(browser: Browser, *paths: str, width: int = 1280) -> Visitor:
            if id(browser) not in visitors:
                visitor = visitors[id(browser)] = show(browser, language=LANGUAGE)
                visitor.open(paths[0])
                visitor.speak()
            visitor = visitors[id(browser)]
            visitor.page.set_viewport_size({"width": width, "height": 900})
            tour(visitor, paths)
            visitor.open(paths[-1])
            _count, faults = stops(visitor.page, most=60)
            assert not faults, "\n".join(faults)
            visitor.open(paths[-1])
            return visitor

        yield look
