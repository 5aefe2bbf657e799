"""Corrections by the pages: from a value where it is shown, through its form, to the request that was sent."""

from typing import Any

from tests.support.acting.browser import Browser, Page

CAMILLE = "camille@example.org"
OF = "C-camille"


def link(browser: Browser, category: str, name: str) -> str:
    """Return the address of a link of a category's page, by its words with those for screen readers."""
    page = browser.get(f"/data/{category}")
    return next(str(a["href"]) for a in page.tree.select("main a") if " ".join(a.get_text().split()) == name)


def ask(browser: Browser, category: str, name: str, **typed: Any) -> Page:
    """Go from a value on its page through the form to the request that was sent."""
    shown = browser.get(link(browser, category, name)).submit(typed, with_field=next(iter(typed)))
    assert shown.status == 200, shown.errors
    return shown.submit(action="/send")
