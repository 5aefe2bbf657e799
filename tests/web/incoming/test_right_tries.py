"""Right sign-ins cost nobody a try, whoever shares their address, and wrong ones gain nothing by them.

Each of these holds where the database counts alone, and where a real Redis-compatible server counts before it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.accounts.models import AccountSession
from portal.infrastructure.database import db, transaction
from portal.infrastructure.passwords import hashing
from portal.web.incoming import rate_limits, shared_counts
from portal.web.incoming.kept_counts import RateCount
from portal.web.incoming.rate_limits import TryCounter
from portal.web.incoming.shared_counts import SharedCounts
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import come_from, count
from tests.support.servers.valkey import Valkey, valkey_server

SCHOOL = "192.0.2.1"
WRONG = "un mauvais mot de passe"
AT_ONCE = 20


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey_server() as running:
        yield running


@pytest.fixture(params=["database", "redis"], autouse=True)
def way(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the app counts."""
    if request.param == "redis":
        server = request.getfixturevalue("server")
        server.ask("FLUSHALL")
        monkeypatch.setattr(shared_counts, "TIMEOUT_SECONDS", 60)
        monkeypatch.setitem(app.extensions, "try_counter", TryCounter(SharedCounts(server.url)))
    return str(request.param)


@pytest.fixture
def counts(way: str, request: pytest.FixtureRequest) -> dict[str, tuple[int, int]]:
    """A fresh look at the counts at each item asked for: tries and tries under way, the same in each place."""

    class Counts(dict[str, tuple[int, int]]):
        def __missing__(self, part: str) -> tuple[int, int]:
            db.session.rollback()
            row = db.session.execute(select(RateCount).where(RateCount.key.contains(part))).scalar_one()
            if way == "redis":
                server = request.getfixturevalue("server")
                (key,) = [key for key in server.ask("KEYS", "*") if part in str(key)]
                held = server.ask("HMGET", key, "count", "under_way")
                assert [int(number) for number in held] == [row.count, row.under_way]
            return row.count, row.under_way

    return Counts()


def pupils(people: People, amount: int) -> list[str]:
    emails = [f"pupil{number}@example.org" for number in range(amount)]
    for email in emails:
        people.account(email)
    return emails


def from_school(app: Flask, email: str, password: str = PASSWORD, address: str = SCHOOL) -> int:
    """Send the sign-in form in a new browser and return the status of the answer."""
    browser = come_from(Browser(app), address)
    data = {"csrf_token": browser.form_token("/sign-in"), "email": email, "password": password}
    return browser.post("/sign-in", data, follow=False).status


def test_a_school_comes_in_by_one_address(app: Flask, people: People, counts: dict[str, tuple[int, int]]) -> None:
    assert [from_school(app, email) for email in pupils(people, 15)] == [303] * 15
    assert counts["sign-in:network"] == counts["sign-in:all"] == (0, 0), "nobody was wrong"


def test_twenty_at_once_come_in_by_one_address(
    app: Flask, people: People, counts: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "CROWD_SECONDS", 60)
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 60)
    emails, together = pupils(people, AT_ONCE), Barrier(AT_ONCE)

    def come(email: str) -> int:
        together.wait()
        return from_school(app, email)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(come, emails)) == [303] * AT_ONCE
    assert counts["sign-in:network"] == counts["sign-in:all"] == (0, 0)


def test_of_twenty_wrong_ones_at_once_ten_are_compared(
    app: Flask, people: People, counts: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "CROWD_SECONDS", 60)
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 60)
    emails, together = pupils(people, AT_ONCE), Barrier(AT_ONCE)

    def guess(email: str) -> int:
        together.wait()
        return from_school(app, email, WRONG)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert Counter(pool.map(guess, emails)) == {422: 10, 429: 10}
    assert counts["sign-in:network"] == counts["sign-in:all"] == (10, 0)


