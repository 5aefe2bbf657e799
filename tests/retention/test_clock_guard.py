"""A clock that jumped destroys nothing, by no job and no command, until somebody vouches for it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal import clock
from portal.access.permissions import Role
from portal.cli import doctor
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs import destruction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import destroying, enqueue, handlers, periodic
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from portal.personal_data.expiry.endings import endings
from portal.personal_data.expiry.loop import job_name
from portal.retention.clock_guard import halted_mark
from portal.retention.commands import purge, retention
from portal.staff.approvals.models import ApprovalState
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.acting.visitors import register
from tests.support.approvals import approval_now, proposed
from tests.support.filing import describe_copy
from tests.support.looking.audit_trail import events
from tests.support.packages import build, take_in
from tests.support.records import visit

pytestmark = pytest.mark.usefixtures("asleep_meanwhile")

DAY = timedelta(days=1)

# Jobs that run without looking at the clock's guard, and why they may.
BY_A_FACT = {
    "accounts.answer_registration": "it writes a mail",
    "accounts.send_reset_link": "it writes a mail",
    "accounts.write_to_new_address": "it writes a mail",
    "exports.build_package": "it makes a copy",
    "exports.give_owed_names": "it writes a mail",
    "exports.remove_bytes": "the key of these bytes was destroyed before",
    "identity.remove_bytes": "the key of these bytes was destroyed before",
    "identity.remove_preview": "the key of these bytes was destroyed before",
    "identity.rescan": "it destroys by the scanner's verdict",
    "ledger.ship": "it writes lines outside",
    "mail.send": "it sends a mail",
    "preferences.look_for_missing_consent": "it counts",
    "records.compare_rules": "it compares",
    "records.renew_days": "it computes days, and the classes that read them ask",
    "preferences.lapse_consents": "it switches off, which a wrong clock may do too early and never too late",
    "preferences.send_unsubscribe_link": "it writes a mail",
    "rights.answer_copies": "it answers",
    "rights.follow_up": "it answers",
    "rights.itemise": "it lists what a case is about",
    "staff.forget_words": "the erasure that asks for it was decided",
    "instructions.call": "it tells a system what was decided",
    "instructions.remind": "it writes mails",
    "restrictions.lift_due": "it destroys nothing: each choice is again what the person last said",
    "identity.sweep": "the keys of these bytes were destroyed before",
}
# Jobs of which only a part destroys by the clock; that part asks for itself.
IN_PART = {"identity.reconcile"}


def test_every_job_is_guarded_or_has_a_reason(app: Flask) -> None:
    own = {name for name in handlers if "portal." in handlers[name].__module__}
    ending = {job_name(ending) for ending in endings()}  # the loop asks before each
    assert {ending.code for ending in endings() if not ending.is_guarded} == {"rate_counts"}
    named = destroying | set(BY_A_FACT) | IN_PART | ending
    assert own <= named, f"write destroys=True at {sorted(own - named)}, or a reason here"
    assert named <= own, f"no job any more: {sorted(named - own)}"
    assert not destroying & (set(BY_A_FACT) | IN_PART)


def contents() -> dict[str, int]:
    """Return how many rows each table has, but for those of running the portal."""
    db.session.rollback()
    tables = set(db.metadata.tables) - {
        "jobs",
        "audit_events",
        "audit_head",
        "clock_marks",
        "rate_counts",
        "counters",
        "purge_runs",
    }
    return {table: db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}


def stored(settings: Settings) -> int:
    return sum(1 for path in (settings.instance / "storage").rglob("*") if path.is_file())


def plant(app: Flask, people: People) -> None:
    """Have something of every kind that ends by the clock."""
    browser = people.signed_in(external_id="C-1001")
    take_in(*[visit(number) for number in range(3)])
    build(categories=["identity"])
    describe_copy(browser)
    register(Browser(app), "nadia@example.org")
    people.staff(Role.ADMINISTRATOR)
    proposed("administrator@example.org", "administrator@example.org", {"role": "support"})
    reviewer = people.signed_in_staff(Role.SUPPORT)
    reviewer.get("/staff/customers")
    run_due_jobs()


ENDING = {"records", "request_drafts", "accounts", "account_sessions", "staff_sessions", "mails"}


@pytest.mark.parametrize("jump", [1200 * DAY, -1200 * DAY, 31 * DAY], ids=["years ahead", "years back", "a month"])
def test_no_job_destroys_by_a_clock_that_jumped(
    app: Flask, people: People, settings: Settings, jump: timedelta
) -> None:
    plant(app, people)
    before, files, began = contents(), stored(settings), clock.now()
    for days in (0, 1, 2, 6):
        with clock.stopped_at(began + jump + days * DAY):
            run_all()
            now = contents()
            assert {table: count for table, count in now.items() if count < before[table]} == {}
            assert stored(settings) == files
    assert approval_now_open()


def test_what_is_past_its_time_goes_once_somebody_vouched(app: Flask, people: People, settings: Settings) -> None:
    plant(app, people)
    before, files, began = contents(), stored(settings), clock.now()
    with clock.stopped_at(began + 1200 * DAY):
        run_all()
        done = app.test_cli_runner().invoke(retention, ["approve", "--clock"])
        assert done.exit_code == 0
        assert "removed again" in done.output
        run_all()
        now = contents()
        assert {table for table, count in now.items() if count < before[table]} >= ENDING
        assert stored(settings) < files
        (event,) = events("staff:retention:approved")
        assert (event.actor, event.facts) == ("command", {"class": "clock", "due": 0})
        assert "trusted already" in app.test_cli_runner().invoke(retention, ["approve", "--clock"]).output


def run_all() -> None:
    """Run every periodic job, as often as it takes, and what they ask for."""
    with transaction():
        for name in periodic:
            enqueue(name)
    run_due_jobs()
    db.session.rollback()
    assert not db.session.execute(select(Job.name).where(Job.status == JobStatus.PARKED)).all()


def approval_now_open() -> bool:
    public_id = db.session.execute(text("SELECT public_id FROM approvals")).scalar_one()
    return approval_now(public_id).state is ApprovalState.PROPOSED


def test_a_job_of_one_turn_is_put_off_and_runs_later(app: Flask, people: People) -> None:
    people.staff(Role.ADMINISTRATOR)
    proposed("administrator@example.org", "administrator@example.org", {"role": "support"})
    assert may_destroy()
    began = clock.now()
    statement = select(Job).where(Job.name == "staff.end_approval")
    with clock.stopped_at(began + 40 * DAY):
        assert run_job(db.session.execute(statement).scalar_one().id)
        job = db.session.execute(statement).scalar_one()
        assert (job.status, job.attempts) == (JobStatus.WAITING, 0)
        assert job.run_at > clock.now()
    with clock.stopped_at(began + 41 * DAY):
        app.test_cli_runner().invoke(retention, ["approve", "--clock"])
        assert run_job(job.id)
        assert not approval_now_open()


def seen(*instants: timedelta) -> list[bool]:
    """Return whether each instant after the beginning was trusted, looked at in this order."""
    began, found = clock.now(), []
    for after in instants:
        with clock.stopped_at(began + after):
            found.append(may_destroy())
    return found


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("instants", "trusted"),
    [
        ([0 * DAY, 2 * DAY, 4 * DAY, 6 * DAY], [True] * 4),
        ([0 * DAY, 2 * DAY + HOUR], [True, False]),
        # Two machines whose clocks are some minutes apart look in turn.
        ([HOUR, HOUR - timedelta(minutes=9), HOUR, 2 * HOUR], [True] * 4),
        ([HOUR, HOUR - timedelta(minutes=11)], [True, False]),
        ([2 * HOUR, HOUR], [True, False]),
        # It was set right again: seven even days from there.
        ([0 * DAY, 31 * DAY, DAY, 2 * DAY, 4 * DAY, 6 * DAY, 8 * DAY], [True, *[False] * 5, True]),
        # Each further jump begins the seven days anew.
        ([0 * DAY, 9 * DAY, 11 * DAY, 13 * DAY, 15 * DAY, 16 * DAY, 19 * DAY, 21 * DAY], [True, *[False] * 4, True, False, False]),
        ([0 * DAY, 9 * DAY, 11 * DAY, 14 * DAY, 16 * DAY, 18 * DAY, 20 * DAY, 21 * DAY], [True, *[False] * 6, True]),
    ],
)  # fmt: skip
def test_what_is_trusted(app: Flask, instants: list[timedelta], trusted: list[bool]) -> None:
    assert seen(*instants) == trusted


def test_the_command_purge_is_held_back_too(app: Flask, people: People) -> None:
    people.signed_in(external_id="C-1001")
    take_in(visit(1))
    assert may_destroy()
    runner = app.test_cli_runner()
    with clock.stopped_at(clock.now() + 2000 * DAY):
        for _day in range(2):
            refused = runner.invoke(purge)
            assert refused.exit_code == 1
            assert "flask retention approve --clock" in refused.output
        assert contents()["records"] == 1
        assert "FAULT  clock: nothing is removed; the clock jumped ahead" in runner.invoke(doctor).output
        runner.invoke(retention, ["approve", "--clock"])
        assert "records: 1 removed" in runner.invoke(purge).output
        assert "well   clock: it runs evenly" in runner.invoke(doctor).output


def test_the_officer_sees_it_on_the_desk_and_vouches_for_the_time(app: Flask, people: People) -> None:
    assert may_destroy()
    officer = people.signed_in_staff(Role.OFFICER)
    assert "Horloge à vérifier" not in officer.get("/staff/desk").text
    assert "L’horloge avance régulièrement" in officer.get("/staff/clock").text
    with transaction():
        db.session.execute(text("UPDATE clock_marks SET highest_at = :at, seen_at = :at"), {"at": three_days_ago()})
    assert not may_destroy()
    page = officer.get("/staff/desk").click("Horloge à vérifier")
    assert "Rien n’est supprimé pour le moment" in page.text
    page = page.submit(action="/staff/clock")
    assert "de nouveau supprimé" in page.text
    assert halted_mark() is None
    (event,) = events("staff:retention:approved")
    assert event.actor.startswith("staff:")
    assert "Horloge à vérifier" not in officer.get("/staff/desk").text


def three_days_ago() -> str:
    return f"{clock.now() - 3 * DAY:%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REVIEWER, Role.MARKETING, Role.SUPPORT])
def test_nobody_else_vouches_for_it(people: People, role: Role) -> None:
    assert people.signed_in_staff(role).get("/staff/clock").status == 403


def test_without_a_guard_nothing_is_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destruction, "_guards", [])
    with pytest.raises(LookupError):
        may_destroy()
