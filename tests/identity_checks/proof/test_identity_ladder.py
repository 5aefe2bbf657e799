"""The lightest act that lifts a doubt comes first, and a document only for what remains; the case keeps what did."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db, transaction
from portal.rights.lifecycle import Status
from tests.identity_checks.proof.test_identity_code import code_in
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, run_asked_jobs
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.second_steps import give, set_up_app
from tests.support.acting.staff_codes import code_at
from tests.support.acting.visitors import mailed_link, sign_in
from tests.support.cases import decide, open_case
from tests.support.filing import describe_copy, file_with_document_later, only_request, trust_device

EMAIL, NEW, THIRD = "camille@example.org", "camille@example.net", "camille@example.com"
ASKED, SENT = "Montrez que c’est bien vous", "Vérifiez votre demande"


def change(model: Any, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(model).values(**values))


def checks() -> list[tuple[str, str, list[str]]]:
    db.session.rollback()
    rows = db.session.execute(select(IdentityCheck).order_by(IdentityCheck.id)).scalars()
    return [(row.method, str(row.result), row.lifted) for row in rows]


def prove_by_code(page: Page, mailbox: Mailbox, address: str = EMAIL) -> Page:
    page = page.click("Utiliser un code").submit(action="/code")
    return page.submit({"code": code_in(mailbox, address)}, with_field="code")


def change_address(browser: Browser, mailbox: Mailbox, email: str) -> None:
    browser.get("/account/address").submit({"email": email}, with_field="email")
    browser.get(mailed_link(mailbox, email, "/address/confirm/")).submit()


def entered(app: Flask) -> Browser:
    """Sign in by the form, from a browser of its own."""
    browser = Browser(app)
    sign_in(browser, EMAIL, PASSWORD)
    return browser


def test_a_new_browser_asks_for_a_code_to_the_sign_in_address_and_for_no_document(
    people: People, mailbox: Mailbox
) -> None:
    """The company held no address before the account, and nothing that a document could be compared with."""
    page = describe_copy(people.signed_in(imported_at=None))
    assert page.h1 == ASKED
    assert "Vous utilisez un appareil que nous voyons depuis peu." in page.text
    assert "pièce d’identité" not in page.text
    assert prove_by_code(page, mailbox).submit(action="/send").status == 200
    assert checks() == [("known_address", "confirmed", ["new_device"])]
    request = only_request()
    assert (request.is_document_needed, request.identity_signals) == (False, [])


def test_an_account_of_thirteen_months_whose_browsers_are_forgotten_gets_its_copy_by_a_code(
    people: People, mailbox: Mailbox
) -> None:
    people.account(confirmed_days_ago=395)
    assert db.session.query(AccountDevice).count() == 0
    page = describe_copy(people.sign_in(EMAIL), details="")
    page = prove_by_code(page, mailbox).submit(action="/send")
    run_asked_jobs()
    assert page.browser.get(page.url).link("Ouvrir votre fichier")


def test_the_first_browser_that_an_account_ever_had_is_no_doubt(app: Flask, people: People) -> None:
    people.account()
    assert describe_copy(entered(app)).h1 == SENT
    assert describe_copy(entered(app)).h1 == ASKED, "the second one is"


def test_a_browser_does_not_become_the_first_by_closing_the_others(app: Flask, people: People) -> None:
    people.account()
    entered(app)
    entered(app).get("/account").submit(action="/account/sessions/end-others")
    change(AccountSession, device_id=None)
    with transaction() as session:
        session.query(AccountDevice).delete()
    assert describe_copy(entered(app)).h1 == ASKED


def test_a_second_step_of_long_needs_nothing_more_and_a_new_one_lifts_nothing(app: Flask, people: People) -> None:
    secret, _codes = set_up_app(people.signed_in())
    for days, shown in ((29, ASKED), (31, SENT)):
        with clock.stopped_at(clock.now() + timedelta(days=days)):
            browser = Browser(app)
            give(sign_in(browser, EMAIL, PASSWORD), code_at(secret=secret))
            page = describe_copy(browser)
            assert page.h1 == shown
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        page.submit(action="/send")
    assert checks() == [("second_step", "confirmed", ["new_device"])]


def test_a_changed_address_asks_for_a_code_to_the_one_before(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(imported_at=None)
    trust_device()
    change_address(browser, mailbox, NEW)
    page = describe_copy(browser)
    assert "Vous avez changé d’adresse e-mail il y a moins de 30 jours." in page.text
    assert "c•••e@example.org" in page.text
    assert prove_by_code(page, mailbox, EMAIL).h1 == SENT


def test_whoever_changes_the_address_twice_is_not_believed_at_the_one_in_between(
    people: People, mailbox: Mailbox
) -> None:
    browser = people.signed_in(imported_at=None)
    trust_device()
    change_address(browser, mailbox, NEW)
    change_address(browser, mailbox, THIRD)
    page = describe_copy(browser).click("Utiliser un code").submit(action="/code")
    assert "c•••e@example.org" in page.text
    assert mailbox.last_to(EMAIL)["Subject"] == "Votre code pour Netkin"


def test_a_code_that_went_to_another_address_lifts_nothing(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(imported_at=None)
    page = describe_copy(browser).click("Utiliser un code").submit(action="/code")
    code = code_in(mailbox)
    change(Account, email=NEW, email_normalised=NEW)
    assert page.submit({"code": code}, with_field="code").status == 422


def test_facebook_alone_is_lifted_by_a_code_to_the_confirmed_address(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(imported_at=None)
    trust_device()
    change(Account, password_hash=None)
    change(AccountSession, method="facebook")
    page = describe_copy(browser)
    assert "vous faisons repasser par Facebook" in page.text
    prove_by_code(page, mailbox).submit(action="/send")
    assert checks() == [("facebook_and_code", "confirmed", ["facebook_only"])]


def test_a_code_takes_the_place_of_a_document_that_was_to_follow(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = file_with_document_later(browser)
    assert only_request().status is Status.IDENTITY_PENDING
    assert "Envoyer la pièce" not in page.text
    assert "Un code par e-mail suffit" in page.text
    page = prove_by_code(page.click("Montrez que c’est bien vous"), mailbox)
    request = only_request()
    assert (request.status, request.paused_on, request.identity_signals) == (Status.IN_REVIEW, None, [])
    assert page.url == f"/requests/{request.reference}"
    assert checks() == [("document", "abandoned", []), ("known_address", "confirmed", ["new_device"])]
    assert browser.get(f"/requests/identity/{request.reference}").url == page.url
    case_page = open_case(people.signed_in_staff(Role.REVIEWER), request.reference)
    assert "Mot de passe et code envoyé à une adresse connue · Doute levé : Nouvel appareil" in case_page.text
    assert decide(case_page, "granted").status == 200


def test_where_only_a_document_does_the_button_of_the_request_says_so(people: People) -> None:
    browser = people.signed_in()
    change(Account, family_name="Vidal")
    page = file_with_document_later(browser)
    assert "Un code par e-mail suffit" not in page.text
    assert page.click("Envoyer la pièce").h1 == ASKED


def test_what_no_code_lifts_is_asked_for_at_once_beside_what_it_does(people: People) -> None:
    browser = people.signed_in()
    change(Account, family_name="Martin")
    page = describe_copy(browser)
    assert "Le nom de votre compte diffère" in page.text
    assert "Utiliser un code" not in page.text
    assert page.form(with_field="paper")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_lightest_way_stands_open_and_the_others_behind_words_that_say_when(people: People, language: str) -> None:
    page = describe_copy(people.signed_in(language=language))
    details = page.tree.select_one("main details")
    assert details is not None
    assert not details.has_attr("open")
    assert details.select_one("[name=paper]")
    words = {"fr": "Je ne peux pas lire les messages de cette adresse", "en": "I cannot read e-mail at this address"}
    assert details.summary is not None
    assert details.summary.text == words[language]


def test_without_a_code_and_without_anything_to_compare_people_are_told_what_follows(people: People) -> None:
    page = describe_copy(people.signed_in(imported_at=None)).submit(action="/later")
    assert page.h1 == SENT
    assert "À confirmer avec vous" in page.text
    page.submit(action="/send")
    request = only_request()
    assert (request.status, request.identity_signals) == (Status.RECEIVED, ["new_device"])
    assert checks() == [], "nothing was proven, so nothing says that it was"
