"""Who is asking, as the staff checks it: by the whole checklist, seen by the holder only, destroyed by the finding."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof.paper_checks import CheckItem, RejectReason, checklist
from portal.identity_checks.proof.papers import Paper
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import LOOK_REASONS, reason_text
from portal.rights.identity.forms import LookForm
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import People
from tests.support.cases import (
    case,
    column,
    decide,
    form_token,
    open_case,
    refusal_values,
    second,
    staff_browser,
    take,
    taken_in,
)
from tests.support.documents import specimens
from tests.support.filing import all_documents, file_with_document_later, only_request, send_card, send_sides
from tests.support.looking.audit_trail import events

POINTS = [str(item) for item in checklist(Paper.IDENTITY_CARD, compares_birth_date=True)]


@pytest.fixture
def customer(people: People) -> Browser:
    """Camille has filed a request from a device just seen, and sent both sides of a card."""
    browser = people.signed_in()
    send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
    return browser


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


@pytest.fixture
def stored(settings: Settings) -> Callable[[], list[Path]]:
    """Return the files that storage holds of identity documents."""
    folder = Path(settings.storage_url.removeprefix("file://")) / "identity"
    return lambda: sorted(folder.iterdir()) if folder.exists() else []


def checks() -> list[tuple[CheckResult, str | None]]:
    db.session.rollback()
    rows = db.session.execute(select(IdentityCheck).order_by(IdentityCheck.id)).scalars()
    return [(row.result, row.reason) for row in rows]


def find(page: Page, result: str, **values: Any) -> Page:
    """Fill the identity form of a case's page and record the finding."""
    return page.submit({"result": result} | values, with_field="result")


def pictures(page: Page) -> list[str]:
    return [str(image["src"]) for image in page.tree.select("section.case-document img")]


def test_identity_is_confirmed_with_every_point_ticked_only(
    customer: Browser, reviewer: Browser, mailbox: Mailbox, stored: Callable[[], list[Path]]
) -> None:
    reference = only_request().reference
    assert column(reviewer.get("/staff/queue"), "À faire") == ["Vérifier la pièce"]
    page = take(reviewer, reference)
    boxes = [box["value"] for box in page.form(with_field="result").select("input[name=checklist]")]
    assert boxes == POINTS
    ticked = [point for point in POINTS if point not in {CheckItem.NAME_MATCHES, CheckItem.IS_IN_DATE}]
    page = find(page, "confirmed", checklist=ticked)
    assert page.status == 422
    (error,) = page.errors
    for item in (CheckItem.NAME_MATCHES, CheckItem.IS_IN_DATE):
        assert item.label("fr") in error
    form = page.form(with_field="result")
    assert [box["value"] for box in form.select("input[name=checklist][checked]")] == ticked, "the ticks stay"
    assert checks() == [(CheckResult.PENDING, None)]
    assert len(stored()) == 2
    page = find(page, "confirmed", checklist=POINTS)
    assert page.status == 200
    assert case(reference).status is Status.IN_REVIEW
    assert column(reviewer.get("/staff/queue"), "À faire") == ["Répondre"]
    assert checks() == [(CheckResult.CONFIRMED, None)]
    assert "Identité confirmée" in page.text
    assert page.form(with_field="way")
    mails = [mail["Subject"] for mail in mailbox.to("camille@example.org")]
    assert stored() == []
    assert all_documents() == []
    assert [event.facts for event in events("customer:identity:checked")] == [
        {"method": "document", "result": "confirmed"}
    ]
    assert len(events("customer:identity_document:destroyed")) == 2
    assert f"{reference} : votre identité est confirmée" in mails
    assert "Votre pièce d’identité a été détruite le" in customer.get(f"/requests/{reference}").text


def test_a_point_of_somebody_elses_making_confirms_nothing(customer: Browser, reviewer: Browser) -> None:
    page = take(reviewer, only_request().reference)
    data = {"csrf_token": form_token(page), "version": "1", "result": "confirmed", "checklist": [*POINTS, "all"]}
    assert reviewer.post(f"/staff/requests/{only_request().reference}/identity", data).status == 422
    assert checks() == [(CheckResult.PENDING, None)]


