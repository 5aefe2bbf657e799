"""The officer reads what each run did, and lets go what waits."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.models import WholeBaseLook
from portal.personal_data.expiry.endings import endings
from tests.support.acting.browser import Page
from tests.support.acting.people import People
from tests.support.keeping import end_now, restrict
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import visit

DAY = timedelta(days=1)


def rows(page: Page) -> dict[str, list[str]]:
    """Return the cells of the table's rows by their headings, without narrow spaces."""
    found = {}
    for row in page.tree.select("main tbody tr"):
        cells = [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
        found[cells[0]] = cells[1:]
    return found


def test_a_run_leaves_its_report_on_the_desk(app: Flask, people: People) -> None:
    people.signed_in(external_id="C-1001")
    take_in(*[visit(number) for number in range(3)])
    past = clock.today() - timedelta(days=40)
    with transaction() as session:
        session.execute(text("UPDATE records SET expires_on = :past"), {"past": past})
        restrict(session.query(Customer).one())
    end_now("records")
    officer = people.signed_in_staff(Role.OFFICER)
    page = officer.get("/staff/desk").click("Suppressions à approuver ou à regarder")
    assert page.url == "/staff/retention"
    first = next(iter(rows(page)))
    assert first == "Données venues des systèmes de l’entreprise Gardé longtemps après son terme"
    assert rows(page)[first][2:] == ["0", "0", "3"]
    assert len(rows(page)) == len(endings())
    page = page.click("Données venues des systèmes")
    assert next(iter(rows(page).values())) == ["Supprimé comme prévu", "0", "0", "limitation (3)", "3"]


def test_the_officer_lets_go_what_waits(app: Flask, people: People) -> None:
    member = people.staff(Role.MARKETING)
    at = clock.now() - 1500 * DAY
    with transaction() as session:
        session.add_all(WholeBaseLook(staff_id=member.id, team="marketing", at=at, category="c") for _ in range(25))
    end_now("whole_base_looks")
    officer = people.signed_in_staff(Role.OFFICER)
    page = (
        officer.get("/staff/desk").click("Suppressions à approuver ou à regarder").click("Fichiers de tous les clients")
    )
    assert "25 éléments ont dépassé leur durée." in page.text
    page = page.submit(action="/staff/retention/whole_base_looks")
    assert "25 éléments partent au prochain passage." in page.text
    assert "Rien n’est supprimé avant votre accord" not in page.text
    (event,) = events("staff:retention:approved")
    assert event.actor.startswith("staff:")
    end_now()
    assert db.session.execute(text("SELECT count(*) FROM whole_base_looks")).scalar_one() == 0
    assert "à approuver ou à regarder" not in officer.get("/staff/desk").text
    page = officer.get("/staff/desk").click("Ce qui est supprimé, ce qui est gardé, et pourquoi")
    assert rows(page)["Fichiers de tous les clients pris par l’équipe"][2:4] == ["25", "25"]


def test_a_worker_that_stands_still_is_seen(app: Flask, people: People) -> None:
    with clock.stopped_at(clock.now() - timedelta(hours=25)):
        end_now("records")
    officer = people.signed_in_staff(Role.OFFICER)
    assert "à regarder" not in officer.get("/staff/desk").text
    with transaction() as session:
        two_hours = "datetime(finished_at, '-2 hours')"
        if db.engine.dialect.name == "postgresql":
            two_hours = "finished_at - interval '2 hours'"
        session.execute(text(f"UPDATE purge_runs SET finished_at = {two_hours} WHERE class = 'records'"))
    assert "à regarder" in officer.get("/staff/desk").text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REVIEWER, Role.MARKETING, Role.SUPPORT])
def test_nobody_else_reads_or_lets_go(people: People, role: Role) -> None:
    browser = people.signed_in_staff(role)
    for path in ("/staff/retention", "/staff/retention/records"):
        assert browser.get(path).status == 403


def test_a_class_that_is_none_is_not_found(people: People) -> None:
    assert people.signed_in_staff(Role.OFFICER).get("/staff/retention/everything").status == 404
