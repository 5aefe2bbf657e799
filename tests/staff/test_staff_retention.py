"""What the staff domain keeps goes when its time has run out, and not a day before."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.staff import retention
from portal.staff.access_log import log_access
from portal.staff.customer_lookup import open_lookup
from portal.staff.models import AccessLogEntry, CustomerLookup, StaffDevice, StaffMember, StaffSession, StaffToken
from tests.support.audit_trail import events
from tests.support.people import People

LOOKED_AT = datetime(2026, 3, 10, 23, 30, tzinfo=clock.PARIS)


def left(model: type) -> int:
    db.session.rollback()
    return len(db.session.execute(select(model)).all())


def look(people: People, email: str, times: int = 1, **facts: object) -> None:
    customer_id = people.customer(email, **facts).id
    member = db.session.execute(select(StaffMember)).scalars().first()
    member_id = member.id if member else people.staff(Role.SUPPORT).id
    with clock.stopped_at(LOOKED_AT), transaction():
        member, customer = db.session.get_one(StaffMember, member_id), db.session.get_one(Customer, customer_id)
        for _time in range(times):
            log_access(member, customer, category="contact", reason="une raison")
            open_lookup(member, customer, "une raison", None)


def purge_at(instant: datetime) -> None:
    with clock.stopped_at(instant):
        with transaction():
            enqueue("staff.purge_expired")
        run_due_jobs()


def test_looks_go_after_three_years(app: Flask, people: People) -> None:
    look(people, "camille@example.org", times=3)

    purge_at(LOOKED_AT.replace(year=2029))
    assert (left(AccessLogEntry), left(CustomerLookup)) == (3, 3)
    assert events("portal:access_log:purged") == []

    purge_at(LOOKED_AT.replace(year=2029) + timedelta(days=1))
    assert (left(AccessLogEntry), left(CustomerLookup)) == (0, 0)
    assert [event.facts for event in events("portal:access_log:purged")] == [{"rows": 6, "until": "2026-03-11"}]


def test_more_than_one_batch_goes(app: Flask, people: People, monkeypatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    look(people, "camille@example.org", times=9)

    purge_at(LOOKED_AT.replace(year=2030))

    assert left(AccessLogEntry) == 0


def test_a_restricted_customers_log_is_left_alone(app: Flask, people: People) -> None:
    look(people, "camille@example.org")
    look(people, "malik@example.org", status="restricted")

    purge_at(LOOKED_AT.replace(year=2030))

    assert left(AccessLogEntry) == left(CustomerLookup) == 1


def test_old_sessions_links_and_browsers_go_after_a_year(app: Flask, people: People) -> None:
    people.signed_in_staff(Role.SUPPORT)
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=360))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=370))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (0, 0, 0)
    assert left(StaffMember) == 1


def test_the_job_runs_every_day_by_itself(app: Flask, people: People) -> None:
    look(people, "camille@example.org")
    with clock.stopped_at(LOOKED_AT.replace(year=2031)):
        run_due_jobs()

    assert left(AccessLogEntry) == 0
