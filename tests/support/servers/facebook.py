"""Accounts linked with Facebook, the calls that Facebook signs, and the stand-in served to the tests."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from werkzeug.wrappers import Request, Response

from portal import clock
from portal.accounts.facebook.signed_request import write_signed_request
from portal.accounts.models import Account, LinkedIdentity
from portal.config import Settings
from portal.demo.facebook import Application, Person, StandIn
from portal.infrastructure.database import transaction
from tests.support.acting.browser import Browser, Page
from tests.support.servers.loopback import Loopback

APP_ID = "1234567890"
APP_SECRET = "the secret of a Facebook application"


def link_facebook(email: str, scoped_id: str = "218471", **facts: Any) -> None:
    """Link the newest account of an address with a number that Facebook made."""
    with transaction() as session:
        newest = select(Account.id).where(Account.email == email).order_by(Account.id.desc()).limit(1)
        account_id = session.execute(newest).scalar_one()
        session.add(LinkedIdentity(account_id=account_id, provider="facebook", scoped_id=scoped_id, **facts))


def signed_call(scoped_id: str | int = "218471", issued_at: datetime | None = None, secret: str = APP_SECRET) -> str:
    """Return what Facebook would send about somebody, signed now or at another instant."""
    seconds = int((issued_at or clock.now()).timestamp())
    payload = {"user_id": scoped_id, "algorithm": "HMAC-SHA256", "issued_at": seconds, "expires": seconds + 3600}
    return write_signed_request(payload, secret)


class Provider(StandIn):
    """The stand-in of the demonstration, served on loopback; `person` answers its page without a click.

    Attributes:
        person: whom it vouches for; None for somebody who cancels.
        fault: what goes wrong, a code of the stand-in's `FAULTS`, or nothing.
        calls: the Graph calls received, as (path, values).
        asked: the parameters with which people were sent to it.
    """

    slow_seconds = 1.0

    def __init__(self, portal_url: str) -> None:
        super().__init__(Application(APP_ID, APP_SECRET, portal_url), {})
        self.person: Person | None = {
            "id": "218471", "first_name": "Nadia", "last_name": "Benali", "email": "nadia@example.org",
        }  # fmt: skip
        self.fault = ""
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.asked: list[dict[str, str]] = []
        loopback = Loopback(self)
        self.url, self.close = loopback.url, loopback.close

    def authorize(self, request: Request, values: dict[str, str]) -> Response:
        if self.person:
            self.people = {"somebody": self.person}
        self.asked.append(values)
        choice = self.fault or ("somebody" if self.person else "cancelled")
        return super().authorize(request, values | {"choice": choice})

    def graph(self, request: Request, values: dict[str, str]) -> Response:
        self.calls.append((request.path, values | {"authorization": request.headers.get("Authorization", "")}))
        return super().graph(request, values)


@pytest.fixture
def provider(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on loopback, and the portal set up with its application there."""
    stand_in = Provider(settings.public_url)
    keys = {
        "facebook_app_id": APP_ID, "facebook_app_secret": APP_SECRET,
        "facebook_authorize_url": f"{stand_in.url}/dialog/oauth", "facebook_graph_url": stand_in.url,
    }  # fmt: skip
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update=keys))
    yield stand_in
    stand_in.close()


def go(begun: Page) -> str:
    """Follow the link to the provider, where the person says yes or no; return the way back."""
    answer = requests.get(begun.link("Aller sur Facebook"), allow_redirects=False, timeout=60)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://localhost:8000")


def begin(browser: Browser, path: str = "/sign-in") -> Page:
    """Press the button of a page that leads to Facebook."""
    return browser.get(path).submit(action="/sign-in/facebook")


def come_in(browser: Browser, path: str = "/sign-in") -> Page:
    """Go to Facebook and back, and return the page that follows."""
    return browser.get(go(begin(browser, path)))
