"""When a rule of the data map changes, or the portal begins to keep the last day of active use, every record learns it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal import clock
from portal.customers.models import Customer
from portal.durations import Period
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.days import renewing
from portal.records.models import Record
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.looking.archive import counts_are_true, days_of, in_archive, in_use, on, order
from tests.support.records import customer, invoice, visit

TakeIn = Callable[..., list[object]]
ENDED = {"relationship_ended_on": "2026-06-30"}


def compare() -> None:
    with transaction():
        enqueue("records.compare_rules")
    run_due_jobs()
    db.session.rollback()


def renewals() -> int:
    db.session.rollback()
    counted = select(func.count()).select_from(Job).where(Job.name == renewing.JOB, Job.status == JobStatus.DONE)
    return int(db.session.execute(counted).scalar_one())


@contextmanager
def orders_kept_for(app: Flask, years: int) -> Iterator[None]:
    """Let the law keep orders for so many years, as another data map would."""
    data_map: DataMap = installed_data_map()
    order_kind = data_map.kinds["order"]
    (rule,) = order_kind.retention.when
    other = replace(order_kind.retention, when=(replace(rule, archive_period=Period(years=years)),))
    kinds = dict(data_map.kinds) | {"order": order_kind.model_copy(update={"retention": other})}
    installed_data_map.put(app, DataMap(data_map.version, data_map.purposes, kinds))
    try:
        yield
    finally:
        installed_data_map.put(app, data_map)


def forget_days() -> None:
    """Leave rows as the version before wrote them: with a last day, and no more."""
    with transaction() as session:
        session.execute(update(Record).values(rule="", active_until=None))


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "SLICE", 2)


def test_rows_of_the_version_before_get_their_rule_and_their_last_day_of_use(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), order("CMD-1", "130.00"), invoice(), *[visit(number) for number in range(3)])
    before = {number: days_of(number) for number in ("CMD-1", "F-2026-0088", "V-1")}
    forget_days()
    assert days_of("CMD-1") != before["CMD-1"]
    compare()
    assert {number: days_of(number) for number in before} == before
    assert renewals() == 3 + 1 + 1, "a job for each slice of two, one behind the last, one for the archive"
    compare()
    assert renewals() == 5, "the rules are the same: nothing to renew"


def test_another_rule_reaches_what_is_in_use_and_what_lies_in_the_archive(take_in: TakeIn, app: Flask) -> None:
    take_in(customer(), order("CMD-1", "130.00"), customer("C-2", **ENDED), order("CMD-2", "130.00", of="C-2"))
    compare()
    on(date(2026, 12, 1))
    assert in_archive() == {"CMD-2"}
    with orders_kept_for(app, 8):
        compare()
        assert days_of("CMD-1")[2] == days_of("CMD-2")[2] == "2034-03-10"
        assert (in_use(), in_archive()) == ({"CMD-1"}, {"CMD-2"})
    compare()
    assert days_of("CMD-1")[2] == days_of("CMD-2")[2] == "2036-03-10", "and back, though these rules were there before"
    assert counts_are_true()


def test_a_worker_that_is_killed_goes_on_where_it_was(take_in: TakeIn, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(customer(**ENDED), *[order(f"CMD-{number}", "130.00") for number in range(6)])
    forget_days()
    done: list[int] = []

    def killed_in_the_second(model: Any, after_id: int) -> int | None:
        if len(done) == 1:
            done.append(after_id)
            raise KeyboardInterrupt
        done.append(after_id)
        return original(model, after_id)

    original = renewing._renew
    monkeypatch.setattr(renewing, "_renew", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        compare()
    db.session.rollback()
    with_rule = "SELECT COUNT(*) FROM records WHERE rule = 'consumer_120'"
    assert db.session.execute(text(with_rule)).scalar_one() == 2, "the first slice stands, the second one left nothing"
    with transaction() as session:
        session.execute(update(Job).where(Job.status == JobStatus.RUNNING).values(lease_until=None, status="waiting"))
    run_due_jobs()
    db.session.rollback()
    assert db.session.execute(text(with_rule)).scalar_one() == 6
    assert done[1] == done[2], "the killed slice is done again, and the first one is not"


def test_what_an_erasure_leaves_in_the_archive_stays_whatever_rule_changes(take_in: TakeIn, app: Flask) -> None:
    take_in(customer(**ENDED), order("CMD-1", "130.00"), invoice())
    compare()
    on(date(2026, 12, 1))
    assert in_archive() == {"CMD-1", "F-2026-0088"}
    with clock.stopped_at(datetime(2026, 12, 2, 12, tzinfo=UTC)):
        found = db.session.execute(select(Customer.id)).scalar_one()
        assert carried_out(scheduled(found)).state is ErasureState.DONE
    # The file is emptied: that its relation had ended, and that somebody was a consumer, is known no more.
    before = {number: days_of(number) for number in ("CMD-1", "F-2026-0088")}
    with orders_kept_for(app, 8):
        compare()
        assert (in_use(), in_archive()) == (set(), {"CMD-1", "F-2026-0088"})
        assert {number: days_of(number) for number in before} == before
    assert broken() == {}


def test_what_the_law_kept_from_an_erasure_does_not_come_back_with_the_customer(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), order("CMD-1", "130.00"), visit(1))
    on(date(2026, 12, 1))
    assert in_archive() == {"CMD-1"}
    with clock.stopped_at(datetime(2026, 12, 2, 12, tzinfo=UTC)):
        found = db.session.execute(select(Customer.id)).scalar_one()
        carried_out(scheduled(found, Scope(Extent.CATEGORIES, ("transaction",))))
    with clock.stopped_at(datetime(2026, 12, 20, 12, tzinfo=UTC)):
        take_in(customer(), order("CMD-2", "130.00", recorded_at="2026-12-19T10:00:00+01:00"))
    assert (in_use(), in_archive()) == ({"V-1", "CMD-2"}, {"CMD-1"})
