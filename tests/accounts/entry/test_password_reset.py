"""A forgotten password: one answer for any address, one use of the link, everything open closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession, AccountToken, LinkedIdentity
from portal.audit.models import AuditEvent
from portal.infrastructure.database import db
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import (
    ask_for_reset,
    come_from,
    count,
    is_signed_in,
    mailed_link,
    register,
    sign_in,
    statements,
)
from tests.support.servers.facebook import link_facebook

EMAIL = "camille@example.org"
NEW = "une nouvelle phrase secrète"


def reset_link(browser: Browser, mailbox: Mailbox, email: str = EMAIL) -> str:
    ask_for_reset(browser, email)
    return mailed_link(mailbox, email, "/password/reset/")


def test_a_forgotten_password_is_replaced(app: Flask, people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    page = ask_for_reset(browser, EMAIL)
    assert "Si un compte existe à cette adresse, vous recevrez un lien dans les deux minutes." in page.text
    mail = mailbox.last_to(EMAIL)
    assert mail["Subject"] == "Choisir un nouveau mot de passe – Netkin"
    page = browser.get(mailed_link(mailbox, EMAIL, "/password/reset/")).submit({"password": NEW})
    assert page.url == "/sign-in"
    assert "Votre mot de passe est changé" in page.text
    assert not is_signed_in(browser), "nobody is signed in by a link"
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    assert sign_in(browser, EMAIL, NEW).url == "/data"
    changed = [mail for mail in mailbox.to(EMAIL) if mail["Subject"].startswith("Votre mot de passe a été changé")]
    assert len(changed) == 1
    assert "/password/forgotten" in text_of(changed[0])


def test_a_reset_closes_what_was_open(app: Flask, people: People, browser: Browser, mailbox: Mailbox) -> None:
    thief = people.signed_in(EMAIL)
    older = reset_link(browser, mailbox)
    newer = reset_link(browser, mailbox)
    assert browser.get(older).h1 == "Ce lien a servi ou a été remplacé"
    browser.get(newer).submit({"password": NEW})
    assert not is_signed_in(thief)
    assert count(AccountSession, AccountSession.ended_at.is_(None)) == 0
    assert count(AccountToken, AccountToken.ended_at.is_(None)) == 0
    assert count(AccountDevice) == 0
    event = db.session.query(AuditEvent).filter_by(tag="customer:password:reset").one()
    assert event.facts == {"sessions_ended": 1}


def test_a_reset_takes_away_what_somebody_else_linked(people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    people.account("other@example.org")
    link_facebook(EMAIL, "1")
    link_facebook("other@example.org", "2")
    browser.get(reset_link(browser, mailbox)).submit({"password": NEW})
    assert [row.scoped_id for row in db.session.query(LinkedIdentity)] == ["2"]


def test_any_address_gets_the_same_answer_by_the_same_statements(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    register(Browser(app), "unconfirmed@example.org")
    mailbox.all()
    runs, pages = [], []
    for email in ("warm-up@example.org", EMAIL, "nobody@example.org", "unconfirmed@example.org"):
        page = Browser(app).get("/password/forgotten")
        with statements() as seen:
            pages.append(page.submit({"email": email}, with_field="email").text)
        runs.append(seen)
    assert runs[1] == runs[2] == runs[3]
    assert len(set(pages)) == 1
    assert mailbox.to("nobody@example.org") == []
    assert len(mailbox.to("unconfirmed@example.org")) == 1, "the mail of the registration only"


def test_opening_the_link_changes_nothing(people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    link = reset_link(browser, mailbox)
    for _ in range(2):
        assert browser.get(link).h1 == "Choisir un nouveau mot de passe"
    assert count(AccountToken, AccountToken.ended_at.is_(None)) == 1


def test_a_link_works_once(app: Flask, people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    link = reset_link(browser, mailbox)
    page, stale = browser.get(link), Browser(app).get(link)
    page.submit({"password": NEW})
    for again in (stale.submit({"password": "la phrase du voleur"}), browser.get(link)):
        assert (again.status, again.h1) == (410, "Ce lien a servi ou a été remplacé")
    assert sign_in(Browser(app), EMAIL, NEW).url == "/data"


def test_a_link_expires_after_half_an_hour(people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    start = clock.now()
    with clock.stopped_at(start):
        link = reset_link(browser, mailbox)
        page = browser.get(link)
    with clock.stopped_at(start + timedelta(minutes=29, seconds=59)):
        assert browser.get(link).status == 200
    with clock.stopped_at(start + timedelta(minutes=30)):
        for late in (browser.get(link), page.submit({"password": NEW})):
            assert (late.status, late.h1) == (410, "Ce lien a expiré")
    assert count(Account, Account.password_changed_at > start) == 0


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", "Choisissez un mot de passe."),
        ("court", "écrivez au moins 12 caractères"),
        ("camille@example.org", "tiré ni de votre nom"),
        ("azertyuiop123", "parmi les premiers"),
        ("x" * 200, "écrivez 128 caractères au plus"),
    ],
)
def test_a_refused_password_leaves_the_link_alone(
    people: People, browser: Browser, mailbox: Mailbox, password: str, message: str
) -> None:
    people.account(EMAIL)
    page = browser.get(reset_link(browser, mailbox)).submit({"password": password})
    assert page.status == 422
    assert message in page.errors[0]
    assert page.submit({"password": NEW}).url == "/sign-in"


def test_two_uses_at_once_set_one_password(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    link = reset_link(Browser(app), mailbox)
    pages = [Browser(app).get(link) for _ in range(3)]
    start = Barrier(len(pages))
    db.session.rollback()

    def choose(number: int) -> int:
        data = {
            "csrf_token": pages[number].form().find(attrs={"name": "csrf_token"})["value"],
            "password": f"le choix numéro {number}",
        }
        start.wait()
        return pages[number].browser.post(link, data, follow=False).status

    with ThreadPoolExecutor(len(pages)) as pool:
        statuses = list(pool.map(choose, range(len(pages))))
    assert sorted(statuses) == [303, 410, 410]
    winner = statuses.index(303)
    assert sign_in(Browser(app), EMAIL, f"le choix numéro {winner}").url == "/data"


def test_many_posts_from_everywhere_make_five_mails(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    pages = set()
    for number in range(25):
        browser = come_from(Browser(app), f"192.0.2.{number}")
        pages.add(ask_for_reset(browser, EMAIL).text)
    assert len(pages) == 1
    assert len(mailbox.to(EMAIL)) == 5
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data", "asking locks nobody out"


def test_others_cannot_use_up_the_mails_of_a_known_browser(app: Flask, people: People, mailbox: Mailbox) -> None:
    victim = people.signed_in(EMAIL)
    victim.post("/sign-out", {"csrf_token": victim.get("/account").form().find(attrs={"name": "csrf_token"})["value"]})
    for number in range(8):
        ask_for_reset(come_from(Browser(app), f"192.0.2.{number}"), EMAIL)
    before = len(mailbox.to(EMAIL))
    link = reset_link(victim, mailbox)
    assert len(mailbox.to(EMAIL)) == before + 1
    assert victim.get(link).status == 200


def test_one_network_may_ask_twenty_times_an_hour(browser: Browser) -> None:
    statuses = [ask_for_reset(browser, f"p{number}@example.org").status for number in range(21)]
    assert statuses == [200] * 20 + [429]


def test_the_token_stands_in_no_row(people: People, browser: Browser, mailbox: Mailbox) -> None:
    people.account(EMAIL)
    secret = reset_link(browser, mailbox).rpartition("/")[2].partition(".")[2]
    rows = [repr(row) for table in db.metadata.tables.values() for row in db.session.execute(table.select())]
    assert any("reset_password" in row for row in rows)
    assert not [row for row in rows if secret in row]


def test_a_reset_in_a_signed_in_browser_ends_its_session(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(EMAIL)
    page = browser.get(reset_link(browser, mailbox)).submit({"password": NEW})
    assert page.url == "/sign-in"
    assert not is_signed_in(browser)
