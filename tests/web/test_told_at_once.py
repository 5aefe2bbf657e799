"""What only the database or a secret can tell is told in the same round as what the form itself finds."""

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure.database import db
from portal.lookups.models import CustomerLookup
from portal.rights.lifecycle import Right
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, take, taken_in
from tests.support.filing import file_with_document_later, only_request, send_card
from tests.support.looking.audit_trail import events

WHY = "La cliente appelle au sujet de sa facture de mars"


@pytest.fixture
def support(people: People) -> Browser:
    return people.signed_in_staff(Role.SUPPORT)


def test_an_address_that_a_colleague_has_is_told_with_the_empty_fields(people: People) -> None:
    admin = people.signed_in_staff(Role.ADMINISTRATOR)
    people.staff(Role.SUPPORT, "samir@example.org")
    page = admin.get("/staff/members/new").submit({"email": "samir@example.org"}, with_field="email")
    assert page.status == 422
    assert page.errors == [
        "Saisissez le nom de la personne.",
        "Une personne avec cette adresse est déjà dans l’équipe.",
        "Dites pourquoi : la seconde personne le lira.",
    ]


def test_a_wrong_password_is_told_with_what_is_wrong_with_the_new_one(people: People) -> None:
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/account/password")
    refused = page.submit({"current": "un autre mot de passe", "password": "court"}, with_field="current")
    assert refused.status == 422
    assert len(refused.errors) == 2, refused.errors


@pytest.mark.parametrize("identifier", ["nobody@example.org", "camille@example.org"])
def test_an_unknown_customer_is_told_with_a_reason_that_is_too_short(
    people: People, support: Browser, identifier: str
) -> None:
    people.customer()
    values = {"identifier": identifier, "reason": "oui", "request_reference": "DR-2026-00001"}
    page = support.get("/staff/customers").submit(values, with_field="reason")
    assert page.status == 422
    assert len(page.errors) == 2, page.errors
    assert ("Aucun client" in page.errors[0]) == (identifier == "nobody@example.org")
    assert not db.session.execute(select(CustomerLookup)).scalars().all()


def test_whom_somebody_names_without_opening_a_file_is_on_the_trail(people: People, support: Browser) -> None:
    customer = people.customer()
    form = support.get("/staff/customers")
    form.submit({"identifier": "camille@example.org", "reason": ""}, with_field="reason")
    form.submit({"identifier": "nobody@example.org", "reason": ""}, with_field="reason")
    assert [event.subject for event in events("staff:customer:named")] == [f"customer:{customer.public_id}"]
    assert len(events("staff:customer:missed")) == 1


def test_marketing_hears_of_an_unknown_customer_with_the_empty_reason(people: People) -> None:
    page = people.signed_in_staff(Role.MARKETING).get("/staff/marketing")
    refused = page.submit({"identifier": "nobody@example.org"}, with_field="identifier")
    assert refused.status == 422
    assert len(refused.errors) == 2, refused.errors


def test_a_finding_names_everything_that_keeps_it_from_being_recorded(people: People) -> None:
    customer = people.signed_in()
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    page = people.signed_in_staff(Role.REVIEWER).get(f"/staff/requests/{only_request().reference}")
    page = page.submit(action="/claim") if page.tree.select("form[action$='/claim']") else page
    refused = page.submit({"result": "confirmed", "message": "x" * 4001}, with_field="result")
    assert refused.status == 422
    assert len(refused.errors) == 3, refused.errors
    assert refused.status == 422


def test_a_decision_names_the_open_identity_with_what_a_refusal_lacks(people: People) -> None:
    file_with_document_later(people.signed_in())
    reviewer = people.signed_in_staff(Role.REVIEWER)
    page = decide(take(reviewer, only_request().reference), "refused", "", ground="")
    assert page.status == 422
    assert any("identité" in text for text in page.errors), page.errors
    assert len(page.errors) == 3, page.errors


def test_boxes_of_a_date_are_all_told(people: People) -> None:
    reference = taken_in(people, Right.ACCESS)
    assert open_case(people.signed_in_staff(Role.REVIEWER), reference).status == 200
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in")
    values = {"received_on-day": "", "received_on-month": "brumaire", "received_on-year": "26"}
    told = next(text for text in page.submit(values, with_field="words").errors if "Date de réception" in text)
    for words in ("le jour", "le mois", "l’année"):
        assert words in told, told
