"""A legal hold keeps what it names, says so, and is reviewed; lifting it lets go."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.retention.commands import purge, retention
from tests.support.acting.people import People
from tests.support.keeping import end_now
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import visit

SOON = (clock.today() + timedelta(days=20)).isoformat()


@pytest.fixture
def past_their_time(app: Flask, people: People) -> None:
    people.customer("camille@example.org", external_id="C-1001")
    take_in(*[visit(number) for number in range(3)])
    run_due_jobs()  # the days that the data map gives are renewed once: what is written below stays then
    with transaction() as session:
        session.execute(text("UPDATE records SET expires_on = :past"), {"past": clock.today() - timedelta(days=1)})


def held() -> set[str]:
    db.session.rollback()
    return set(db.session.execute(text("SELECT external_id FROM records")).scalars())


def run(app: Flask, *arguments: str) -> str:
    return app.test_cli_runner().invoke(retention, arguments).output


def test_what_it_names_is_kept_until_it_is_lifted(app: Flask, past_their_time: None) -> None:
    told = run(
        app, "hold", "C-1001", "--ground", "litigation", "--because", "TJ Paris", "--review", SOON, "--record", "V-1"
    )
    public_id = told.split("hold ")[1].split(".")[0]
    assert (
        "records: 2 would be removed, kept 1 by legal hold" in app.test_cli_runner().invoke(purge, ["--dry-run"]).output
    )
    end_now("records")
    assert held() == {"V-1"}
    assert f"{public_id}  C-1001  V-1  litigation" in run(app, "holds")
    with clock.stopped_at(clock.now() + timedelta(days=200)):
        end_now("records")
    assert held() == {"V-1"}, "a late review releases nothing"
    assert run(app, "lift", public_id) == "Lifted.\n"
    end_now("records")
    assert held() == set()
    assert [event.facts["hold"] for tag in ("placed", "lifted") for event in events(f"staff:hold:{tag}")] == [
        public_id
    ] * 2
    assert "No hold" in run(app, "lift", public_id)


@pytest.mark.parametrize("days", [-1, 0, 190])
def test_the_review_is_within_six_months(app: Flask, past_their_time: None, days: int) -> None:
    day = (clock.today() + timedelta(days=days)).isoformat()
    told = run(app, "hold", "C-1001", "--ground", "audit", "--because", "x", "--review", day)
    assert "within six months" in told
    assert db.session.execute(text("SELECT count(*) FROM keeps")).scalar_one() == 0


def test_the_officer_is_told_when_to_look_again(app: Flask, people: People, past_their_time: None) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    assert "Conservations forcées à revoir" not in officer.get("/staff/desk").text
    run(app, "hold", "C-1001", "--ground", "fraud", "--because", "x", "--review", SOON)
    page = officer.get("/staff/desk").click("Conservations forcées à revoir sous 30 jours, ou en retard")
    assert page.url == "/staff/holds"
    assert "C-1001" in page.text
    assert "fraude en cours d’examen" in page.text
