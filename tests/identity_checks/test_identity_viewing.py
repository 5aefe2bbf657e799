"""A document is seen by the person who holds the case, whole, logged first, and by nobody else."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.identity_checks import checking
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.rights.models import RightsRequest
from portal.staff.models import AccessLogEntry, StaffMember
from tests.support.browser import Browser
from tests.support.filing import all_documents, file_with_document_later, only_request, send_card
from tests.support.people import People


@pytest.fixture
def sent(people: People) -> Browser:
    """Camille has filed a request and sent both sides of a card."""
    browser = people.signed_in()
    send_card(file_with_document_later(browser).click("Envoyer la pièce"))
    return browser


def hold_case(reviewer: Browser) -> None:
    reference = only_request().reference
    reviewer.get(f"/staff/requests/{reference}").submit(action="/claim")


def look(browser: Browser, page: int = 1, side: int = 0):  # type: ignore[no-untyped-def]
    return browser.client.get(f"/staff/documents/{all_documents()[side].public_id}/{page}")


def tags() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(AuditEvent.tag).order_by(AuditEvent.sequence)).scalars())


def test_the_holder_sees_the_picture_and_the_customer_sees_who_looked(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    answer = look(reviewer)
    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert answer.data.startswith(b"\xff\xd8\xff")
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert tags().count("staff:identity_document:seen") == 1
    entries = db.session.execute(select(AccessLogEntry)).scalars().all()
    assert "identity_document" in [entry.category for entry in entries]
    assert "Vérifier votre identité" in sent.get("/access-log").text


def test_nobody_sees_it_without_holding_the_case(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    assert look(reviewer).status_code == 403
    hold_case(reviewer)
    assert look(reviewer).status_code == 200
    with transaction() as session:
        session.execute(update(RightsRequest).values(held_until=clock.now()))
    assert look(reviewer).status_code == 403
    assert tags().count("staff:identity_document:seen") == 1


@pytest.mark.parametrize("role", ["support", "marketing", "administrator"])
def test_other_roles_may_not(people: People, sent: Browser, role: str) -> None:
    member = people.signed_in_staff(role)
    staff_id = db.session.execute(select(StaffMember.id)).scalar_one()
    with transaction() as session:
        until = clock.now().replace(year=2100)
        session.execute(update(RightsRequest).values(holder_id=staff_id, held_until=until))
    assert look(member).status_code == 403


def test_customers_and_strangers_do_not_get_there(app: Flask, sent: Browser) -> None:
    for browser in (sent, Browser(app)):
        answer = look(browser)
        assert answer.status_code == 303
        assert answer.location.startswith("/staff/sign-in")


def test_a_page_that_is_not_there_is_not_found(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    assert [look(reviewer, page).status_code for page in (0, 2)] == [404, 404]
    assert reviewer.client.get(f"/staff/documents/{'0' * 32}/1").status_code == 404


def test_held_and_destroyed_documents_show_nothing(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    with transaction() as session:
        session.execute(update(IdentityDocument).values(status=DocumentStatus.HELD))
    assert look(reviewer).status_code == 409
    with transaction() as session:
        session.execute(update(IdentityDocument).values(status=DocumentStatus.READY))
    public_id = all_documents()[0].public_id
    with transaction() as session:
        check = session.execute(select(IdentityCheck)).scalar_one()
        member = session.execute(select(StaffMember)).scalar_one()
        checking.decide(check, CheckResult.CONFIRMED, member=member)
    assert reviewer.client.get(f"/staff/documents/{public_id}/1").status_code == 410


def test_one_flipped_byte_and_nothing_is_shown(people: People, sent: Browser, settings: Settings) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    document = all_documents()[0]
    path = Path(settings.storage_url.removeprefix("file://")) / document.storage_key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(content))
    answer = look(reviewer)
    assert answer.status_code == 500
    assert b"\xff\xd8\xff" not in answer.data
    assert tags()[-1] == "portal:identity_document:found_damaged"
    path.unlink()
    assert look(reviewer).status_code == 500


def test_without_opening_keys_no_document_opens(
    app: Flask, people: People, sent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    monkeypatch.setitem(app.extensions, "opening_keys", None)
    assert look(reviewer).status_code == 503


def test_looking_is_refused_where_it_cannot_be_written_down(
    people: People, sent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)

    def full(*arguments: object, **options: object) -> None:
        raise OSError("no room for the log")

    monkeypatch.setattr("portal.identity_checks.viewing.log_access", full)
    answer = look(reviewer)
    assert answer.status_code == 500
    assert b"\xff\xd8\xff" not in answer.data
