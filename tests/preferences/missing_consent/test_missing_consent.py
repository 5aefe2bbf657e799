"""A record that needs a consent which nobody can show is counted, and the officer hears of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.doctor import State, examine
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.missing_consent import looking
from portal.preferences.models import Origin
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import deliver
from tests.support.acting.people import People
from tests.support.acting.visitors import statements
from tests.support.packages import take_in
from tests.support.records import customer, invoice, record

LINE = "Données gardées sans trace d’accord"


def survey(number: int, of: str) -> dict[str, Any]:
    values = {"survey": "Printemps", "question": f"Question {number}", "answer": "Oui"}
    at = f"2026-03-{number:02}T10:00:00+01:00"
    return record("survey_answer", f"S-{number}", values, of, recorded_at=at)


def agree(of: str, at: datetime, *, is_yes: bool = True) -> None:
    person = db.session.execute(select(Customer).where(Customer.external_id == of)).scalar_one()
    with transaction():
        choice = Choice("surveys.email", is_yes, "J’accepte les sondages.", "1")
        record_choices(person, [choice], origin=Origin.IMPORT, language="fr", effective_at=at)


def look() -> None:
    with transaction():
        enqueue("preferences.look_for_missing_consent")
    deliver()


@pytest.fixture
def held(app: Flask) -> None:
    """Three answers of two people; one of them agreed between the second and the third."""
    take_in(customer("C-1"), customer("C-2"), survey(2, "C-1"), survey(9, "C-1"), survey(5, "C-2"), invoice(of="C-1"))
    agree("C-1", datetime(2026, 3, 4, tzinfo=UTC))


@pytest.fixture
def officer(people: People) -> Browser:
    return people.signed_in_staff(Role.OFFICER)


def test_the_officer_finds_how_many_and_since_when(held: None, officer: Browser) -> None:
    assert LINE not in officer.get("/staff/desk").text, "nothing is counted yet"
    look()
    desk = officer.get("/staff/desk")
    (row,) = [row for row in desk.tree.select("main tbody tr") if LINE in row.get_text()]
    assert row.select_one(".number").get_text(strip=True) == "2"
    assert row.time["datetime"].startswith("2026-03-02")
    page = desk.click(LINE)
    assert "Réponse à un sondage 2 2 mars 2026" in page.text


def test_a_consent_that_arrives_later_settles_it(held: None, officer: Browser) -> None:
    look()
    agree("C-1", datetime(2026, 2, 1, tzinfo=UTC))
    agree("C-2", datetime(2026, 2, 1, tzinfo=UTC))
    look()
    assert LINE not in officer.get("/staff/desk").text
    assert "Le dernier comptage n’en a trouvé aucune." in officer.get("/staff/missing-consent").text


def test_a_consent_taken_back_before_covers_nothing(held: None, officer: Browser) -> None:
    agree("C-1", datetime(2026, 3, 6, tzinfo=UTC), is_yes=False)
    look()
    assert "Réponse à un sondage 3" in officer.get("/staff/missing-consent").text


def test_the_doctor_says_so(held: None) -> None:
    assert dict(findings())["consent"] is State.WELL
    look()
    found = next(text for is_well, text in examine() if text.startswith("consent:") and is_well is State.NOT_FIT)
    assert "2 survey_answer, the oldest of 2026-03-02" in found


def findings() -> list[tuple[str, State]]:
    return [(text.partition(":")[0], is_well) for is_well, text in examine()]


def test_the_look_reads_slice_by_slice(held: None, officer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "SLICE", 1)
    with statements() as seen:
        look()
    reads = [text for text in seen if text.startswith("SELECT records.id")]
    assert len(reads) == 4, "one for each record, and one that finds no more"
    assert "Réponse à un sondage 2" in officer.get("/staff/missing-consent").text