def test_a_document_that_nobody_can_see_confirms_nothing(
    people: People, reviewer: Browser, stored: Callable[[], list[Path]]
) -> None:
    browser = people.signed_in()
    page = file_with_document_later(browser)
    reference = only_request().reference
    version = str(only_request().version)
    case_page = take(reviewer, reference)
    assert "La pièce n’est pas encore arrivée." in case_page.text

    def confirm() -> Page:
        data = {"csrf_token": form_token(case_page), "version": version, "result": "confirmed", "checklist": POINTS}
        return reviewer.post(f"/staff/requests/{reference}/identity", data)

    assert confirm().status == 422
    page = page.follow_to("/requests/identity/").submit({"paper": "identity_card"}, with_field="paper")
    send_sides(page, front=specimens.front())
    assert confirm().status == 422, "one side of two"
    send_sides(browser.get(page.url + "?paper=identity_card"), back=specimens.back())
    version = str(case(reference).version)
    with transaction() as session:
        session.execute(update(IdentityDocument).values(status=DocumentStatus.HELD))
    page = confirm()
    assert page.status == 422
    assert "attend l’antivirus" in page.errors[0]
    assert pictures(page) == []
    assert checks() == [(CheckResult.PENDING, None)]
    with transaction() as session:
        session.execute(update(IdentityDocument).values(status=DocumentStatus.READY))
    assert confirm().errors == ["Ouvrez la pièce avant de confirmer."]
    version = str(case(reference).version)
    open_case(reviewer, reference).submit(action="/look")
    assert confirm().status == 200
    assert checks() == [(CheckResult.CONFIRMED, None)]


def test_asking_again_pauses_opens_another_check_and_destroys_what_came(
    app: Flask, people: People, mailbox: Mailbox, stored: Callable[[], list[Path]]
) -> None:
    people.account(confirmed_days_ago=10)
    people.staff(Role.REVIEWER)
    filed = datetime(2026, 3, 5, 9, tzinfo=clock.PARIS)
    with clock.stopped_at(filed):
        customer = people.sign_in("camille@example.org")
        send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    reference = only_request().reference
    assert case(reference).due_on is not None
    with clock.stopped_at(filed + timedelta(days=1)):
        page = take(staff_browser(app, "reviewer@example.org"), reference)
        assert find(page, "asked_again").errors == ["Choisissez le motif."]
        page = find(page, "asked_again", reason="cut_off", message="Le coin droit manque.")
        found = case(reference)
        assert (found.status, found.due_on) == (Status.IDENTITY_PENDING, None)
        assert "délai en pause depuis le" in page.text
        assert checks() == [(CheckResult.ASKED_AGAIN, "cut_off"), (CheckResult.PENDING, None)]
        mail = mailbox.last_to("camille@example.org")
        assert stored() == []
        assert "Nous l’avons détruite" in text_of(mail)
        assert "coin droit" not in text_of(mail)
    with clock.stopped_at(filed + timedelta(days=10)):
        customer = people.sign_in("camille@example.org")
        page = customer.get(f"/requests/{reference}")
        assert "Le coin droit manque." in page.text
        assert RejectReason.CUT_OFF.hint("fr").replace("\u00a0", " ") in page.text
        send_card(page.follow_to("/requests/identity/"))
        found = case(reference)
        assert (found.status, found.due_on) == (Status.IN_REVIEW, datetime(2026, 4, 14).date())
        page = take(staff_browser(app, "reviewer@example.org"), reference)
        assert len(pictures(page)) == 2
        find(page, "confirmed", checklist=POINTS)
    assert [result for result, _reason in checks()] == [CheckResult.ASKED_AGAIN, CheckResult.CONFIRMED]


def test_after_a_rejection_only_a_refusal_leaves(
    customer: Browser, reviewer: Browser, people: People, mailbox: Mailbox, stored: Callable[[], list[Path]]
) -> None:
    reference = only_request().reference
    page = find(take(reviewer, reference), "rejected", reason="altered", message="Police différente.")
    assert page.status == 200
    assert checks() == [(CheckResult.REJECTED, "altered")]
    run_asked_jobs()
    assert stored() == []
    assert "Police différente." in open_case(reviewer, reference).text
    assert "Police différente." not in customer.get(f"/requests/{reference}").text
    page = decide(open_case(reviewer, reference), "granted")
    assert page.status == 422
    assert page.errors == ["Vérifiez d’abord l’identité, ou refusez parce qu’elle n’est pas établie."]
    page = decide(open_case(reviewer, reference), "refused", **refusal_values(Right.ACCESS, ground="rights_of_others"))
    assert page.status == 422, "not even a refusal on another ground"
    decide(open_case(reviewer, reference), "refused", **refusal_values(Right.ACCESS, ground="identity_not_proven"))
    second(people.signed_in_staff(Role.OFFICER), reference)
    assert case(reference).outcome is Outcome.REFUSED
    assert "vérifier que la demande vient de vous" in customer.get(f"/requests/{reference}").text


