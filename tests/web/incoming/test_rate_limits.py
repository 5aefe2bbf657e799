"""Limits on tries: by network, across restarts, in words, and nothing typed is lost."""

import contextlib
import time
from http.client import SERVICE_UNAVAILABLE, TOO_MANY_REQUESTS

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.passwords import hashing
from portal.web.incoming.kept_counts import RateCount
from portal.web.incoming.networks import caller_network
from portal.web.incoming.rate_limits import TooManyTries, count_try
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import come_from, is_signed_in, register, sign_in

EMAIL = "camille@example.org"
LIMIT = [("2 per 5 minutes", "test:key")]


def use_up(limit: str, key: str) -> None:
    """Note that a limit is used up, as `limits` names it."""
    amount, _, window = limit.partition("/")
    with transaction() as session:
        session.add(RateCount(key=f"LIMITER/{key}/{amount}/{window}", count=int(amount), expires=time.time() + 200))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("@", "unknown"),
    ],
)
def test_what_counts_as_one_network(shared_app: Flask, address: str, network: str) -> None:
    with shared_app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert caller_network() == network


def test_ipv4_callers_of_one_socket_do_not_share_their_tries(app: Flask) -> None:
    use_up("10/5/minute", "sign-in:network:192.0.2.1")
    assert sign_in(come_from(Browser(app), "::ffff:192.0.2.1"), "q@example.org", PASSWORD).status == 429
    assert sign_in(come_from(Browser(app), "192.0.2.1"), "q@example.org", PASSWORD).status == 429
    assert sign_in(come_from(Browser(app), "::ffff:192.0.2.2"), "q@example.org", PASSWORD).status == 422


def test_a_network_past_its_limit_uses_up_nobody_elses_tries(app: Flask, people: People) -> None:
    people.account(EMAIL)
    use_up("10/5/minute", "sign-in:network:192.0.2.66")
    attacker = come_from(Browser(app), "192.0.2.66")
    assert [sign_in(attacker, EMAIL, "un mauvais mot de passe").status for _ in range(11)] == [429] * 11
    assert sign_in(come_from(Browser(app), "192.0.2.1"), EMAIL, PASSWORD).url == "/data"


def test_tries_are_counted_across_a_restart(app: Flask, settings: Settings) -> None:
    with app.test_request_context():
        count_try(LIMIT)
        count_try(LIMIT)
    with create_app(settings).test_request_context():
        with pytest.raises(TooManyTries) as caught:
            count_try(LIMIT)
        db.engine.dispose()
    assert 0 < caught.value.retry_after <= 300


def test_a_window_opens_again_when_it_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.time()
    with app.test_request_context():
        for _ in range(2):
            count_try(LIMIT)
        with pytest.raises(TooManyTries) as caught:
            count_try(LIMIT)
        monkeypatch.setattr(time, "time", lambda: began + 1 + caught.value.retry_after)
        count_try(LIMIT)


def test_who_is_past_a_limit_writes_nothing(app: Flask) -> None:
    with app.test_request_context():
        for _ in range(5):
            with contextlib.suppress(TooManyTries):
                count_try(LIMIT)
    assert db.session.execute(select(RateCount.count)).scalars().all() == [2]


def test_counts_that_are_over_are_deleted(app: Flask) -> None:
    with app.test_request_context():
        count_try(LIMIT)
        count_try([("2 per 5 minutes", "test:other")])
    with transaction() as session:
        session.execute(update(RateCount).where(RateCount.key.contains("other")).values(expires=time.time() - 1))
    run_due_jobs()
    keys = db.session.execute(select(RateCount.key)).scalars().all()
    assert len(keys) == 1 and "test:key" in keys[0]


@pytest.mark.parametrize(("language", "title"), [("fr", "Trop d’essais"), ("en", "Too many tries")])
def test_the_page_says_when_and_keeps_what_was_typed(app: Flask, language: str, title: str) -> None:
    browser = come_from(Browser(app, language), "192.0.2.1")
    use_up("10/5/minute", "sign-in:network:192.0.2.1")
    page = sign_in(browser, EMAIL, PASSWORD, "/sign-in?next=/account")
    assert (page.status, page.h1) == (TOO_MANY_REQUESTS, title)
    assert 0 < int(page.response.headers["Retry-After"]) <= 300
    assert ("minutes" in page.text) and PASSWORD not in page.response.get_data(as_text=True)
    again = page.submit(with_field="email")
    assert again.status == 422
    form = again.form(with_field="password")
    assert form.find(attrs={"name": "email"})["value"] == EMAIL
    assert not form.find(attrs={"name": "password"}).get("value")


def test_a_registration_past_the_limit_keeps_its_names(app: Flask) -> None:
    browser = come_from(Browser(app), "192.0.2.9")
    use_up("20/1/hour", "link-asked:192.0.2.9")
    page = register(browser, "nadia@example.org", given_name="Nadia <b>", family_name='"Ben" Ali')
    assert page.status == TOO_MANY_REQUESTS
    form = page.submit(with_field="given_name").form(with_field="given_name")
    kept = {name: form.find(attrs={"name": name})["value"] for name in ("given_name", "family_name", "email")}
    assert kept == {"given_name": "Nadia <b>", "family_name": '"Ben" Ali', "email": "nadia@example.org"}


def test_a_crowd_at_the_door_is_told_to_come_back(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.account(EMAIL)
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
    browser = Browser(app, "en")
    for _ in range(hashing.AT_ONCE):
        hashing._places.acquire()
    try:
        page = sign_in(browser, EMAIL, PASSWORD)
        registering = register(browser, "nadia@example.org")
    finally:
        for _ in range(hashing.AT_ONCE):
            hashing._places.release()
    assert (page.status, page.response.headers["Retry-After"]) == (SERVICE_UNAVAILABLE, "5")
    assert page.h1 == "A lot of people are signing in at this moment"
    assert "You can try again in 5 seconds." in page.text
    assert registering.status == SERVICE_UNAVAILABLE
    assert not is_signed_in(browser)
    assert page.submit(with_field="email").submit({"password": PASSWORD}, with_field="password").url == "/data"
