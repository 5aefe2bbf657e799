"""What is over goes by itself, and nothing else does."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession, AccountToken, LinkedIdentity, SpentState
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.mail.models import Mail
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import ask_for_reset, count, is_signed_in, mailed_link, register, sign_in
from tests.support.keeping import restrict
from tests.support.servers.facebook import link_facebook

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def after(**period: int) -> None:
    with clock.stopped_at(START + timedelta(**period)):
        run_due_jobs()


def test_a_registration_never_confirmed_goes_after_its_link(browser: Browser, mailbox: Mailbox) -> None:
    with clock.stopped_at(START):
        register(browser, "nadia@example.org")
        link = mailed_link(mailbox, "nadia@example.org", "/confirm/")
    after(hours=47)
    assert count(Account) == 1
    after(hours=72)
    assert count(Account) == count(AccountToken) == 0
    assert browser.get(link).status == 404
    assert browser.get("/register/sent").url == "/register"
    assert count(Mail) == 1
    after(days=31)
    assert count(Mail) == 0


def test_a_registration_never_confirmed_goes_with_its_identity(browser: Browser) -> None:
    with clock.stopped_at(START):
        register(browser, "nadia@example.org")
        link_facebook("nadia@example.org", "1")
        run_due_jobs()
    after(hours=72)
    assert count(Account) == count(LinkedIdentity) == 0


def test_a_link_undone_goes_after_a_month_and_a_live_one_stays(people: People) -> None:
    people.account("camille@example.org")
    link_facebook("camille@example.org", "1", unlinked_at=START)
    link_facebook("camille@example.org", "2")
    after(days=29)
    assert count(LinkedIdentity) == 2
    after(days=31)
    assert [row.scoped_id for row in db.session.query(LinkedIdentity)] == ["2"]


def test_a_newer_link_keeps_its_registration(browser: Browser, mailbox: Mailbox) -> None:
    with clock.stopped_at(START):
        register(browser, "nadia@example.org")
    with clock.stopped_at(START + timedelta(hours=40)):
        browser.get("/register/sent").submit(action="/register/resend")
        link = mailed_link(mailbox, "nadia@example.org", "/confirm/")
    after(hours=72)
    with clock.stopped_at(START + timedelta(hours=80)):
        assert browser.get(link).submit().url == "/data"


def test_traces_of_sign_ins_go_after_a_year_and_the_account_stays(app: Flask, people: People, mailbox: Mailbox) -> None:
    with clock.stopped_at(START):
        browser = people.signed_in("camille@example.org")
        ask_for_reset(Browser(app), "camille@example.org")
        mailbox.all()
    after(days=360)
    assert (count(AccountSession), count(AccountDevice), count(AccountToken)) == (1, 1, 1)
    after(days=367)
    assert (count(AccountSession), count(AccountDevice), count(AccountToken)) == (0, 0, 0)
    assert count(Account) == 1
    assert not is_signed_in(browser)
    assert sign_in(browser, "camille@example.org", "une phrase de passe assez longue").url == "/data"


def test_what_a_restricted_customer_has_here_is_left_alone(app: Flask, people: People, mailbox: Mailbox) -> None:
    with clock.stopped_at(START):
        people.signed_in("camille@example.org")
        ask_for_reset(Browser(app), "camille@example.org")
        mailbox.all()
        link_facebook("camille@example.org", "1", unlinked_at=START)
        with transaction():
            restrict(db.session.query(Customer).one())
    after(days=9 * 366)
    assert (count(AccountSession), count(AccountDevice), count(AccountToken), count(Mail)) == (1, 1, 1, 1)
    assert count(LinkedIdentity) == 1


def test_a_browser_seen_lately_outlives_its_first_session(app: Flask, people: People) -> None:
    with clock.stopped_at(START):
        browser = people.signed_in("camille@example.org")
    with clock.stopped_at(START + timedelta(days=200)):
        sign_in(browser, "camille@example.org", "une phrase de passe assez longue")
    after(days=367)
    assert (count(AccountSession), count(AccountDevice)) == (1, 1)


def test_more_than_a_slice_goes_in_one_run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.personal_data.expiry.loop.FIRST_SLICE", 2)
    with clock.stopped_at(START):
        for number in range(5):
            register(Browser(app), f"p{number}@example.org")
        run_due_jobs()
    after(days=5)
    assert count(Account) == 0


def test_what_came_back_from_facebook_is_forgotten_once_its_cookie_is_too_old(app: Flask) -> None:
    with transaction() as session:
        session.add(SpentState(state_hash="0" * 64, spent_at=START))
    after(minutes=14)
    assert count(SpentState) == 1
    after(days=1, minutes=15)
    assert count(SpentState) == 0
