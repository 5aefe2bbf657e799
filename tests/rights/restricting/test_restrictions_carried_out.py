"""Restrictions from the request to their end: set, provisional, lifted, halted, as the person and the officer see it."""

import pytest
from flask import Flask

from portal.access.permissions import Role
from portal.infrastructure.database import transaction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.restrictions.locking import restrict
from portal.personal_data.restrictions.standing import locked_categories
from portal.preferences.choices.consent import give
from portal.preferences.models import Origin
from portal.rights.lifecycle import Right
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, refusal_values, second, taken_in
from tests.support.preferences import customer_of, flags_on
from tests.support.restricting import file, later, lift_due, row, row_count

EMAIL, FLAG = "camille@example.org", "offers.email"


@pytest.fixture
def customer(people: People) -> Browser:
    browser = people.signed_in(EMAIL)
    with transaction():
        give(customer_of(EMAIL), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
    return browser


def page_of(officer: Browser) -> Page:
    return officer.get(f"/staff/restrictions/{row().public_id}")


def test_set_announced_and_lifted(customer: Browser, people: People, mailbox: Mailbox) -> None:
    asked = {"case": "claims", "scope": "some", "categories": ["contact", "usage"]}
    reference = file(customer, "restriction", asked, "case")
    assert row_count() == 0, "nothing is locked before it is decided"
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    assert (row().ground_18, row().categories, row().told_at is not None) == ("claims", ["contact", "usage"], True)
    assert flags_on() == set()
    shown = customer.get("/data/on-hold")
    assert "Droits en justice de la personne" in shown.text
    assert "aucune fin fixée" in shown.text
    officer = people.signed_in_staff(Role.OFFICER)
    assert "C-camille" in officer.get("/staff/restrictions").text
    page_of(officer).submit(action="/announce")
    mail = mailbox.last_to(EMAIL)
    assert "vont de nouveau servir" in mail["Subject"]
    assert not page_of(officer).tree.select_one("form[action$='/lift']")
    officer.post(f"/staff/restrictions/{row().public_id}/lift", {"csrf_token": officer.form_token("/staff/account")})
    assert row().lifted_at is None, "not before the seven days are over"
    with later(8):
        page_of(people.sign_in_staff("officer@example.org")).submit(action="/lift")
    assert row().lifted_at is not None
    assert row().lifted_by is not None
    assert (locked_categories(customer_of(EMAIL).id), flags_on()) == (frozenset(), {FLAG})
    assert not broken()


def test_a_reply_halts_and_the_officer_keeps(customer: Browser, people: People) -> None:
    decide(open_case(people.signed_in_staff(Role.REVIEWER), taken_in(people, Right.RESTRICTION)), "granted")
    officer = people.signed_in_staff(Role.OFFICER)
    page_of(officer).submit(action="/announce")
    assert customer.get("/data/on-hold").submit({"reply": ""}, with_field="reply").status == 422
    said = customer.get("/data/on-hold").submit({"reply": "Le procès n’est pas fini."}, with_field="reply")
    assert "Rien ne change avant" in said.text
    assert "Réponse à lire" in officer.get("/staff/restrictions").text
    assert "Limitations" in officer.get("/staff/desk").text
    shown = page_of(officer)
    assert "Le procès n’est pas fini." in shown.text
    shown.submit(action="/keep")
    assert (row().notice_at, row().halted_at, row().lifted_at) == (None, None, None)
    assert flags_on() == set()


def test_nobody_replies_for_somebody_else(customer: Browser, people: People) -> None:
    people.account("other@example.org")
    with transaction():
        public_id = restrict(customer_of("other@example.org").id, None, None).public_id
    answer = customer.post(
        f"/data/on-hold/{public_id}/reply", {"csrf_token": customer.form_token("/preferences"), "reply": "x"}
    )
    assert answer.status == 404
    assert "Rien n’est en pause" in customer.get("/data/on-hold").text


def test_a_correction_puts_on_hold_until_its_answer(customer: Browser, people: People, mailbox: Mailbox) -> None:
    asked = {"category": "contact", "wrong": "Mon adresse", "on_hold": "y"}
    reference = file(customer, "rectification", asked, "wrong")
    assert (row().is_provisional, row().ground_18, row().categories) == (True, "accuracy", ["contact"])
    assert flags_on() == set()
    assert "sept jours après notre réponse" in customer.get("/data/on-hold").text
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    assert row().lifted_at is None, "the answer announces the end"
    assert row().notice_at is not None
    with later(6):
        lift_due()
        assert row().lifted_at is None
    with later(8):
        lift_due()
    assert (row().lifted_at is not None, row().lifted_by, flags_on()) == (True, None, {FLAG})
    assert not broken()


def test_a_reply_halts_what_the_portal_would_lift(customer: Browser, people: People) -> None:
    reference = file(customer, "objection", {"use": "profiling", "on_hold": "y", "details": "x"}, "use")
    assert (row().ground_18, row().categories) == ("objection", ["usage", "transaction", "profile"])
    reviewer = people.signed_in_staff(Role.REVIEWER)
    decide(open_case(reviewer, reference), "refused", **refusal_values(Right.OBJECTION))
    second(people.signed_in_staff(Role.OFFICER), reference)
    customer.get("/data/on-hold").submit({"reply": "Non."}, with_field="reply")
    with later(30):
        lift_due()
    assert row().lifted_at is None


def test_what_is_taken_back_is_on_hold_no_longer(customer: Browser) -> None:
    asked = {"category": "contact", "wrong": "Mon adresse", "on_hold": "y"}
    reference = file(customer, "rectification", asked, "wrong")
    customer.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert case(reference).status == "withdrawn"
    assert (row().lift_cause, flags_on()) == ("withdrawn", {FLAG})
    assert not broken()


def test_advertising_is_never_put_on_hold(customer: Browser) -> None:
    customer.get("/requests/new/objection").submit({"use": "marketing", "on_hold": "y"}, with_field="use")
    assert flags_on() == set()
    assert row_count() == 0


def test_the_officer_tells_whom_nobody_told(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.customer(EMAIL)
    with transaction():
        restrict(customer_of(EMAIL).id, None, None)
    officer = people.signed_in_staff(Role.OFFICER)
    assert "Personne à prévenir" in officer.get("/staff/restrictions").text
    page_of(officer).submit(action="/told")
    assert row().told_at is not None
    assert "en pause" in mailbox.last_to(EMAIL)["Subject"]


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.MARKETING, Role.ADMINISTRATOR])
def test_only_officers_lift(people: People, role: Role) -> None:
    assert people.signed_in_staff(role).get("/staff/restrictions").status == 403