def test_before_the_check_only_a_refusal_for_want_of_identity_leaves(
    people: People, reviewer: Browser, mailbox: Mailbox, stored: Callable[[], list[Path]]
) -> None:
    browser = people.signed_in()
    later = file_with_document_later(browser)
    reference = only_request().reference
    for outcome in ("granted", "partial"):
        assert decide(open_case(reviewer, reference), outcome, **refusal_values(Right.ACCESS)).status == 422
    values = refusal_values(Right.ACCESS, ground="identity_not_proven")
    page = decide(open_case(reviewer, reference), "refused", **values)
    assert page.status == 200
    found = case(reference)
    assert (found.status, found.paused_on) == (Status.SECOND_OPINION, None), "we wait for the customer no longer"
    second(people.signed_in_staff(Role.OFFICER), reference)
    assert case(reference).status is Status.CLOSED
    assert checks() == [(CheckResult.ABANDONED, None)]
    assert browser.get(later.link("Montrez que c’est bien vous")).status in {200, 404, 409}
    assert "Montrez que c’est bien vous" not in browser.get(f"/requests/{reference}").text


def test_a_document_that_nobody_looked_at_is_destroyed_with_the_answer(
    customer: Browser, people: People, stored: Callable[[], list[Path]]
) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    reviewer = people.signed_in_staff(Role.REVIEWER)
    reference = only_request().reference
    page = open_case(reviewer, reference)
    values = refusal_values(Right.ACCESS, ground="identity_not_proven") | {"way": "refused", "message": "Non."}
    data = values | {"csrf_token": form_token(page), "version": str(case(reference).version)}
    assert reviewer.post(f"/staff/requests/{reference}/decision", data).status == 200
    second(officer, reference)
    run_asked_jobs()
    assert (stored(), all_documents()) == ([], [])
    assert checks() == [(CheckResult.ABANDONED, None)]


def test_only_the_holder_with_the_permission_is_shown_the_document(
    customer: Browser, people: People, reviewer: Browser
) -> None:
    reference = only_request().reference
    page = open_case(reviewer, reference)
    assert pictures(page) == []
    assert "Prendre le dossier et ouvrir la pièce" in page.text
    address = f"/staff/documents/{all_documents()[0].public_id}/1"
    assert reviewer.get(address).status == 403
    support = people.signed_in_staff(Role.SUPPORT)
    page = take(support, reference)
    assert "Une personne chargée de la vérification regarde la pièce." in page.text
    assert pictures(page) == []
    assert support.get(address).status == 403
    with pytest.raises(AssertionError):
        page.form(with_field="result")
    page = open_case(reviewer, reference).submit(action="/claim")
    assert pictures(page) == []
    assert reviewer.get(address).status == 403, "nothing opens before its purpose is stated"
    page = page.submit(action="/look")
    assert len(pictures(page)) == 2
    for source in pictures(page):
        assert reviewer.client.get(source).mimetype == "image/jpeg"


def test_support_records_no_finding_and_asks_for_no_document(customer: Browser, people: People) -> None:
    support = people.signed_in_staff(Role.SUPPORT)
    reference = only_request().reference
    token = form_token(support.get("/staff/queue"))
    for action, field in (("identity", "result"), ("doubt", "doubt-text")):
        data = {"csrf_token": token, field: "confirmed", "version": str(case(reference).version)}
        assert support.post(f"/staff/requests/{reference}/{action}", data).status == 403
    assert checks() == [(CheckResult.PENDING, None)]


