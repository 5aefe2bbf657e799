"""Records whose time ran out go by themselves: all of them, only them, and not when the clock is wrong."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue, periodic
from portal.infrastructure.jobs.worker import run_job
from portal.personal_data.expiry import loop
from portal.personal_data.expiry.endings import ending_of
from portal.records.models import CategoryCount, Record
from portal.retention.commands import purge as purge_command
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.keeping import removals, restrict
from tests.support.looking.audit_trail import events
from tests.support.packages import dashboard_counts, take_in
from tests.support.records import customer, visit


@pytest.fixture
def browser(people: People) -> Browser:
    """Camille, with seven visits held, of which the test decides how long."""
    signed_in = people.signed_in(external_id="C-1001")
    take_in(*[visit(number) for number in range(7)])
    return signed_in


def keep_until(last_days: dict[str, date | None]) -> None:
    with transaction() as session:
        for external_id, day in last_days.items():
            session.execute(update(Record).where(Record.external_id == external_id).values(expires_on=day))


def held() -> set[str]:
    db.session.rollback()
    return set(db.session.execute(select(Record.external_id)).scalars())


def days_ago(days: int) -> date:
    return clock.today() - timedelta(days=days)


def run_daily() -> JobStatus:
    """Run the daily purge once more, now by the clock."""
    with transaction():
        enqueue("retention.records")
    job_id = db.session.execute(select(Job.id).order_by(Job.id.desc()).limit(1)).scalar_one()
    assert run_job(job_id)
    return db.session.get_one(Job, job_id).status


def test_what_is_past_its_last_day_goes_and_nothing_else(browser: Browser) -> None:
    keep_until({"V-0": days_ago(400), "V-1": days_ago(1), "V-2": days_ago(0), "V-3": days_ago(-30), "V-4": None})
    assert run_daily() is JobStatus.DONE
    assert held() == {"V-2", "V-3", "V-4", "V-5", "V-6"}, "the last day itself is still a day"
    (event,) = events("portal:retention:ran")
    until = clock.today().isoformat()
    assert event.facts == {"class": "records", "due": 2, "removed": 2, "kept": 0, "until": until}
    assert event.actor == "portal"


def test_the_dashboard_counts_what_is_left(browser: Browser) -> None:
    assert dashboard_counts(browser)["usage"] == 7
    newest = db.session.execute(select(func.max(Record.recorded_at))).scalar_one()
    keep_until({"V-6": days_ago(1), "V-0": days_ago(1)})
    run_daily()
    assert dashboard_counts(browser)["usage"] == 5
    row = db.session.execute(select(CategoryCount).where(CategoryCount.category == "usage")).scalar_one()
    assert row.count == 5
    assert row.last_recorded_at == db.session.execute(select(func.max(Record.recorded_at))).scalar_one()
    assert row.last_recorded_at < newest


def test_what_a_restricted_customer_has_is_left_alone(browser: Browser) -> None:
    take_in(customer("C-2"), visit(50, of="C-2"))
    keep_until({"V-0": days_ago(9), "V-50": days_ago(9)})
    with transaction() as session:
        restrict(session.execute(select(Customer).where(Customer.external_id == "C-1001")).scalar_one())
    run_daily()
    assert "V-0" in held()
    assert "V-50" not in held()


def test_many_go_in_batches_each_with_its_event(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_slices_at(3, monkeypatch)
    keep_until({f"V-{number}": days_ago(1) for number in range(7)})
    run_daily()
    assert held() == set()
    assert removals("records") == [3, 3, 1]


def test_a_second_run_finds_nothing(browser: Browser) -> None:
    keep_until({"V-0": days_ago(1)})
    run_daily()
    run_daily()
    assert removals("records") == [1]


def test_the_command_counts_first_and_removes_then(browser: Browser, app: Flask) -> None:
    keep_until({"V-0": days_ago(1), "V-1": days_ago(1)})
    runner = app.test_cli_runner()
    assert "records: 2 would be removed" in runner.invoke(purge_command, ["--dry-run"]).output
    assert len(held()) == 7
    assert removals("records") == []
    assert "records: 2 removed" in runner.invoke(purge_command).output
    assert len(held()) == 5
    assert "records: 0 would be removed" in runner.invoke(purge_command, ["--dry-run"]).output


def test_it_happens_by_itself_every_day(app: Flask) -> None:
    assert periodic["retention.records"] == timedelta(days=1)


@pytest.mark.usefixtures("asleep_meanwhile")
@pytest.mark.parametrize(
    "jump", [timedelta(days=31), timedelta(days=2, hours=1), timedelta(hours=-2), timedelta(days=-9000)]
)
def test_a_clock_that_jumped_removes_nothing(
    browser: Browser, jump: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    run_daily()
    later = clock.now() + jump
    keep_until({"V-0": clock.local_date(later) - timedelta(days=1)})
    with clock.stopped_at(later):
        assert run_daily() is JobStatus.DONE
        assert "V-0" in held()
        assert "the clock jumped" in caplog.text
    for days in range(1, 7):
        with clock.stopped_at(later + timedelta(days=days)):
            assert run_daily() is JobStatus.DONE
            assert "V-0" in held(), "a clock that stays wrong removes nothing on any later day"
    assert len(events("portal:retention:refused")) == 1
    with clock.stopped_at(later + timedelta(days=7)):
        run_daily()
        assert "V-0" not in held(), "after seven even days it goes on"
    (event,) = events("portal:retention:resumed")
    assert event.facts == {"class": "every", "cause": "back" if jump < timedelta(0) else "ahead"}


@pytest.mark.usefixtures("asleep_meanwhile")
@pytest.mark.parametrize("gap", [timedelta(minutes=1), timedelta(hours=23), timedelta(days=1, hours=20)])
def test_an_ordinary_day_is_no_jump(browser: Browser, gap: timedelta) -> None:
    run_daily()
    with clock.stopped_at(clock.now() + gap):
        keep_until({"V-0": days_ago(1)})
        run_daily()
        assert "V-0" not in held()


def test_killed_between_two_batches_it_goes_on_where_it_was(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    hold_slices_at(3, monkeypatch)
    keep_until({f"V-{number}": days_ago(1) for number in range(7)})
    with pytest.raises(KeyboardInterrupt):
        loop.end_class(ending_of("records"), die)
    assert len(held()) == 4
    assert dashboard_counts(browser)["usage"] == 4
    run_daily()
    assert held() == set()
    assert removals("records") == [3, 3, 1]
    assert [tuple(row) for row in db.session.execute(text("SELECT due, removed FROM purge_runs ORDER BY id"))] == [
        (7, 3),
        (4, 4),
    ]


def hold_slices_at(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "FIRST_SLICE", size)
    monkeypatch.setattr(loop, "LARGEST_SLICE", size)


def test_what_was_purged_does_not_come_back_with_the_next_full_import(browser: Browser) -> None:
    old = visit(99) | {"recorded_at": "2021-01-01T10:00:00+01:00"}
    take_in(old, visit(100))
    assert "V-100" in held()
    assert "V-99" not in held(), "its last day was in 2023"
