"""Two people, or two tabs, at the return from Facebook at once. SQLite lets one in after the other: nothing to show there."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text

from portal.accounts.models import LinkedIdentity
from portal.infrastructure.database import db
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.acting.visitors import is_signed_in
from tests.support.servers.facebook import Provider, begin, come_in, go, link_facebook

EMAIL = "nadia@example.org"
pytestmark = pytest.mark.postgresql


def test_a_returning_customer_comes_in(provider: Provider, people: People, browser: Browser) -> None:
    people.account(EMAIL)
    link_facebook(EMAIL)
    assert come_in(browser).url == "/data"
    assert is_signed_in(browser)


def test_a_link_taken_away_while_somebody_comes_by_it_opens_nothing(
    provider: Provider, people: People, browser: Browser
) -> None:
    people.account(EMAIL)
    link_facebook(EMAIL)
    back = go(begin(browser))
    with ThreadPoolExecutor(1) as pool:
        with db.engine.begin() as owner:
            owner.execute(text("SELECT id FROM accounts FOR UPDATE"))
            owner.execute(text("DELETE FROM linked_identities"))
            coming = pool.submit(browser.get, back)
            while not _waiting():
                assert not coming.done()
        assert coming.result().status == 409
    assert not is_signed_in(browser)


def test_a_first_visit_in_two_tabs_at_once_makes_one_link(app: Flask, provider: Provider) -> None:
    tabs = [Browser(app) for _ in range(2)]
    backs = [go(begin(tab)) for tab in tabs]
    with ThreadPoolExecutor(2) as pool:
        with db.engine.begin() as holder:
            holder.execute(text("LOCK TABLE accounts IN SHARE MODE"))
            coming = [pool.submit(tab.get, back) for tab, back in zip(tabs, backs, strict=True)]
            while _waiting() < 2:
                assert not any(one.done() for one in coming)
        assert sorted(one.result().status for one in coming) == [200, 400]
    assert db.session.query(LinkedIdentity).count() == 1


def _waiting() -> int:
    """Count who waits for a lock, in a transaction of its own: one sees the same list until its end."""
    with db.engine.connect() as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(connection.execute(text(waiting)).scalar_one())
