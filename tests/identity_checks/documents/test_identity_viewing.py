"""A document is seen by the person who holds the case, whole, logged first, and by nobody else."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageChops
from sqlalchemy import select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.customers.models import Customer
from portal.identity_checks.documents.viewing import LOOK_LASTS
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof import checking
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import form_token, open_case, take
from tests.support.documents import specimens
from tests.support.filing import all_documents, file_with_document_later, only_request, send_card


@pytest.fixture
def sent(people: People) -> Browser:
    """Camille has filed a request and sent both sides of a card."""
    browser = people.signed_in()
    send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
    return browser


def hold_case(reviewer: Browser) -> None:
    take(reviewer, only_request().reference)


def look(browser: Browser, page: int = 1, side: int = 0, turn: int = 0):  # type: ignore[no-untyped-def]
    query = f"?turn={turn}" if turn else ""
    return browser.client.get(f"/staff/documents/{all_documents()[side].public_id}/{page}{query}")


def picture_of(answer: Any) -> Image.Image:
    return Image.open(BytesIO(answer.data)).convert("L")


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


def test_the_purpose_comes_first_and_the_customer_reads_it(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    page = open_case(reviewer, only_request().reference).submit(action="/claim")
    assert look(reviewer).status_code == 403
    token = form_token(page)
    for reason in ("", "curiosity"):
        refused = reviewer.post(page.url + "/look", {"csrf_token": token, "look-reason": reason})
        assert refused.status == 422
        assert look(reviewer).status_code == 403
    assert "staff:identity_document:opened" not in tags()
    page.submit({"look-reason": "identity_question"}, action="/look")
    assert look(reviewer).status_code == 200
    found = [tag for tag in tags() if tag.startswith("staff:identity_document")]
    assert found == ["staff:identity_document:opened", "staff:identity_document:seen"]
    assert "Répondre à une question sur votre pièce" in sent.get("/access-log").text


def test_a_look_at_a_document_of_anothers_case_is_refused_and_noted(people: People, sent: Browser) -> None:
    hold_case(people.signed_in_staff("reviewer"))
    assert look(people.signed_in_staff("reviewer", "lena@example.org")).status_code == 403
    db.session.rollback()
    denied = [event for event in db.session.execute(select(AuditEvent)).scalars() if event.tag.endswith(":denied")]
    lena = db.session.execute(select(StaffMember.public_id).where(StaffMember.email == "lena@example.org")).scalar_one()
    (event,) = denied
    assert (event.tag, event.actor) == ("staff:identity_document:denied", f"staff:{lena}")
    assert event.facts == {"document": all_documents()[0].public_id}
    assert "staff:identity_document:seen" not in tags()


def test_a_look_ends_by_itself(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    with clock.stopped_at(clock.now() + LOOK_LASTS - timedelta(seconds=5)):
        assert look(reviewer).status_code == 200
    with clock.stopped_at(clock.now() + LOOK_LASTS + timedelta(seconds=5)):
        assert look(reviewer).status_code == 403
        page = open_case(reviewer, only_request().reference)
        assert page.tree.select("figure.document img") == []
        page.submit(action="/look")
        assert look(reviewer).status_code == 200


def test_a_clock_put_back_does_not_lengthen_a_look(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    with clock.stopped_at(clock.now() - timedelta(hours=1)):
        assert look(reviewer).status_code == 403


def test_the_next_document_of_a_case_has_a_purpose_of_its_own(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    reference = only_request().reference
    asked = open_case(reviewer, reference).submit(
        {"result": "asked_again", "reason": "unreadable"}, with_field="result"
    )
    run_asked_jobs()
    send_card(sent.get(f"/requests/{reference}").follow_to("/requests/identity/"))
    assert look(reviewer).status_code == 403
    page = reviewer.get(asked.url)
    assert page.tree.select("figure.document img") == []
    page.submit(action="/look")
    assert look(reviewer).status_code == 200
    assert tags().count("staff:identity_document:opened") == 2


def test_nobody_looks_for_the_purpose_of_a_colleague(people: People, sent: Browser) -> None:
    first, second = people.signed_in_staff("reviewer"), people.signed_in_staff("reviewer", "lena@example.org")
    hold_case(first)
    open_case(second, only_request().reference).submit({"take_over": "yes"}, action="/claim")
    given = first.client.get_cookie("staff_form")
    assert given
    second.client.set_cookie("staff_form", given.value)
    assert look(second).status_code == 403
    assert "staff:identity_document:seen" not in tags()


def test_who_looks_and_when_stands_across_the_picture(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    minute = clock.now()
    with clock.stopped_at(minute):
        first, again = picture_of(look(reviewer)), picture_of(look(reviewer))
    with clock.stopped_at(minute + timedelta(minutes=3)):
        later = picture_of(look(reviewer))
    assert ImageChops.difference(first, again).getbbox() is None
    assert ImageChops.difference(first, later).getbbox() is not None, "the time is part of what is written"
    bare = Image.open(BytesIO(specimens.front())).convert("L").resize(first.size)
    written = ImageChops.difference(first, bare).point(lambda level: 255 * (level > 40))
    left, top, right, bottom = written.getbbox() or (0, 0, 0, 0)
    assert right - left > first.width * 0.9, "no part worth having can be cut out without it"
    assert bottom - top > first.height * 0.9
    assert written.histogram()[255] < first.width * first.height * 0.12, "what is under it can still be read"


def test_it_can_be_turned_by_quarters_only(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    upright, turned = picture_of(look(reviewer)), picture_of(look(reviewer, turn=90))
    assert turned.size == upright.size[::-1]
    assert picture_of(look(reviewer, turn=180)).size == upright.size
    assert look(reviewer, turn=45).status_code == 404


def test_a_colleague_who_is_the_customer_is_kept_out(people: People, sent: Browser) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    reference = only_request().reference
    token = form_token(reviewer.get("/staff/queue"))
    with transaction() as session:
        own = session.execute(select(Customer.email_normalised)).scalar_one()
        session.execute(update(StaffMember).values(email=own, email_normalised=own))
    assert look(reviewer).status_code == 403
    assert reviewer.get(f"/staff/requests/{reference}").status == 403
    for act in ("claim", "look", "identity", "note", "decision", "question"):
        assert reviewer.post(f"/staff/requests/{reference}/{act}", {"csrf_token": token}).status == 403, act


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

    monkeypatch.setattr("portal.lookups.drawing.log_access", full)
    answer = look(reviewer)
    assert answer.status_code == 500
    assert b"\xff\xd8\xff" not in answer.data


@pytest.mark.parametrize(
    "finding",
    [{"result": "confirmed"}, pytest.param({"result": "rejected", "reason": "altered"}, marks=pytest.mark.trial)],
)
def test_what_is_found_of_an_identity_answers_no_question_to_the_customer(
    people: People, sent: Browser, finding: dict[str, str]
) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    reference = only_request().reference
    open_case(reviewer, reference).submit({"question-text": "Quelle année vous intéresse ?"}, action="/question")
    page = open_case(reviewer, reference)
    points = [box["value"] for box in page.form(with_field="result").select("[name=checklist]")]
    page.submit(finding | {"checklist": points}, with_field="result")
    request = only_request()
    assert (request.status, request.paused_on) == (Status.CLARIFICATION_PENDING, clock.today())
    sent.get(f"/requests/{reference}").submit({"text": "2024."}, with_field="text")
    assert (only_request().status, only_request().paused_on) == (Status.IN_REVIEW, None)


def test_the_decision_leaves_method_result_role_and_time_and_nothing_else_of_the_document(
    people: People, sent: Browser
) -> None:
    reviewer = people.signed_in_staff("reviewer")
    hold_case(reviewer)
    assert look(reviewer).status_code == 200
    documents = all_documents()
    # The file's keyed fingerprint and the digest of its sealed bytes would tell whether a copy found elsewhere is the
    # one that was sent, and are as good as a number: they go too. The random public id names nothing by now; the
    # audit trail keeps it to say which document was destroyed.
    traces = [
        text for row in documents
        for text in (row.fingerprint, row.digest, row.storage_key, specimens.HOLDER.surname.upper(), "SPECIMEN<<")
    ]  # fmt: skip
    assert [text for text in traces[:3] if not tables_with(text)] == [], "the search finds what is there"
    with transaction() as session:
        check = session.execute(select(IdentityCheck)).scalar_one()
        member = session.execute(select(StaffMember)).scalar_one()
        checking.decide(check, CheckResult.CONFIRMED, member=member)
    run_asked_jobs()
    assert all_documents() == []
    check = db.session.execute(select(IdentityCheck)).scalar_one()
    assert (check.method, check.result, check.reason, check.checked_by) == ("document", "confirmed", None, "reviewer")
    assert check.checked_at is not None
    assert {text: tables_with(text) for text in traces if tables_with(text)} == {}


def tables_with(text: str) -> list[str]:
    """Return the tables that hold a text in any column, in bytes, JSON or words."""
    db.session.rollback()
    needle = text.encode()
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(table.select()):
            if any(needle in (value if isinstance(value, bytes) else str(value).encode()) for value in row):
                found.append(table.name)
                break
    return found
