"""How long the pages are on a phone: what counts is not below the fold of many screens."""

from collections.abc import Callable

import pytest

from tests.support.acting.visitor import Visitor

HEIGHTS = {
    "camille": {"/data": 2200, "/data/usage": 4000},
    "li": {"/data": 2200},  # two requests wait for this person, so the hero and a remark stand above the tiles
}


@pytest.mark.parametrize("name", HEIGHTS)
def test_pages_are_short_on_a_phone(visit: Callable[..., Visitor], name: str) -> None:
    visitor = visit(width=390)
    visitor.sign_in(name)
    for path, most in HEIGHTS[name].items():
        page = visitor.open(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate("document.documentElement.scrollHeight") <= most, path
