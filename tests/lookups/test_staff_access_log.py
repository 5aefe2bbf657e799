"""Who looked at your data: what the customer reads, page by page and as a file."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.audit.verification import verify_chain
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import LOG_CATEGORIES, category_label, log_access, team_label
from portal.lookups.models import AccessLogEntry
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events

EVENING = datetime(2026, 7, 14, 22, 30, tzinfo=UTC)  # already the 15th in Paris
EMAIL = "camille@example.org"


@pytest.fixture
def camille(people: People) -> Browser:
    return people.signed_in(EMAIL)


@pytest.fixture
def nora(people: People) -> StaffMember:
    return people.staff(Role.REVIEWER, name="Nora Petit-Secret")


def look(nora: StaffMember, email: str = EMAIL, *, at: datetime | None = None, **facts: str) -> None:
    facts = {"category": "contact", "reason": "Vérifier une adresse"} | facts
    with clock.stopped_at(at or clock.now()), transaction():
        customer = db.session.execute(select(Customer).where(Customer.email == email)).scalar_one()
        member = db.session.execute(select(StaffMember).where(StaffMember.id == nora.id)).scalar_one()
        log_access(member, customer, **facts)


def test_nobody_looked(camille: Browser) -> None:
    page = camille.get("/access-log")

    assert page.h1 == "Qui a vu vos données"
    assert "Personne n’a vu vos données." in page.text
    assert "3 ans" in page.text


def test_a_look_is_told_by_day_team_and_reason_never_by_name(camille: Browser, nora: StaffMember) -> None:
    look(nora, at=EVENING, request_reference="DR-2026-00431")
    look(
        nora,
        at=EVENING - timedelta(hours=1),
        category="identity_document",
        reason="Lire la date de naissance",
    )

    page = camille.get("/access-log")

    days = page.tree.select("main section[aria-labelledby^=day-]")
    assert [" ".join(day.find("h2").get_text().replace("\u00a0", " ").split()) for day in days] == [
        "mercredi 15 juillet 2026",
        "mardi 14 juillet 2026",
    ]
    first = " ".join(days[0].get_text(" ").replace("\u00a0", " ").split())
    assert "0 h 30" in first
    assert "Vérification d’identité et demandes · Coordonnées" in first
    assert "Raison : Vérifier une adresse" in first
    assert days[0].find("a")["href"] == "/requests/DR-2026-00431"
    assert "Votre pièce d’identité" in days[1].get_text()
    assert "Nora" not in page.text
    assert "Secret" not in page.response.get_data(as_text=True)


def test_a_look_is_there_at_once(people: People, camille: Browser) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)
    values = {"identifier": EMAIL, "reason": "La cliente est au téléphone"}
    page = worker.get("/staff/customers").submit(values, with_field="reason")
    worker.get(f"{page.url}/contact")

    log = camille.get("/access-log")

    (visit,) = log.tree.select(".timeline > li")
    words = " ".join(visit.get_text(" ").replace("\u00a0", " ").split())
    assert words.startswith("2 consultations Service client")
    assert [line.get_text().rpartition("· ")[2] for line in visit.select("li")] == ["Coordonnées", "Votre fiche"]
    assert words.endswith("Raison : La cliente est au téléphone")


def test_the_read_and_its_trace_are_one_transaction(app: Flask, camille: Browser, nora: StaffMember) -> None:
    look(nora, request_reference="DR-2026-00431")
    (event,) = events("staff:customer_data:read")
    assert event.actor == f"staff:{nora.public_id}"
    assert event.facts == {"category": "contact", "request": "DR-2026-00431"}
    assert verify_chain().fault is None

    def look_and_fail() -> None:
        with transaction():
            customer = db.session.execute(select(Customer)).scalar_one()
            log_access(db.session.get_one(StaffMember, nora.id), customer, category="contact", reason="x")
            raise ZeroDivisionError

    def look_outside() -> None:
        customer = db.session.execute(select(Customer)).scalar_one()
        log_access(db.session.get_one(StaffMember, nora.id), customer, category="contact", reason="x")

    with pytest.raises(ZeroDivisionError):
        look_and_fail()
    with pytest.raises(RuntimeError, match="outside"):
        look_outside()
    assert len(events("staff:customer_data:read")) == 1
    assert len(db.session.execute(select(AccessLogEntry)).all()) == 1


def test_a_category_can_be_chosen(camille: Browser, nora: StaffMember) -> None:
    look(nora, category="contact", reason="Pour les coordonnées")
    look(nora, category="financial", reason="Pour le paiement")

    page = camille.get("/access-log").submit({"category": "financial"}, with_field="category")

    assert "Pour le paiement" in page.text
    assert "Pour les coordonnées" not in page.text
    assert page.tree.select_one("option[selected]")["value"] == "financial"
    none = page.submit({"category": "tracking"}, with_field="category")
    assert "Personne n’a vu cela." in none.text
    assert "Pour les coordonnées" in none.click("Tout afficher").text
    assert "Pour les coordonnées" in camille.get("/access-log", query_string={"category": "'; --"}).text


def test_pages_miss_nothing_and_repeat_nothing(camille: Browser, nora: StaffMember) -> None:
    instant = clock.now() - timedelta(days=1)
    for number in range(120):
        look(nora, at=instant - timedelta(minutes=10 * (number // 3)), reason=f"Raison numéro {number}.")

    reasons, page = [], camille.get("/access-log")
    while True:
        reasons += [line.select_one(".break").get_text().strip() for line in page.tree.select(".timeline > li")]
        link = page.tree.select_one("a[rel=next]")
        if link is None:
            break
        look(nora, reason="Une raison arrivée entre deux pages.")
        page = camille.get(link["href"])

    assert len(reasons) == len(set(reasons)) == 120
    back = camille.get(page.tree.select_one("a[rel=prev]")["href"])
    assert len(back.tree.select(".timeline li")) == 50


def test_a_forged_cursor_is_refused(camille: Browser) -> None:
    assert camille.get("/access-log", query_string={"after": "W10.forged"}).status == 400


def test_a_page_costs_the_same_number_of_queries_however_long_the_log(
    app: Flask, camille: Browser, nora: StaffMember
) -> None:
    from sqlalchemy import event

    def queries() -> int:
        seen: list[str] = []

        def note(connection, cursor, statement, *rest) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        camille.get("/access-log")
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    look(nora)
    few = queries()
    for _look in range(40):
        look(nora)
    assert queries() == few


def test_another_customer_sees_nothing_of_it(people: People, camille: Browser, nora: StaffMember) -> None:
    look(nora, reason="Seulement pour Camille")
    other = people.signed_in("malik@example.org")

    assert "Seulement pour Camille" not in other.get("/access-log").text
    assert b"Seulement" not in other.client.get("/access-log.csv").data
    assert b"Seulement" in camille.client.get("/access-log.csv").data


def test_signed_out_nothing_is_shown(app: Flask) -> None:
    for path in ("/access-log", "/access-log.csv"):
        assert Browser(app).get(path).url == "/sign-in"


def rows_of(browser: Browser) -> list[list[str]]:
    response = browser.client.get("/access-log.csv", headers={"Accept-Language": "fr"})
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="access-log.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    return list(csv.reader(io.StringIO(response.get_data().decode("utf-8-sig"))))


def test_the_file_holds_every_line(camille: Browser, nora: StaffMember) -> None:
    for number in range(60):
        look(nora, at=EVENING + timedelta(minutes=number), reason=f"Raison {number}, avec « guillemets »")

    header, *rows = rows_of(camille)

    assert header == [
        "Date",
        "Heure (Paris)",
        "Équipe",
        "Donnée consultée",
        "Raison",
        "Dossier",
        "Utilisées malgré la mise en pause",
    ]
    assert len(rows) == 60
    assert rows[0][4] == "Raison 59, avec « guillemets »"
    assert rows[-1][:4] == ["2026-07-15", "00:30:00", "Vérification d’identité et demandes", "Coordonnées"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1+1)*cmd", "'@SUM(1+1)*cmd"),
        ("\t=1+1", "'\t'=1+1"),  # some programs split a cell at its tab
    ],
)
def test_no_cell_is_a_formula(camille: Browser, nora: StaffMember, reason: str, text: str) -> None:
    look(nora, reason=reason)

    ((*_facts, cell, _case, _used),) = rows_of(camille)[1:]

    assert cell == text


def test_a_look_without_words_for_the_customer_is_refused(app: Flask, people: People, nora: StaffMember) -> None:
    people.customer(EMAIL)

    with pytest.raises(ValueError, match="passwords"):
        look(nora, category="passwords")
    db.session.rollback()
    assert events("staff:customer_data:read") == []


def test_looks_of_one_visit_stand_together(camille: Browser, nora: StaffMember) -> None:
    for minute, reason in enumerate(["case_work", "case_work", "Une question par téléphone", "case_work"]):
        look(nora, at=EVENING + timedelta(minutes=minute), reason=reason, category="contact")

    page = camille.get("/access-log")

    visits = [" ".join(visit.get_text(" ").split()) for visit in page.tree.select(".timeline > li")]
    assert [visit.rpartition("Raison : ")[2] for visit in visits] == [
        "Traiter votre demande",
        "Une question par téléphone",
        "Traiter votre demande",
    ]
    assert visits[2].startswith("2 consultations")


def test_every_team_and_category_has_words_in_both_languages() -> None:
    for language in ("fr", "en"):
        assert len({team_label(role, language) for role in Role}) == len(Role)
        assert len({category_label(category, language) for category in LOG_CATEGORIES}) == len(LOG_CATEGORIES)


def test_the_page_in_english(people: People, nora: StaffMember) -> None:
    browser = people.signed_in(EMAIL, language="en")
    look(nora, at=EVENING)

    page = browser.get("/access-log")

    assert page.h1 == "Who looked at your data"
    assert "Wednesday 15 July 2026" in page.text
    assert "Identity checks and requests · Contact details" in page.text
