"""Make and use passkeys through the real forms, instead of the browser's script (static/js/passkeys.js)."""

from typing import Any

from tests.support.acting.authenticator import Authenticator
from tests.support.acting.browser import Page


def options_of(page: Page) -> dict[str, Any]:
    """Return what the server asks of an authenticator, for the passkey form of a page."""
    form = page.form(with_field="credential")
    token = form.find(attrs={"name": "csrf_token"})["value"]
    answer = page.browser.client.post(form["data-options"], data={"csrf_token": token})
    assert answer.status_code == 201, answer.status_code
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


def make_passkey(page: Page, key: Authenticator, name: str = "Clé") -> Page:
    """Make a passkey by the form of a page."""
    return page.submit({"credential": key.make(options_of(page)), "name": name}, with_field="credential")


def use_passkey(page: Page, key: Authenticator) -> Page:
    """Use a passkey by the form of a page."""
    return page.submit({"credential": key.sign(options_of(page))}, with_field="credential")
