"""No look without a trace: whatever shows a customer to staff is in that customer's log first, or is not shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, render_template
from jinja2 import UndefinedError
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry
from portal.rights.lifecycle import Right
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.approvals import second_export
from tests.support.cases import WORDS, column, open_case, taken_in
from tests.support.looking.audit_trail import events

READ = "staff:customer_data:read"


def entries() -> list[tuple[str, str | None]]:
    """Return category and case of each entry of the access log, and check that each has its audit event."""
    db.session.rollback()
    found = db.session.execute(select(AccessLogEntry).order_by(AccessLogEntry.id)).scalars()
    logged = [(entry.category, entry.request_reference) for entry in found]
    assert [(event.facts["category"], event.facts["request"]) for event in events(READ)] == logged
    return logged


def post(browser: Browser, path: str, *, follow: bool = True, **values: str) -> Page:
    return browser.post(path, {"csrf_token": browser.form_token(path), **values}, follow=follow)


@pytest.fixture
def reference(people: People) -> str:
    return taken_in(people)


@pytest.mark.parametrize(
    "act", ["decision", "second-opinion", "question", "extension", "note", "doubt", "look", "identity"]
)
def test_a_refused_form_is_a_look(people: People, reference: str, act: str) -> None:
    officer = people.signed_in_staff(Role.OFFICER)

    page = post(officer, f"/staff/requests/{reference}/{act}")

    assert page.status == 422
    assert WORDS in page.text
    assert entries() == [("request", reference)]


def test_ten_refused_forms_in_a_row_are_one_look(people: People, reference: str) -> None:
    reviewer = people.signed_in_staff(Role.REVIEWER)

    open_case(reviewer, reference)
    for _time in range(10):
        assert post(reviewer, f"/staff/requests/{reference}/decision").status == 422

    assert entries() == [("request", reference)]


def test_a_conflict_that_shows_the_history_is_a_look(people: People, reference: str) -> None:
    reviewer = people.signed_in_staff(Role.REVIEWER)
    path = f"/staff/requests/{reference}/question"

    page = post(reviewer, path, **{"question-text": "Laquelle ?", "question-version": "99"})

    assert page.status == 409
    assert "Ce qui vient de se passer" in page.text
    assert entries() == [("request", reference)]


def test_a_colleagues_hold_shows_nothing_and_is_no_look(people: People, reference: str) -> None:
    colleague = people.signed_in_staff(Role.REVIEWER, "other@example.org", name="Léa Roux")
    post(colleague, f"/staff/requests/{reference}/claim", follow=False)
    reviewer = people.signed_in_staff(Role.REVIEWER)

    page = post(reviewer, f"/staff/requests/{reference}/claim")

    assert page.status == 409
    assert "Léa R." in page.text
    assert entries() == []


def test_each_member_leaves_their_own_trace(people: People, reference: str) -> None:
    for role in (Role.SUPPORT, Role.REVIEWER):
        open_case(people.signed_in_staff(role), reference)

    assert entries() == [("request", reference)] * 2


@pytest.mark.parametrize("path", ["/staff/queue", "/staff/my-cases"])
def test_a_row_shows_the_least_and_is_no_look(people: People, reference: str, path: str) -> None:
    support = people.signed_in_staff(Role.SUPPORT)
    post(support, f"/staff/requests/{reference}/claim", follow=False)

    page = support.get(path)

    assert column(page, "Client") == ["Camille L."]
    assert "Lefèvre" not in page.response.text
    assert entries() == []


@pytest.mark.parametrize("names", [{"given_name": "", "family_name": "Lefèvre"}, {"given_name": "", "family_name": ""}])
def test_a_row_without_a_given_name_does_not_show_the_family_name(people: People, names: dict[str, str]) -> None:
    taken_in(people, **names)

    page = people.signed_in_staff(Role.SUPPORT).get("/staff/queue")

    assert column(page, "Client") == ["L." if names["family_name"] else "Nom inconnu"]


@pytest.mark.parametrize("text", ["Lefèvre", "Camille Lef", "camille@example.org", "C-camille"])
def test_a_search_by_name_or_address_is_a_look_at_whom_it_finds(people: People, reference: str, text: str) -> None:
    taken_in(people, Right.ACCESS, email="jean@example.org", given_name="Jean", family_name="Nom")
    support = people.signed_in_staff(Role.SUPPORT)

    for _time in range(3):
        page = support.get("/staff/queue", query_string={"text": text})

    assert len(column(page, "Client")) == 1
    assert entries() == [("search", reference)]


def test_a_search_by_reference_is_no_look(people: People, reference: str) -> None:
    page = people.signed_in_staff(Role.SUPPORT).get("/staff/queue", query_string={"text": reference})

    assert column(page, "Client") == ["Camille L."]
    assert entries() == []


def test_the_customer_reads_of_a_search(people: People, reference: str) -> None:
    people.signed_in_staff(Role.SUPPORT).get("/staff/queue", query_string={"text": "Lefèvre"})
    with_account = people.signed_in("other@example.org")
    taken_in(people, email="other@example.org")
    people.signed_in_staff(Role.REVIEWER).get("/staff/queue", query_string={"text": "other@example.org"})

    page = with_account.get("/access-log")

    assert "Votre nom, dans une recherche" in page.text
    assert "Retrouver une demande" in page.text


def test_a_customer_reads_of_files_that_held_everybody(people: People) -> None:
    browser = people.signed_in()
    marketing = people.signed_in_staff(Role.MARKETING)
    with transaction() as session:
        is_marketing = StaffMember.role == Role.MARKETING
        second_export(session.execute(select(StaffMember).where(is_marketing)).scalar_one())
    for ending in ("csv", "ndjson", "csv"):
        assert marketing.get(f"/staff/marketing/preferences.{ending}").status == 200
    late = people.signed_in("late@example.org", created_at=clock.now() + timedelta(seconds=1))

    assert [event.facts for event in events(READ)] == [{"category": "marketing", "request": None}]
    page = browser.get("/access-log")
    assert page.text.count("Fichier des choix de tous les clients") == 1
    assert "Fichier des choix de tous les clients" in browser.get("/access-log.csv").response.text
    assert "Fichier des choix de tous les clients" not in late.get("/access-log").text


@pytest.mark.parametrize(
    "ask",
    [
        lambda browser, reference: open_case(browser, reference),
        lambda browser, reference: post(browser, f"/staff/requests/{reference}/decision"),
        lambda browser, reference: browser.get("/staff/queue", query_string={"text": "Lefèvre"}),
    ],
    ids=["page", "refused form", "search"],
)
def test_what_cannot_be_traced_is_not_shown(
    people: People, reference: str, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Browser, str], Page]
) -> None:
    reviewer = people.signed_in_staff(Role.REVIEWER)

    def full(*_given: object, **_facts: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("portal.lookups.access_log.record", full)
    page = ask(reviewer, reference)

    assert page.status == 500
    assert WORDS not in page.text
    assert "Camille" not in page.text
    assert entries() == []


def test_a_page_of_a_customer_is_drawn_by_nothing_else(app: Flask) -> None:
    with app.test_request_context("/staff/"), pytest.raises(UndefinedError, match="looks_are_logged"):
        render_template("rights/staff/case.html")
