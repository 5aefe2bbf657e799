"""People without an account yet: they register, read their mail, and confirm."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select

from portal.infrastructure.database import db
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, link_in

VISITOR_PASSWORD = "quatre mots au hasard"


def register(browser: Browser, email: str, **changed: str) -> Page:
    """Register through the form and return the page that follows."""
    values = {"given_name": "Nadia", "family_name": "Benali", "email": email, "password": VISITOR_PASSWORD}
    return browser.get("/register").submit(values | changed, with_field="given_name")


def ask_for_reset(browser: Browser, email: str) -> Page:
    """Ask for a new password through the form and return the page that follows."""
    return browser.get("/password/forgotten").submit({"email": email}, with_field="email")


def sign_in(browser: Browser, email: str, password: str, path: str = "/sign-in") -> Page:
    """Sign in through the form and return the page that follows."""
    return browser.get(path).submit({"email": email, "password": password}, with_field="password")


def mailed_link(mailbox: Mailbox, email: str, start: str) -> str:
    """Return the newest link mailed to an address whose path begins with `start`."""
    links = [link_in(mail) for mail in mailbox.to(email)]
    found = [link for link in links if link.startswith(start)]
    assert found, f"no link {start}… among {links}"
    return found[-1]


def confirmed(browser: Browser, mailbox: Mailbox, email: str) -> Page:
    """Register and confirm in one browser; return the page that follows."""
    register(browser, email)
    return browser.get(mailed_link(mailbox, email, "/confirm/")).submit()


def come_from(browser: Browser, address: str) -> Browser:
    """Make a browser's requests come from a network address."""
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def is_signed_in(browser: Browser) -> bool:
    """Tell whether the browser is signed in: the page of the account opens."""
    return browser.get("/account", follow=False).status == 200


def count(model: type[Any], *conditions: Any) -> int:
    """Return how many rows of a model there are."""
    return int(db.session.execute(select(func.count()).select_from(model).where(*conditions)).scalar_one())


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SQL statements that run inside the block, without their values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def writes_of(action: Callable[[], Any]) -> list[str]:
    """Return the writing statements that an action runs."""
    with statements() as seen:
        action()
    return [text for text in seen if text.startswith(("INSERT", "UPDATE", "DELETE"))]
