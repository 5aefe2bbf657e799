"""Looks at a customer's file go when their time has run out, and not a day before."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.lookups.access_log import log_access
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.lookups.opening import open_lookup
from portal.personal_data.expiry import loop
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.keeping import end_now, restrict
from tests.support.looking.audit_trail import events

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
        end_now("access_log", "lookups")


def test_looks_go_after_three_years(app: Flask, people: People) -> None:
    look(people, "camille@example.org", times=3)

    purge_at(LOOKED_AT.replace(year=2029))
    assert (left(AccessLogEntry), left(CustomerLookup)) == (3, 3)
    assert events("portal:retention:ran") == []

    purge_at(LOOKED_AT.replace(year=2029) + timedelta(days=1))
    assert (left(AccessLogEntry), left(CustomerLookup)) == (0, 0)
    assert [event.facts for event in events("portal:retention:ran")] == [
        {"class": code, "due": 3, "removed": 3, "kept": 0, "until": "2029-03-11"} for code in ("access_log", "lookups")
    ]


def test_more_than_one_batch_goes(app: Flask, people: People, monkeypatch) -> None:
    monkeypatch.setattr(loop, "FIRST_SLICE", 4)
    look(people, "camille@example.org", times=9)

    purge_at(LOOKED_AT.replace(year=2030))

    assert left(AccessLogEntry) == 0


def test_a_restricted_customers_log_is_left_alone(app: Flask, people: People) -> None:
    look(people, "camille@example.org")
    look(people, "malik@example.org")
    with transaction():
        restrict(db.session.execute(select(Customer).where(Customer.email == "malik@example.org")).scalar_one())

    purge_at(LOOKED_AT.replace(year=2030))

    assert left(AccessLogEntry) == left(CustomerLookup) == 1


def test_the_job_runs_every_day_by_itself(app: Flask, people: People) -> None:
    look(people, "camille@example.org")
    with clock.stopped_at(LOOKED_AT.replace(year=2031)):
        run_due_jobs()

    assert left(AccessLogEntry) == 0
