"""Tries counted in a real Redis-compatible server: shared, and nothing is gained by losing it.

Staff wait until it is back; customers are counted by the database meanwhile.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete

from portal.infrastructure.database import db, transaction
from portal.web.incoming import shared_counts
from portal.web.incoming.kept_counts import RateCount
from portal.web.incoming.rate_limits import TryCounter
from portal.web.incoming.shared_counts import SharedCounts
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page
from tests.support.acting.visitors import come_from, sign_in
from tests.support.servers.valkey import Valkey, valkey_server

EMAIL = "camille@example.org"
STAFF = "reviewer@example.org"
WRONG = "un mauvais mot de passe"


@pytest.fixture(scope="module")
def running() -> Iterator[Valkey]:
    with valkey_server() as server:
        yield server


@pytest.fixture
def redis(app: Flask, running: Valkey, monkeypatch: pytest.MonkeyPatch) -> Valkey:
    """The server, empty, counting the tries of the app; a failure is tried again at the next request."""
    monkeypatch.setattr(shared_counts, "ASK_AGAIN_AFTER_SECONDS", 0.0)
    running.ask("FLUSHALL")
    ask_for(60, app, running, monkeypatch)
    return running


def ask_for(seconds: float, app: Flask, server: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the app wait so long for an answer of the server, from now on."""
    monkeypatch.setattr(shared_counts, "TIMEOUT_SECONDS", seconds)
    monkeypatch.setitem(app.extensions, "try_counter", TryCounter(SharedCounts(server.url)))


def tries(app: Flask, amount: int, start: int = 1) -> list[int]:
    """Try a wrong password of one account from a network each."""
    browsers = [come_from(Browser(app), f"192.0.2.{start + number}") for number in range(amount)]
    return [sign_in(browser, EMAIL, WRONG).status for browser in browsers]


def staff_try(app: Flask) -> int:
    return Browser(app).get("/staff/sign-in").submit({"email": STAFF, "password": WRONG}, with_field="password").status


def test_processes_share_their_counts(app: Flask, redis: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tries(app, 6) == [422] * 6
    forget_database()
    monkeypatch.setitem(app.extensions, "try_counter", TryCounter(SharedCounts(redis.url)))
    assert tries(app, 5, 50) == [422] * 4 + [429]


def forget_database() -> None:
    with transaction() as session:
        session.execute(delete(RateCount))


def test_a_flood_ends_in_redis(app: Flask, redis: Valkey) -> None:
    assert tries(app, 14) == [422] * 10 + [429] * 4
    counted = db.session.query(RateCount).filter(RateCount.key.contains("sign-in:account")).one()
    assert counted.count == 10


def test_an_emptied_redis_gives_nobody_more_tries(app: Flask, redis: Valkey) -> None:
    assert tries(app, 10) == [422] * 10
    assert [staff_try(app) for _ in range(11)] == [422] * 10 + [429]
    redis.ask("FLUSHALL")
    redis.ask("SCRIPT", "FLUSH")
    assert tries(app, 1, 100) == [429]
    assert staff_try(app) == 429


@pytest.mark.parametrize("fault", ["paused", "stopped"])
def test_without_redis_staff_wait_and_customers_are_still_counted(
    app: Flask, people: People, redis: Valkey, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    people.account(EMAIL)
    people.staff("reviewer")
    assert tries(app, 8) == [422] * 8
    code_page = to_code_page(app, STAFF)
    with redis.paused() if fault == "paused" else redis.stopped():
        ask_for(0.1, app, redis, monkeypatch)
        page = Browser(app, "en").get("/staff/sign-in")
        page = page.submit({"email": STAFF, "password": PASSWORD}, with_field="password")
        late_code = code_page.submit({"code": code_at()}, with_field="code")
        assert tries(app, 3, 100) == [422, 422, 429]
    assert (page.status, page.h1) == (503, "Staff cannot sign in for the moment")
    assert page.response.headers["Retry-After"] == "30"
    assert late_code.status == 503
    ask_for(60, app, redis, monkeypatch)
    back = page.submit(with_field="email").submit({"password": PASSWORD}, with_field="password")
    assert back.url == "/staff/sign-in/code"
    assert back.submit({"code": code_at()}, with_field="code").url == "/staff/queue"


def test_a_failing_redis_is_left_alone_for_a_while(app: Flask, redis: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_counts, "ASK_AGAIN_AFTER_SECONDS", 600.0)
    with redis.stopped():
        assert staff_try(app) == 503
    assert staff_try(app) == 503
    shared = app.extensions["try_counter"].shared
    assert shared.is_well()
    shared._left_alone_until = 0.0
    assert staff_try(app) == 422
