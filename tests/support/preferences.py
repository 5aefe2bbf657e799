"""Read what the preferences hold, press a button by its words, and call the feed."""

from typing import Any

from bs4 import Tag
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.access.tokens import create_token
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.preferences.models import ConsentRecord, PreferenceState
from tests.support.acting.browser import Page

BOTH_SCOPES = ("preferences:read", "preferences:list")


def customer_of(email: str) -> Customer:
    """Return the customer with an address."""
    return db.session.execute(select(Customer).where(Customer.email_normalised == email)).scalar_one()


def state_of(email: str = "camille@example.org") -> PreferenceState:
    """Return what marketing reads of a customer, fresh from the database."""
    db.session.rollback()
    return db.session.get_one(PreferenceState, customer_of(email).id)


def flags_on(email: str = "camille@example.org") -> set[str]:
    """Return the flags that are on."""
    return {flag for flag, is_on in state_of(email).flags.items() if is_on}


def proofs(email: str = "camille@example.org", flag: str | None = None) -> list[ConsentRecord]:
    """Return a customer's proofs, of one flag where given, in the order in which they were written."""
    db.session.rollback()
    statement = select(ConsentRecord).where(ConsentRecord.customer_id == customer_of(email).id)
    if flag:
        statement = statement.where(ConsentRecord.flag == flag)
    return list(db.session.execute(statement.order_by(ConsentRecord.id)).scalars())


def press(page: Page, words: str, **options: Any) -> Page:
    """Send the form of the button with these words, as the page holds it."""
    form = form_of(page, words)
    data = {str(tag["name"]): [str(tag.get("value", ""))] for tag in form.find_all("input", attrs={"name": True})}
    return page.browser.post(str(form.get("action") or page.url), data, **options)


def form_of(page: Page, words: str) -> Tag:
    """Return the form around the button with these words."""
    for button in page.tree.select("main form button"):
        if " ".join(button.get_text(" ").split()) == words:
            form = page.tree.find("form", id=button["form"]) if button.get("form") else button.find_parent("form")
            assert form is not None
            return form
    raise AssertionError(f"{page.url} has no button {words!r}")


class FeedClient:
    """A machine with a bearer token."""

    def __init__(self, app: Flask, scopes: tuple[str, ...] = BOTH_SCOPES) -> None:
        with transaction():
            row, self.token = create_token("tests", list(scopes))
            self.token_id = row.public_id
        self.client = app.test_client(use_cookies=False)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Call with GET; keywords are headers, underscores for hyphens."""
        return self.client.get(path, headers=self._headers(headers))

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        """Call with POST and a JSON body."""
        return self.client.post(path, json=body, headers=self._headers(headers))

    def item(self, reference: str) -> dict[str, Any]:
        """Return the item of one customer."""
        response = self.get(f"/feed/v1/preferences/{reference}")
        assert response.status_code == 200, response.text
        item: dict[str, Any] = response.get_json()
        return item

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.token}"} | named
