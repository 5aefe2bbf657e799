"""A customer's second step through the real forms."""

from tests.support.acting.browser import Browser, Page
from tests.support.acting.staff_codes import code_at

PAGE = "/account/second-step"


def give(page: Page, code: str) -> Page:
    return page.submit({"code": code}, with_field="code")


def set_up_app(browser: Browser, *, has_codes: bool = False) -> tuple[str, list[str]]:
    """Set an app up by the forms; return its secret and the recovery codes shown, none with `has_codes`."""
    page = browser.get(PAGE).submit(action="/app/new")
    secret = page.tree.select_one("code.secret").get_text().replace(" ", "").strip()
    assert give(page, "000000").status == 422
    page = give(browser.get(f"{PAGE}/app"), code_at(secret=secret))
    if has_codes:
        assert page.url == PAGE
        return secret, []
    assert page.url == f"{PAGE}/recovery-codes"
    shown = [code.get_text() for code in page.tree.select(".secret li code")]
    assert page.submit(action="/kept").url == PAGE
    assert browser.get(f"{PAGE}/recovery-codes").url == PAGE, "shown once"
    return secret, shown