def test_who_knows_one_password_gets_no_more_guesses_of_another(
    app: Flask, people: People, counts: dict[str, tuple[int, int]]
) -> None:
    people.account("victim@example.org")
    people.account("own@example.org")
    statuses = []
    for _guess in range(12):
        statuses.append(from_school(app, "victim@example.org", WRONG))
        statuses.append(from_school(app, "own@example.org"))
    assert statuses == [422, 303] * 9 + [422] + [429] * 5, "ten wrong ones, whatever is right between them"
    assert counts["sign-in:network"] == (10, 0)


def test_a_right_one_takes_nothing_off_a_later_window(
    app: Flask, way: str, counts: dict[str, tuple[int, int]], request: pytest.FixtureRequest
) -> None:
    limits = [("2 per 5 minutes", "test:window")]
    with app.test_request_context():
        with rate_limits.trying(limits) as late:
            end_windows(way, request)
            with rate_limits.trying(limits):
                pass
            late.is_right = True
        assert counts["test:window"] == (1, 0)
        rate_limits.count_try(limits)
        with pytest.raises(rate_limits.TooManyTries):
            rate_limits.count_try(limits)


def end_windows(way: str, request: pytest.FixtureRequest) -> None:
    """Have the windows that run end now."""
    with transaction() as session:
        session.execute(update(RateCount).values(expires=time.time() - 1))
    if way == "redis":
        request.getfixturevalue("server").ask("FLUSHALL")


def test_a_try_that_breaks_off_stays_counted(app: Flask, counts: dict[str, tuple[int, int]]) -> None:
    limits = [("5 per 5 minutes", "test:broken")]
    with app.test_request_context(), pytest.raises(ZeroDivisionError), rate_limits.trying(limits):
        _ = 1 / 0
    assert counts["test:broken"] == (1, 0)


def test_who_finds_every_place_taken_lost_no_try(
    app: Flask, people: People, counts: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    people.account("camille@example.org")
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
    for _place in range(hashing.AT_ONCE):
        hashing._places.acquire()
    try:
        assert [from_school(app, "camille@example.org") for _try in range(11)] == [503] * 11
    finally:
        for _place in range(hashing.AT_ONCE):
            hashing._places.release()
    assert counts["sign-in:account"] == (0, 0)
    assert from_school(app, "camille@example.org") == 303


def test_a_crowd_under_way_is_told_to_come_back_soon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "CROWD_SECONDS", 0.1)
    limits = [("1 per 5 minutes", "test:crowd")]
    with app.test_request_context(), rate_limits.trying(limits), pytest.raises(rate_limits.AnswerLater) as caught:
        rate_limits.count_try(limits)
    assert caught.value.retry_after == rate_limits.CROWD_COMES_BACK_AFTER


def test_a_full_limit_counts_against_no_other(app: Flask, counts: dict[str, tuple[int, int]]) -> None:
    limits = [("5 per 5 minutes", "test:shared"), ("1 per 5 minutes", "test:own")]
    with app.test_request_context():
        rate_limits.count_try(limits)
        for _try in range(3):
            with pytest.raises(rate_limits.TooManyTries):
                rate_limits.count_try(limits)
    assert counts["test:shared"] == counts["test:own"] == (1, 0)


def test_a_homes_many_networks_share_their_wrong_tries(app: Flask) -> None:
    def wrong(networks: list[str]) -> list[int]:
        return [from_school(app, f"p{number}@example.org", WRONG, address) for number, address in enumerate(networks)]

    assert wrong([f"2001:db8:0:{number:x}::1" for number in range(31)]) == [422] * 30 + [429], "a /56 has thirty"
    assert wrong([f"2001:db8:0:1{number:02x}::1" for number in range(31)]) == [422] * 30 + [429]
    others = [f"2001:db8:0:{number:x}::1" for number in range(0x200, 0x2A00, 0x100)]
    assert Counter(wrong(others)) == {422: 40}, "a /48 has a hundred"
    assert wrong(["2001:db8:0:ff00::1"]) == [429]
    assert wrong(["2001:db8:1::1"]) == [422]


def test_one_account_is_entered_thirty_times_and_then_waits(app: Flask, people: People) -> None:
    people.account("camille@example.org")
    statuses = [from_school(app, "camille@example.org") for _entry in range(31)]
    assert statuses == [303] * 30 + [429]
    assert count(AccountSession) == 30
