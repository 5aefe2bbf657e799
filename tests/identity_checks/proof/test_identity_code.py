"""The lighter way: the password again and a code to an address held before the account. No document then."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Account, AccountSession, AccountToken
from portal.customers.models import Customer
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db, transaction
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDraft
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.documents import specimens
from tests.support.filing import all_documents, describe_copy, only_request, send_sides


def code_in(mailbox: Mailbox, address: str = "camille@example.org") -> str:
    found = re.search(r"^\s*(\d{6})\s*$", text_of(mailbox.last_to(address)), re.MULTILINE)
    assert found, text_of(mailbox.last_to(address))
    return found[1]


def ask_for_code(browser: Browser) -> Page:
    return describe_copy(browser).click("Utiliser un code").submit(action="/code")


def test_a_code_spares_the_document(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = ask_for_code(browser)
    assert "c•••e@example.org" in page.text
    code = code_in(mailbox)
    page = page.submit({"code": f"{code[:3]} {code[3:]}"}, with_field="code")
    assert page.h1 == "Vérifiez votre demande"
    assert "Confirmée par le code" in page.text
    page.submit(action="/send")
    request = only_request()
    assert (request.status, request.is_document_needed) == (Status.RECEIVED, False)
    check = db.session.execute(select(IdentityCheck)).scalar_one()
    assert (check.method, check.result) == ("known_address", "confirmed")


@pytest.mark.trial
def test_what_was_sent_before_the_code_has_no_use_any_more(people: People, mailbox: Mailbox) -> None:
    page = describe_copy(people.signed_in())
    send_sides(page.submit({"paper": "identity_card"}, with_field="paper"), front=specimens.front())
    page = page.browser.get(page.url).click("Utiliser un code").submit(action="/code")
    page.submit({"code": code_in(mailbox)}, with_field="code")
    assert [document.sealed_key for document in all_documents()] == [None]


def test_the_code_is_nowhere_in_the_database(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    ask_for_code(browser)
    code = code_in(mailbox)
    token = db.session.execute(select(AccountToken).where(AccountToken.purpose == "doubt_code")).scalar_one()
    row = " ".join(str(getattr(token, column.name)) for column in AccountToken.__table__.columns)
    assert not re.search(rf"(?<!\d){code}(?!\d)", row)


def test_an_old_session_gives_the_password_again_first(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = describe_copy(browser)
    with transaction() as session:
        session.execute(update(AccountSession).values(reauthenticated_at=clock.now() - timedelta(minutes=11)))
    page = page.click("Utiliser un code")
    assert page.url == "/account/confirm-password"
    page = page.submit({"password": PASSWORD}, with_field="password")
    assert page.url.endswith("/code")
    page = page.submit(action="/code")
    assert page.submit({"code": code_in(mailbox)}, with_field="code").h1 == "Vérifiez votre demande"


def test_a_wrong_code_is_said_and_tries_are_counted(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = ask_for_code(browser)
    code = code_in(mailbox)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    statuses = [page.submit({"code": wrong}, with_field="code").status for _try in range(6)]
    assert statuses == [422] * 5 + [429]
    assert page.submit({"code": code}, with_field="code").status == 429


def test_a_code_works_once_and_not_after_its_time(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = ask_for_code(browser)
    code = code_in(mailbox)
    with transaction() as session:
        session.execute(update(AccountToken).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert page.submit({"code": code}, with_field="code").status == 422
    page = browser.get(page.url).submit(action="/code")
    newer = code_in(mailbox)
    assert page.submit({"code": newer}, with_field="code").h1 == "Vérifiez votre demande"
    with transaction() as session:
        session.execute(update(RequestDraft).values(identity_proven_at=None))
    again = browser.get(page.url)
    assert again.status == 200
    token = again.form(action="/code").find(attrs={"name": "csrf_token"})["value"]
    assert browser.post(page.url, {"code": newer, "csrf_token": token}).status == 422


def test_a_newer_code_replaces_the_one_before(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = ask_for_code(browser)
    first = code_in(mailbox)
    page = page.submit({"send": "yes"}, with_field="send")
    assert code_in(mailbox) != first
    assert page.submit({"code": first}, with_field="code").status == 422


def test_the_proof_holds_for_one_hour_and_one_session(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in()
    page = ask_for_code(browser).submit({"code": code_in(mailbox)}, with_field="code")
    elsewhere = people.sign_in("camille@example.org")
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    path = f"/requests/drafts/{draft.public_id}/check"
    assert elsewhere.get(path).h1 == "Montrez que c’est bien vous"
    with transaction() as session:
        session.execute(update(RequestDraft).values(identity_proven_at=clock.now() - timedelta(minutes=61)))
    page = page.submit(action="/send")
    assert page.h1 == "Montrez que c’est bien vous"
    assert "Cette étape vient avant l’envoi." in page.text


def test_an_address_known_only_since_the_account_offers_no_code(people: People) -> None:
    browser = people.signed_in()
    with transaction() as session:
        session.execute(update(Customer).values(imported_at=clock.now()))
        session.execute(update(Account).values(email_confirmed_at=clock.now()))
    page = describe_copy(browser)
    assert page.h1 == "Montrez que c’est bien vous"
    assert "Utiliser un code" not in page.text
    assert browser.get(f"{page.url}/code").url == page.url


def test_a_changed_address_is_no_proof(people: People) -> None:
    browser = people.signed_in()
    with transaction() as session:
        changed_at = clock.now() - timedelta(days=3)
        session.execute(update(Account).values(email_confirmed_at=changed_at, email_changed_at=changed_at))
    page = describe_copy(browser)
    assert "Vous avez changé d’adresse e-mail il y a moins de 30 jours." in page.text
    assert "Utiliser un code" not in page.text
