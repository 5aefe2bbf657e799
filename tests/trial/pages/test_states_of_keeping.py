"""Pages of what ends and what is kept, in states that the demonstration is not in: holds, archive, runs, clock, restore."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.lookups.models import WholeBaseLook
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.ledger import doors
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.acting.visitor import Visitor
from tests.support.insiders import answer
from tests.support.keeping import end_now
from tests.support.looking.archive import on, order
from tests.support.looking.pages.page_checks import check_page, refuse
from tests.support.packages import take_in
from tests.support.records import customer, invoice, visit

Look = Callable[..., Visitor]
DAY = timedelta(days=1)


@pytest.fixture
def officer(people: People) -> Browser:
    return people.signed_in_staff(Role.OFFICER)


def place(officer: Browser, category: str, words: str) -> str:
    day = clock.today() + 60 * DAY
    values = {
        "identifier": "C-1001", "category": category, "ground": "litigation", "words": words,
        "review_on-day": str(day.day), "review_on-month": str(day.month), "review_on-year": str(day.year),
    }  # fmt: skip
    return officer.get("/staff/holds/new").submit(values, with_field="words").url


def test_legal_holds(people: People, officer: Browser, look: Look) -> None:
    client = people.signed_in(external_id="C-1001")
    take_in(visit(1), invoice())
    refuse(look(officer, "/staff/holds", "/staff/holds/new"))
    first = place(officer, "usage", "Assignation reçue le 3 novembre")
    place(officer, "transaction", "Contrôle fiscal des exercices 2024 et 2025, avis du 2 octobre, dossier n° 2026-1187")
    look(officer, "/staff/holds", first)
    refuse(look(officer, first), "form:has([name=reason])")
    with transaction() as session:
        session.execute(update(LegalHold).values(review_on=clock.today() - DAY))
    look(officer, "/staff/holds", first, "/staff/desk")
    approval = officer.get(first).submit({"reason": "Le jugement est définitif."}, with_field="reason").url
    colleague = people.signed_in_staff(Role.OFFICER, "other@example.org")
    look(officer, first, approval)
    look(colleague, approval, "/staff/approvals")
    answer(colleague, approval.rpartition("/")[2])
    look(officer, first, approval, "/staff/holds")
    look(client, "/data/usage", "/data")


def test_the_archive(people: People, officer: Browser, look: Look) -> None:
    client = people.signed_in(external_id="C-1001")
    take_in(
        customer(email="camille@example.org", relationship_ended_on="2026-06-30"),
        invoice("F-77"), *[order(f"CMD-{number}", "130.00") for number in range(12)], visit(1),
    )  # fmt: skip
    on(date(2026, 12, 1))
    visitor = look(officer, "/staff/archive")
    refuse(visitor, "form:has([name=reason])")
    values = {"identifier": "C-1001", "ground": "litigation", "request_reference": "",
              "reason": "Le client conteste la facture devant le tribunal"}  # fmt: skip
    opened = officer.get("/staff/archive").submit(values, with_field="reason").url
    look(officer, opened, f"{opened}?words=F-77", f"{opened}?words=nothing")
    look(client, "/data/transaction", "/data", "/access-log")
    people.customer("lucas@example.org", external_id="C-1002")
    empty = officer.get("/staff/archive").submit(values | {"identifier": "C-1002"}, with_field="reason").url
    look(officer, empty, width=390)


def test_runs_and_what_waits_for_the_officer(people: People, officer: Browser, look: Look) -> None:
    look(officer, "/staff/retention", "/staff/retention/whole_base_looks", "/staff/desk")
    member = people.staff(Role.MARKETING)
    at = clock.now() - 1500 * DAY
    with transaction() as session:
        session.add_all(WholeBaseLook(staff_id=member.id, team="marketing", at=at, category="c") for _ in range(25))
    end_now("whole_base_looks")
    look(officer, "/staff/retention", "/staff/retention/whole_base_looks", "/staff/desk")
    officer.get("/staff/retention/whole_base_looks").submit(action="/staff/retention/whole_base_looks")
    look(officer, "/staff/retention/whole_base_looks")
    end_now()
    look(officer, "/staff/retention/whole_base_looks", "/staff/retention")


@pytest.mark.usefixtures("asleep_meanwhile")
def test_a_clock_that_jumped(officer: Browser, look: Look) -> None:
    look(officer, "/staff/clock")
    assert may_destroy()
    with transaction() as session:
        past = f"{clock.now() - 40 * DAY:%Y-%m-%d %H:%M:%S.%f}"
        session.execute(text("UPDATE clock_marks SET highest_at = :at, seen_at = :at"), {"at": past})
    assert not may_destroy()
    visitor = look(officer, "/staff/retention", "/staff/desk", "/staff/clock")
    visitor.send({}, "main form[method=post]")
    check_page(visitor.page)


def test_a_restored_backup_that_is_shut(
    app: Flask, people: People, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Browser(app)
    look(reader, "/")
    monkeypatch.setattr(doors.doors(), "are_open", lambda: False)
    look(reader, "/sign-in", "/unsubscribe", "/staff/sign-in", width=390)
