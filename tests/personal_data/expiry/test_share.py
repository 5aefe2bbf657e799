"""Nothing goes in masses until an officer looked: not a large share, nor the first of a changed period."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.lookups.models import WholeBaseLook
from portal.organisation import Organisation
from portal.personal_data.expiry import share
from portal.retention.commands import purge, retention
from tests.support.acting.people import People
from tests.support.keeping import end_now, removals
from tests.support.looking.audit_trail import events

CODE = "whole_base_looks"


@pytest.mark.parametrize(
    ("due", "total", "waits"),
    [
        (20, 20, False), (21, 21, True), (21, 1050, False), (21, 1049, True), (1000, 50_000, False),
        (1001, 10_000_000, True), (0, 0, False),
    ],
)  # fmt: skip
def test_what_is_too_much_at_once(due: int, total: int, waits: bool) -> None:
    assert share.is_too_much(due, lambda: total) is waits


def look(people: People, count: int, *, years_ago: int) -> None:
    """Have staff take files of the whole base, some years ago."""
    member = db.session.execute(text("SELECT id FROM staff_members")).scalar() or people.staff("marketing").id
    at = clock.now() - timedelta(days=366 * years_ago)
    with transaction() as session:
        session.add_all(WholeBaseLook(staff_id=member, team="marketing", at=at, category="c") for _ in range(count))


def left() -> int:
    db.session.rollback()
    return db.session.execute(text("SELECT count(*) FROM whole_base_looks")).scalar_one()


def states() -> list[tuple[str, int, int]]:
    db.session.rollback()
    rows = db.session.execute(
        text("SELECT state, due, removed FROM purge_runs WHERE class = :code ORDER BY id"), {"code": CODE}
    )
    return [tuple(row) for row in rows]


def test_a_large_share_waits_for_an_officer_and_says_so(app: Flask, people: People) -> None:
    look(people, 25, years_ago=4)
    look(people, 5, years_ago=1)
    runner = app.test_cli_runner()
    for _day in range(2):
        end_now(CODE)
    assert left() == 30
    assert states() == [("refused_share", 25, 0)], "the second refusal shares the row of the first"
    (event,) = events("portal:retention:refused")
    assert event.facts == {"class": CODE, "cause": "share"}
    done = runner.invoke(purge)
    assert done.exit_code == 1
    assert f"{CODE}: 25 wait for approval; flask retention approve {CODE}" in done.output

    assert "25 of whole_base_looks go" in runner.invoke(retention, ["approve", CODE]).output
    assert "waits for approval" in runner.invoke(retention, ["approve", CODE]).output, "once is enough"
    end_now()  # the approval asked for the job
    assert (left(), removals(CODE)) == (5, [25])
    assert states()[-1] == ("ran", 25, 25)
    (event,) = events("staff:retention:approved")
    assert (event.actor, event.facts) == ("command", {"class": CODE, "due": 25})


def test_an_approval_does_not_cover_what_came_after_it(app: Flask, people: People) -> None:
    look(people, 25, years_ago=4)
    end_now(CODE)
    app.test_cli_runner().invoke(retention, ["approve", CODE])
    look(people, 21, years_ago=4)
    end_now(CODE)
    assert left() == 46


def test_seven_even_days_replace_no_approval(app: Flask, people: People) -> None:
    look(people, 25, years_ago=4)
    began = clock.now()
    for days in range(9):
        with clock.stopped_at(began + timedelta(days=days)):
            end_now(CODE)
    assert left() == 25


def test_the_first_run_after_a_changed_period_waits(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_now(CODE)
    look(people, 3, years_ago=2)
    end_now(CODE)
    assert left() == 3
    shorter = Organisation.load().retention.model_copy(
        update={"access_log": Organisation.load().retention.security_log}
    )
    monkeypatch.setattr(
        "portal.infrastructure.installed.organisation",
        lambda: Organisation.load().model_copy(update={"retention": shorter}),
    )
    end_now(CODE)
    assert (left(), states()[-1]) == (3, ("refused_change", 3, 0))
    app.test_cli_runner().invoke(retention, ["approve", CODE])
    end_now(CODE)
    assert left() == 0
    look(people, 1, years_ago=2)
    end_now(CODE)
    assert left() == 0, "the period is no news any more"


def test_the_first_run_after_an_upgrade_waits(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    end_now(CODE)
    monkeypatch.setattr(share, "_version", lambda: "9.9.9")
    look(people, 1, years_ago=4)
    end_now(CODE)
    assert (left(), states()[-1]) == (1, ("refused_change", 1, 0))


def test_the_upgrade_that_brings_the_engine_is_one(app: Flask, people: People) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO purge_runs (class, mode, state, basis, clock_at, due, kept, overdue, removed)"
                " VALUES ('every', 'run', 'ran', '', CURRENT_TIMESTAMP, 0, '{}', 0, 0)"
            )
        )
    look(people, 1, years_ago=4)
    end_now(CODE)
    assert states() == [("refused_change", 1, 0)]


def test_what_a_stranger_makes_goes_freely(app: Flask) -> None:
    with transaction() as session:
        for number in range(30):
            session.execute(
                text(
                    "INSERT INTO accounts (public_id, email, email_normalised, given_name, family_name, language,"
                    " is_claimed_by_match, created_at, last_totp_step) VALUES (:id, :id, :id, '', '', 'fr', false, :at, 0)"
                ),
                {"id": f"a{number}", "at": "2026-01-01 00:00:00"},
            )
    end_now("registrations")
    assert db.session.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0