def test_every_look_is_told_to_the_customer_in_their_language(people: People, reviewer: Browser) -> None:
    browser = people.signed_in("emma@example.org", language="en", given_name="Emma")
    page = browser.get("/requests/new/access").submit({"details": "All of it"}, with_field="details")
    page = page.submit(action="/later").submit(action="/send")
    page = page.follow_to("/requests/identity/").submit({"paper": "identity_card"}, with_field="paper")
    send_sides(page, front=specimens.front(), back=specimens.back())
    reference = only_request().reference
    page = take(reviewer, reference)
    for source in pictures(page):
        assert reviewer.client.get(source).status_code == 200
    log = browser.get("/access-log")
    pictured, opened = [" ".join(item.get_text(" ").split()) for item in log.tree.select("ol.timeline > li")]
    assert pictured.startswith("2 looks")
    assert pictured.count("Your identity document") == 2
    assert "Checking your identity" in pictured
    assert "Your request" in opened, "the same look at a case counts once a day"
    assert "Working on your request" in opened
    assert reference in pictured
    assert reference in opened
    assert "Nora" not in log.text, "the team, never the person"


def test_after_the_finding_the_address_of_the_picture_is_dead(
    customer: Browser, reviewer: Browser, stored: Callable[[], list[Path]]
) -> None:
    page = take(reviewer, only_request().reference)
    sources = pictures(page)
    find(page, "confirmed", checklist=POINTS)
    take(reviewer, only_request().reference)
    assert {reviewer.client.get(source).status_code for source in sources} == {410}
    run_asked_jobs()
    assert {reviewer.client.get(source).status_code for source in sources} == {404}
    assert stored() == []


def test_a_written_doubt_asks_for_a_document_and_stops_the_clock(
    people: People, reviewer: Browser, mailbox: Mailbox
) -> None:
    browser = people.signed_in()
    reference = taken_in(people, Right.ACCESS)
    page = open_case(reviewer, reference).submit({"doubt-text": ""}, action="/doubt")
    assert page.errors == ["Écrivez ce qui vous fait douter."]
    page = page.submit({"doubt-text": "L’adresse de l’expéditeur n’est pas la vôtre."}, action="/doubt")
    assert page.status == 200
    found = case(reference)
    assert (found.status, found.due_on, found.is_document_needed) == (Status.IDENTITY_PENDING, None, True)
    assert "written_doubt" in found.identity_signals
    assert "Doute écrit par notre équipe" in page.text
    assert reference in mailbox.last_to("camille@example.org")["Subject"]
    page = browser.get(f"/requests/{reference}")
    assert "L’adresse de l’expéditeur n’est pas la vôtre." in page.text
    send_card(page.follow_to("/requests/identity/"))
    assert case(reference).status is Status.IN_REVIEW
    find(take(reviewer, reference), "confirmed", checklist=POINTS)
    assert decide(open_case(reviewer, reference), "granted").status == 200


@pytest.mark.parametrize("right", [Right.RESTRICTION, Right.OBJECTION])
def test_some_rights_never_need_a_document(people: People, reviewer: Browser, right: Right) -> None:
    reference = taken_in(people, right)
    page = open_case(reviewer, reference)
    with pytest.raises(AssertionError):
        page.form(action="/doubt")
    data = {
        "csrf_token": form_token(page),
        "doubt-text": "Qui êtes-vous ?",
        "doubt-version": str(case(reference).version),
    }
    assert reviewer.post(f"/staff/requests/{reference}/doubt", data).status == 422
    assert case(reference).status is Status.RECEIVED
    assert checks() == []


def test_a_finding_on_a_case_that_changed_is_not_recorded(customer: Browser, reviewer: Browser) -> None:
    reference = only_request().reference
    page = take(reviewer, reference)
    with transaction() as session:
        session.execute(update(RightsRequest).values(version=RightsRequest.version + 1))
    page = find(page, "asked_again", reason="cut_off", message="Le coin droit manque.")
    assert page.status == 409
    assert "Le coin droit manque." in page.text
    assert checks() == [(CheckResult.PENDING, None)]


def test_a_doubt_never_stands_beside_no_document_needed(people: People, reviewer: Browser) -> None:
    words = open_case(reviewer, taken_in(people, Right.ACCESS, is_proven=False)).text
    assert "Ce qui fait douter" in words
    assert "Aucune pièce n’a été nécessaire." not in words
    assert "Personne n’a encore demandé de pièce." in words


def test_staff_choose_a_reason_in_words_for_staff(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        choices = [(code, str(label)) for code, label in LookForm().reason.choices]
    assert [code for code, _label in choices] == list(LOOK_REASONS)
    for code, label in choices:
        assert not re.search(r"\bvo(tre|s)\b", label), label
        assert re.search(r"\bvotre\b", reason_text(code, "fr")), "the customer is spoken to"
