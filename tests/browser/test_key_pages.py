"""The pages that matter most: axe finds nothing, nothing scrolls sideways, little is fetched.

Every other page and state is looked at the same way by `make trial`: see tests/trial/pages.
"""

import gzip
from collections.abc import Callable
from typing import Any

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page, links, refuse, tour


def test_pages_of_strangers(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390)
    tour(visitor, ["/", "/policy", "/nowhere"])
    visitor.open("/sign-in")
    refuse(visitor)


def test_pages_of_a_customer(visit: Callable[..., Visitor]) -> None:
    visitor = visit(language="en")
    visitor.sign_in("camille")
    request = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")[0]
    tour(visitor, ["/data", "/data/identity", "/preferences", request])
    visitor.open("/requests/new/rectification")
    refuse(visitor)


def test_pages_of_a_reviewer(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("reviewer")
    case = links(visitor.open("/staff/queue"), "main table a[href*='/staff/requests/DR-']")[0]
    check_page(visitor.page)
    tour(visitor, [case])


def test_a_page_weighs_little(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    weigh(visitor, ["/", "/data", "/data/usage", "/preferences", "/requests/new", "/policy"])
    member = visit()
    member.sign_in_staff("reviewer")
    case = links(member.open("/staff/queue"), "main table a[href*='/staff/requests/DR-']")[0]
    weigh(member, ["/staff/queue", case])


# The first two requests of Li wait for an answer: the hero and a remark stand above the tiles.
HEIGHTS = {"camille": {"/data": 2200, "/data/usage": 4000, "/preferences": 3000}, "li": {"/data": 2200}}


def test_pages_are_short_on_a_phone(visit: Callable[..., Visitor]) -> None:
    for name, heights in HEIGHTS.items():
        visitor = visit(width=390)
        visitor.sign_in(name)
        for path, most in heights.items():
            page = visitor.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            assert page.evaluate("document.fonts.ready.then(() => document.documentElement.scrollHeight)") <= most, path


def weigh(visitor: Visitor, paths: list[str]) -> None:
    """Assert that each page and its styles take 18 KB at most, compressed; with the scripts 40 KB. The font stands apart."""
    page, weights = visitor.page, dict[str, int]()

    def note(answer: Any) -> None:
        if answer.status == 200 and answer.request.resource_type in ("document", "stylesheet", "script"):
            weights[answer.url] = len(gzip.compress(answer.body()))

    page.on("response", note)
    for path in paths:
        # What the page before still has to send would be counted with this one.
        page.goto("about:blank")
        weights.clear()
        visitor.open(path)
        page.wait_for_load_state("networkidle")
        scripts = sum(weight for url, weight in weights.items() if "/static/js/" in url)
        assert 0 < sum(weights.values()) - scripts <= 18_000, f"{path}: {weights}"
        assert sum(weights.values()) <= 40_000, f"{path}: {weights}"
    page.remove_listener("response", note)


def test_a_row_of_the_queue_is_one_line_and_a_case_keeps_its_decision_in_sight(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("reviewer")
    heights = (
        visitor.open("/staff/queue")
        .locator("table.queue tbody tr")
        .evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    )
    assert len(heights) >= 5
    assert all(44 <= height <= 46 for height in heights), heights
    page = visitor.open("/staff/requests/DR-2026-00010")
    page.keyboard.press("o")
    page.locator(".document img").first.wait_for()
    document, whole = (
        page.locator(place).first.bounding_box() or {"width": 0} for place in (".document", ".case-split")
    )
    assert document["width"] >= 0.65 * whole["width"] > 0
    button = page.locator("form[action$='/identity'] button")
    for place in (0, 500, 10_000):
        page.evaluate("place => scrollTo(0, place)", place)
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["y"] <= 900 - box["height"], f"the decision is out of sight at {place}"
