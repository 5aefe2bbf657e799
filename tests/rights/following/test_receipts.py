"""Receipts: what was asked and done, and a hash that anybody can make again from the text, and we from the rows."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.letters.models import Dispatch
from portal.lookups.models import AccessLogEntry
from portal.rights.items.models import RequestItem
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import decide, second, take, taken_in
from tests.support.filing import describe_copy, trust_device
from tests.support.packages import take_in
from tests.support.records import invoice


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in()
    trust_device()
    take_in(invoice("F-1", of="C-camille"))
    return browser


def file_copy(browser: Browser, words: str = "") -> str:
    return describe_copy(browser, details=words).submit(action="/send").url.rpartition("/")[2]


def hash_of(page: Page) -> str:
    """Return the hash that a receipt prints, after making it from the text that it prints."""
    text, printed = page.tree.select_one("pre"), page.tree.select_one("section.letter code")
    assert text is not None
    assert printed is not None
    assert hashlib.sha256(text.get_text().encode()).hexdigest() == printed.get_text()
    return printed.get_text()


def test_the_receipt_of_filing_is_one_hash_until_the_request_is_closed(camille: Browser) -> None:
    reference = file_copy(camille, "Les factures de l’été.")
    page = camille.get(f"/requests/{reference}").click("Reçu à imprimer ou à garder")
    assert page.h1 == "Reçu de votre demande"
    assert "Les factures de l’été." in page.text
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        camille.post("/language", {"language": "en", "csrf_token": camille.form_token("/")})
        assert hash_of(camille.get(f"/requests/{reference}/receipt")) == hash_of(page), "in any language, at any time"
    with transaction() as session:
        session.execute(update(RightsRequest).values(answers={"details": "Les factures de l’hiver."}))
    assert hash_of(camille.get(f"/requests/{reference}/receipt")) != hash_of(page)


def test_the_receipt_of_closing_says_what_was_done_item_by_item(camille: Browser, mailbox: Mailbox) -> None:
    reference = file_copy(camille)
    filed = hash_of(camille.get(f"/requests/{reference}/receipt"))
    mailbox.all()
    page = camille.get(f"/requests/{reference}/receipt")
    assert page.h1 == "Reçu de votre demande close"
    assert "Facture" in page.text
    assert "copie déposée dans votre compte" in page.text
    closed = hash_of(page)
    assert closed != filed
    text = page.tree.select_one("pre").get_text()  # type: ignore[union-attr]
    letter = db.session.execute(select(Dispatch.sha256)).scalar_one()
    assert f"letter: {letter}" in text
    items = db.session.execute(select(RequestItem.part, RequestItem.kind, RequestItem.done)).all()
    assert len(items) == text.count("\nitem: ") > 3
    assert all(f"item: {part} | {kind} | " in text and f" | {done} | " in text for part, kind, done in items)
    with transaction() as session:
        session.execute(update(RequestItem).where(RequestItem.kind == "invoice").values(done=2))
    assert hash_of(camille.get(f"/requests/{reference}/receipt")) != closed


def test_staff_read_the_same_receipt_and_the_customer_sees_the_look(camille: Browser, people: People) -> None:
    reference = taken_in(people, email="camille@example.org")
    reviewer = people.signed_in_staff(Role.REVIEWER)
    page = reviewer.get(f"/staff/requests/{reference}").click("Reçu")
    assert hash_of(page) == hash_of(camille.get(f"/requests/{reference}/receipt"))
    looks = select(AccessLogEntry.request_reference).where(AccessLogEntry.category == "request")
    assert reference in db.session.execute(looks).scalars().all()
    assert " | T" not in page.text
    assert "T00:00" not in page.tree.select_one("pre").get_text(), "no hour that nobody knows"  # type: ignore[union-attr]


def test_no_hash_is_shown_once_its_words_are_destroyed(people: People) -> None:
    reference = taken_in(people, email="zoe@example.org")
    with transaction() as session:
        session.execute(update(Customer).values(status=CustomerStatus.ERASED, erased_at=clock.now()))
        session.execute(update(RightsRequest).values(answers={}))
    page = people.signed_in_staff(Role.REVIEWER).get(f"/staff/requests/{reference}/receipt")
    assert "ne peut plus être refaite" in page.text
    assert page.tree.select_one("pre") is None


@pytest.mark.parametrize("outcome", ["partial", "refused"])
@pytest.mark.parametrize("days_late", [0, 3])
def test_a_closing_receipt_says_what_was_refused_and_how_late(
    outcome: str, days_late: int, camille: Browser, people: People
) -> None:
    reference = taken_in(people, email="camille@example.org")
    if days_late:
        with transaction() as session:
            last = clock.today() - timedelta(days=days_late)
            values = {"due_on": last, "due_on_unpaused": last, "initial_due_on": last, "sort_on": last}
            session.execute(update(RightsRequest).values(received_at=clock.now() - timedelta(days=40), **values))
    reviewer, officer = people.signed_in_staff(Role.REVIEWER), people.signed_in_staff(Role.OFFICER)
    decide(take(reviewer, reference), outcome, "Voici pourquoi.", ground="data_are_accurate", evidence="Relu.")
    second(officer, reference)
    with transaction() as session:
        session.execute(update(RightsRequest).values(is_open=False, answered_at=clock.now(), closed_at=clock.now()))
    page = camille.get(f"/requests/{reference}/receipt")
    text = page.tree.select_one("pre").get_text()  # type: ignore[union-attr]
    assert page.h1 == "Reçu de votre demande close"
    assert f"\noutcome: {outcome}\n" in text
    assert " | refused | " in text
    assert " ".join(Outcome(outcome).customer_label("fr").split()) in " ".join(page.text.split())
    assert ("Réponse en retard" in page.text) is bool(days_late)
    closed = hash_of(page)
    camille.post("/language", {"language": "en", "csrf_token": camille.form_token("/")})
    english = camille.get(f"/requests/{reference}/receipt")
    assert hash_of(english) == closed, "in any language"
    assert ("Answered late" in english.text) is bool(days_late)
    assert hash_of(officer.get(f"/staff/requests/{reference}/receipt")) == closed, "for staff too"
