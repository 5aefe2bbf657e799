"""Confirmation: one click where one registered, the password elsewhere, nothing for whoever came first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountSession, AccountToken, LinkedIdentity
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import (
    VISITOR_PASSWORD,
    confirmed,
    count,
    is_signed_in,
    mailed_link,
    register,
    sign_in,
)
from tests.support.servers.facebook import link_facebook

EMAIL = "nadia@example.org"


def test_one_click_opens_a_new_customer(browser: Browser, mailbox: Mailbox) -> None:
    page = confirmed(browser, mailbox, EMAIL)
    assert page.url == "/data"
    assert "Votre adresse est confirmée et votre compte est ouvert." in page.text
    customer = db.session.query(Customer).one()
    assert (customer.email_normalised, customer.given_name, customer.language) == (EMAIL, "Nadia", "fr")
    assert db.session.query(Account).one().is_claimed_by_match is False
    assert count(AccountToken, AccountToken.ended_at.is_(None)) == 0
    tags = list(db.session.execute(select(AuditEvent.tag).order_by(AuditEvent.sequence)).scalars())
    assert tags == ["customer:account:registered", "customer:account:confirmed", "customer:session:opened"]


def test_opening_the_link_changes_nothing(browser: Browser, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    link = mailed_link(mailbox, EMAIL, "/confirm/")
    for _ in range(2):
        assert browser.get(link).h1 == "Confirmer votre adresse"
    assert db.session.query(Account).one().email_confirmed_at is None
    assert count(Customer) == 0


def test_an_imported_customer_claims_their_file(browser: Browser, people: People, mailbox: Mailbox) -> None:
    known_id = people.customer("Camille.Lefevre@example.org").id
    page = confirmed(browser, mailbox, "camille.lefevre@EXAMPLE.org")
    assert "Nous avons trouvé votre fiche client" in page.text
    account = db.session.query(Account).one()
    assert (account.customer_id, account.is_claimed_by_match) == (known_id, True)
    assert count(Customer) == 1
    assert account.customer
    assert account.customer.given_name == "Camille"


def test_an_erased_customer_is_unknown(browser: Browser, people: People, mailbox: Mailbox) -> None:
    erased_id = people.customer(EMAIL).id
    with transaction():
        erased = db.session.get_one(Customer, erased_id)
        erased.status, erased.email, erased.email_normalised = CustomerStatus.ERASED, None, None
    page = confirmed(browser, mailbox, EMAIL)
    assert page.url == "/data"
    account = db.session.query(Account).one()
    assert account.customer_id != erased_id
    assert account.is_claimed_by_match is False


def test_another_browser_needs_the_password(app: Flask, browser: Browser, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    telephone = Browser(app)
    page = telephone.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    assert "Vous êtes dans un autre navigateur" in page.text
    wrong = page.submit({"password": "un autre mot de passe"})
    assert wrong.status == 422
    assert wrong.errors == ["Ce mot de passe n’est pas le bon. Saisissez-le à nouveau."]
    assert page.submit({"password": ""}).errors == ["Saisissez votre mot de passe."]
    assert page.submit({"password": VISITOR_PASSWORD}).url == "/data"
    assert is_signed_in(telephone)
    assert not is_signed_in(browser)


def test_a_confirmation_days_after_the_password_was_typed_is_no_fresh_proof(browser: Browser, mailbox: Mailbox) -> None:
    registered_at = clock.now()
    with clock.stopped_at(registered_at):
        register(browser, EMAIL)
        link = mailed_link(mailbox, EMAIL, "/confirm/")
    with clock.stopped_at(registered_at + timedelta(hours=20)):
        assert browser.get(link).submit().url == "/data"
    assert db.session.query(AccountSession).one().reauthenticated_at == registered_at


def test_whoever_registers_first_with_somebody_elses_address_gets_nothing(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    people.customer(EMAIL)
    attacker, victim = Browser(app), Browser(app)
    register(attacker, EMAIL, password="le mot de passe du voleur")
    planted = mailed_link(mailbox, EMAIL, "/confirm/")

    # The victim follows the link out of curiosity: without the attacker's password it confirms nothing.
    page = victim.get(planted)
    assert page.submit({"password": VISITOR_PASSWORD}).status == 422
    assert db.session.query(Account).one().email_confirmed_at is None

    # The victim registers for themselves, and owns the account.
    assert confirmed(victim, mailbox, EMAIL).url == "/data"
    assert sign_in(attacker, EMAIL, "le mot de passe du voleur").status == 422
    assert attacker.get(planted).status == 410
    assert not is_signed_in(attacker)
    assert sign_in(Browser(app), EMAIL, VISITOR_PASSWORD).url == "/data"
    stolen = db.session.execute(select(Account).where(Account.email_confirmed_at.is_(None))).scalar_one()
    assert stolen.password_hash is None
    assert count(AccountToken, AccountToken.ended_at.is_(None)) == 0


def test_an_identity_linked_first_opens_nothing_after_the_owner_confirmed(app: Flask, mailbox: Mailbox) -> None:
    register(Browser(app), EMAIL, password="le mot de passe du voleur")
    link_facebook(EMAIL)
    confirmed(Browser(app), mailbox, EMAIL)
    assert count(LinkedIdentity) == 0


def test_the_attackers_own_browser_cannot_confirm_after_the_victim_did(app: Flask, mailbox: Mailbox) -> None:
    attacker, victim = Browser(app), Browser(app)
    register(attacker, EMAIL, password="le mot de passe du voleur")
    before = attacker.get("/register/sent").text
    confirmed(victim, mailbox, EMAIL)
    assert attacker.get("/register/sent").text == before, "the page tells that somebody proved the address"
    attacker.get("/register/sent").submit(action="/register/resend")
    assert mailbox.last_to(EMAIL)["Subject"] == "Vous avez déjà un compte – Netkin"


def test_an_account_that_exists_first_is_not_taken_over(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account("camille@example.org")
    attacker = Browser(app)
    register(attacker, "camille@example.org")
    mailbox.all()
    assert sign_in(attacker, "camille@example.org", VISITOR_PASSWORD).url == "/register/sent"
    assert not is_signed_in(attacker)
    assert count(AccountToken) == 0


def test_an_expired_link_offers_a_new_one(app: Flask, browser: Browser, mailbox: Mailbox) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        register(browser, EMAIL)
        link = mailed_link(mailbox, EMAIL, "/confirm/")
    with clock.stopped_at(start + timedelta(hours=48)):
        form = browser.get(link)
        assert (form.status, form.h1) == (410, "Ce lien a expiré")
        other = Browser(app)
        page = other.get(link).submit(action="/register/resend")
        assert page.url == "/register/sent"
        assert EMAIL in page.text
        newer = mailed_link(mailbox, EMAIL, "/confirm/")
        assert newer != link
        assert "password" in str(other.get(newer).tree), "asking for a link is no proof of the password"
        assert browser.get(newer).submit().url == "/data"


def test_a_link_that_expires_between_page_and_button(browser: Browser, mailbox: Mailbox) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        register(browser, EMAIL)
        page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    with clock.stopped_at(start + timedelta(hours=49)):
        assert page.submit().h1 == "Ce lien a expiré"
    assert count(Customer) == 0


def test_a_newer_link_replaces_the_older(browser: Browser, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    older = mailed_link(mailbox, EMAIL, "/confirm/")
    browser.get("/register/sent").submit(action="/register/resend")
    newer = mailed_link(mailbox, EMAIL, "/confirm/")
    assert browser.get(older).h1 == "Ce lien n’est plus le bon"
    assert browser.get(newer).submit().url == "/data"


def test_a_used_link_says_that_the_address_is_confirmed(app: Flask, browser: Browser, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    link = mailed_link(mailbox, EMAIL, "/confirm/")
    browser.get(link).submit()
    again = Browser(app).get(link)
    assert (again.status, again.h1) == (410, "Votre adresse est déjà confirmée")
    assert browser.get(link).link("Se connecter") == "/sign-in"
    assert browser.get("/register/sent").url == "/data"


@pytest.mark.parametrize("spoilt", ["x", "x.y", "{id}.0000", "{id}", "é.é", "a" * 5000])
def test_a_broken_link_confirms_nothing(browser: Browser, mailbox: Mailbox, spoilt: str) -> None:
    register(browser, EMAIL)
    mailbox.all()
    token = db.session.query(AccountToken).one().public_id
    page = browser.get("/confirm/" + spoilt.replace("{id}", token))
    assert (page.status, page.h1) == (404, "Ce lien ne fonctionne pas")


def test_a_link_for_one_purpose_opens_no_other(app: Flask, browser: Browser, people: People, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    confirm = mailed_link(mailbox, EMAIL, "/confirm/")
    assert browser.get(confirm.replace("/confirm/", "/password/reset/")).status == 404


def test_two_clicks_at_once_confirm_once(app: Flask, browser: Browser, mailbox: Mailbox) -> None:
    register(browser, EMAIL)
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    twins = [_twin(app, browser) for _ in range(4)]
    start = Barrier(len(twins))
    data = {"csrf_token": page.form().find(attrs={"name": "csrf_token"})["value"]}
    db.session.rollback()

    def click(twin: Browser) -> int:
        start.wait()
        return twin.post(page.url, data, follow=False).status

    with ThreadPoolExecutor(len(twins)) as pool:
        statuses = sorted(pool.map(click, twins))
    assert statuses == [303, 410, 410, 410]
    assert count(Customer) == 1
    assert count(Account, Account.email_confirmed_at.is_not(None)) == 1
    assert count(AccountSession) == 1


def test_two_registrations_of_one_address_confirmed_at_once(app: Flask, mailbox: Mailbox) -> None:
    browsers = [Browser(app), Browser(app)]
    pages = []
    for browser in browsers:
        register(browser, EMAIL)
        pages.append(browser.get(mailed_link(mailbox, EMAIL, "/confirm/")))
    start = Barrier(2)
    db.session.rollback()

    def click(number: int) -> int:
        data = {"csrf_token": pages[number].form().find(attrs={"name": "csrf_token"})["value"]}
        start.wait()
        return browsers[number].post(pages[number].url, data, follow=False).status

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(click, range(2)))
    assert statuses == [303, 410]
    assert count(Account, Account.email_confirmed_at.is_not(None)) == 1
    assert count(Customer) == 1


def test_a_customer_with_another_way_in_is_not_given_away(
    app: Flask, people: People, browser: Browser, mailbox: Mailbox
) -> None:
    account_id = people.account("camille@example.org").id
    with transaction():
        customer = db.session.get_one(Account, account_id).customer
        customer.email = customer.email_normalised = EMAIL
    register(browser, EMAIL)
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit()
    assert (page.status, page.h1) == (409, "Cette adresse ne peut pas ouvrir de compte")
    assert count(Account, Account.email_confirmed_at.is_not(None)) == 1
    assert not is_signed_in(browser)


def test_confirming_while_somebody_else_is_signed_in_ends_their_session(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    shared = Browser(app)
    register(shared, EMAIL)
    link = mailed_link(mailbox, EMAIL, "/confirm/")
    people.account("camille@example.org")
    sign_in(shared, "camille@example.org", "une phrase de passe assez longue")
    page = shared.get(link).submit({"password": VISITOR_PASSWORD})
    assert page.url == "/data"
    open_sessions = db.session.execute(select(AccountSession).where(AccountSession.ended_at.is_(None))).scalars().all()
    assert [session.account.email for session in open_sessions] == [EMAIL]


def _twin(app: Flask, browser: Browser) -> Browser:
    twin = Browser(app)
    for cookie in browser.client._cookies.values():  # type: ignore[union-attr]
        twin.client.set_cookie(cookie.key, cookie.value)
    return twin
