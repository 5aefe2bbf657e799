"""What requests and checks hold about a person is told to that person: whole, in both languages, no document."""

import json

import pytest
from sqlalchemy import select

from portal.customers.models import Customer
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.proof import checking
from portal.infrastructure.database import db, transaction
from portal.personal_data.registry import holdings
from portal.rights.acting import Act
from portal.rights.models import EventKind, RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.filing import WORDS, describe_copy, file_with_document_later, only_request, send_card


def held(code: str, category: str, language: str = "fr"):  # type: ignore[no-untyped-def]
    holding = next(holding for holding in holdings() if holding.code == code)
    customer_id = db.session.execute(select(Customer.id).order_by(Customer.id)).scalars().first()
    assert holding.items is not None
    assert holding.summary is not None
    counts = {row[0]: row[1] for row in db.session.execute(holding.summary(customer_id))}
    found = list(holding.items(customer_id, category, language))
    assert counts.get(category, 0) == len(found)
    json.dumps([item.values for item in found])
    return found


@pytest.mark.parametrize(("language", "word"), [("fr", "Référence"), ("en", "Reference")])
def test_a_request_is_told_whole_without_inside_notes(people: People, language: str, word: str) -> None:
    file_with_document_later(people.signed_in())
    with transaction():
        request = db.session.execute(select(RightsRequest)).scalar_one()
        Act(request, "portal").note(EventKind.NOTE, "Entre nous", is_internal=True)
        Act(request, "portal").note(EventKind.ADDED, "Ajout de Camille")
    (item,) = held("rights", "profile", language)
    assert dict(item.shown())[word] == only_request().reference
    assert item.values["answers"]["details"] == WORDS
    text = json.dumps(item.values, ensure_ascii=False)
    assert "Ajout de Camille" in text
    assert "Entre nous" not in text


def test_a_draft_is_told_until_it_is_sent(people: People) -> None:
    browser = people.signed_in()
    page = describe_copy(browser)
    (item,) = held("rights", "profile")
    assert item.kind == "rights_request_draft"
    assert WORDS in [value for _label, value in item.facts]
    page.submit(action="/later").submit(action="/send")
    (item,) = held("rights", "profile")
    assert item.kind == "rights_request"


def test_somebody_elses_requests_are_not_told(people: People) -> None:
    people.account("noah@example.org")
    file_with_document_later(people.signed_in())
    assert held("rights", "profile") == []


def test_a_check_is_told_and_its_document_never(people: People) -> None:
    browser = people.signed_in()
    people.staff("reviewer")
    send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
    with transaction() as session:
        check = session.execute(select(IdentityCheck)).scalar_one()
        checking.decide(check, CheckResult.CONFIRMED, member=session.execute(select(StaffMember)).scalar_one())
    (item,) = held("identity_checks", "identity")
    assert item.values["result"] == "confirmed"
    told = {"method", "result", "place", "doubts_lifted", "checked_by", "checked_at", "document_destroyed_at"}
    assert set(item.values) == told
    assert item.values["checked_by"] == "reviewer"
    assert "Vérification d’identité et demandes" in dict(item.facts).values()
    assert "Identité confirmée" in dict(item.facts).values()


def test_the_case_and_the_customer_read_by_what_and_by_which_team(people: People) -> None:
    browser = people.signed_in()
    people.staff("reviewer", name="Nora Petit")
    send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
    with transaction() as session:
        check = session.execute(select(IdentityCheck)).scalar_one()
        checking.decide(check, CheckResult.CONFIRMED, member=session.execute(select(StaffMember)).scalar_one())
    page = browser.get(f"/requests/{only_request().reference}")
    assert "Identité confirmée Pièce d’identité · Vérification d’identité et demandes · " in page.text
    assert "Nora" not in page.text
