"""Every page in headless Chromium: axe finds nothing, nothing scrolls sideways, the content policy is kept."""

import gzip
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Visitor

PUBLIC = [
    "/", "/sign-in", "/register", "/password/forgotten", "/cookies", "/policy", "/accessibility",
    "/unsubscribe/unknown", "/nowhere", "/staff/sign-in",
]  # fmt: skip
CUSTOMER = [
    "/data", "/data/identity", "/data/contact", "/data/transaction", "/data/usage", "/data/profile", "/data/marketing",
    "/preferences", "/preferences/history", "/requests", "/requests/new", "/requests/new/access",
    "/requests/new/rectification", "/requests/new/erasure", "/requests/new/restriction", "/requests/new/portability",
    "/requests/new/objection", "/requests/new/directives", "/access-log", "/account",
]  # fmt: skip
REVIEWER = ["/staff/queue", "/staff/my-cases", "/staff/customers", "/staff/requests/take-in"]
OFFICER = ["/staff/marketing"]
ADMINISTRATOR = ["/staff/members", "/staff/tokens"]

AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check_page(page: Page, place: str) -> None:
    """Assert that a page shows no fault to axe and does not scroll sideways at 1280, 390 and 320 px."""
    found = Axe().run(page, options=AXE_RULES).response["violations"]
    words = [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]
    assert not words, f"{place}: {words}"
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        extra = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert extra <= 0, f"{place} scrolls {extra} px sideways at {width}"


def tour(visitor: Visitor, paths: list[str]) -> None:
    faults = []
    for path in paths:
        visitor.open(path)
        try:
            check_page(visitor.page, path)
        except AssertionError as error:
            faults.append(str(error))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("language", "scheme"), [("fr", "light"), ("en", "dark")])
def test_public_pages(visit: Any, language: str, scheme: str) -> None:
    tour(visit(language=language, scheme=scheme), PUBLIC)


@pytest.mark.parametrize(("language", "scheme"), [("fr", "dark"), ("en", "light")])
def test_customer_pages(visit: Any, language: str, scheme: str) -> None:
    visitor = visit(language=language, scheme=scheme)
    visitor.sign_in(visitor.served.customer(0 if language == "fr" else 4))
    followed = visitor.open("/requests").locator("main a[href^='/requests/DR-']")
    tour(visitor, [*CUSTOMER, *{link.get_attribute("href") for link in followed.all()}])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_pages(visit: Any, scheme: str) -> None:
    visitor = visit(scheme=scheme)
    visitor.sign_in_staff(visitor.served.staff("reviewer"))
    cases = visitor.open("/staff/queue").locator("main table a[href*='/staff/requests/DR-']")
    tour(visitor, [*REVIEWER, *[link.get_attribute("href") for link in cases.all()[:6]]])


@pytest.mark.parametrize(("role", "paths"), [("officer", OFFICER), ("administrator", ADMINISTRATOR), ("marketing", OFFICER)])
def test_pages_of_other_roles(visit: Any, role: str, paths: list[str]) -> None:
    visitor = visit()
    visitor.sign_in_staff(visitor.served.staff(role))
    tour(visitor, paths)


def test_forms_with_errors(visit: Any) -> None:
    visitor = visit(width=390)
    for path in ("/sign-in", "/register", "/password/forgotten"):
        page = visitor.open(path)
        page.click("main form:has([name=email]) button:not([type=button])")
        page.wait_for_selector(".error-summary")
        assert page.evaluate("document.activeElement.classList.contains('error-summary')"), f"{path}: focus on the summary"
        assert page.title().startswith("Erreur"), page.title()
        check_page(page, f"{path} with errors")


def test_a_page_weighs_little(visit: Any) -> None:


    visitor = visit()
    visitor.sign_in(visitor.served.customer(0))
    weights: dict[str, int] = {}
    visitor.page.on("response", lambda answer: weights.__setitem__(answer.url, len(gzip.compress(answer.body()))) if answer.status == 200 else None)
    for path in ("/data", "/data/usage", "/preferences"):
        weights.clear()
        visitor.open(path)
        visitor.page.wait_for_load_state("networkidle")
        total = sum(weight for url, weight in weights.items() if "/img/" not in url)
        assert 0 < total <= 40_000, f"{path} weighs {total} bytes gzipped: {weights}"
