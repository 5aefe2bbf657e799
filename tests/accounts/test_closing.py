"""Closing one's own account: it says what ends and what stays, ends every way in, and leaves the file alone."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Account, AccountSession
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.records.models import Record
from portal.rights.lifecycle import Right
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import sign_in
from tests.support.cases import taken_in
from tests.support.looking.audit_trail import all_events
from tests.support.packages import take_in
from tests.support.records import invoice

CAMILLE = "camille@example.org"


def count(model: type) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(model)).scalar_one())


def test_it_says_what_ends_and_what_stays_and_ends_the_ways_in_alone(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    browser = people.signed_in(CAMILLE)
    take_in(invoice(of="C-camille"))
    page = browser.get("/account").click("Fermer votre compte")
    assert page.h1 == "Fermer votre compte"
    assert "Achats et paiements 1 élément" in page.text
    assert "Demander plutôt l’effacement" in page.text
    page = page.submit({"close": "yes"}, action="/account/close")
    assert (page.url, "Votre compte est fermé." in page.text) == ("/", True)
    assert (count(Account), count(AccountSession), count(Customer), count(Record)) == (0, 0, 1, 1)
    assert browser.get("/data").url.startswith("/sign-in")
    assert sign_in(Browser(app), CAMILLE, PASSWORD).status == 422
    assert "customer:account:closed" in [event.tag for event in all_events()]
    assert "Recréez un compte avec cette adresse" in text_of(mailbox.last_to(CAMILLE))


def test_it_takes_a_fresh_proof(people: People) -> None:
    browser = people.signed_in(CAMILLE)
    token = browser.form_token("/account")
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        assert browser.get("/account/close").h1 == "Est-ce bien vous ?"
        browser.post("/account/close", {"csrf_token": token, "close": "yes"})
    assert count(Account) == 1


def test_while_an_answer_is_owed_it_waits(people: People) -> None:
    browser = people.signed_in(CAMILLE)
    reference = taken_in(people, Right.RECTIFICATION)
    page = browser.get("/account/close")
    assert reference in page.text
    assert not page.tree.select("form[action$='/account/close']")
    assert browser.post("/account/close", {"csrf_token": browser.form_token("/account"), "close": "yes"}).status == 409
    assert count(Account) == 1
