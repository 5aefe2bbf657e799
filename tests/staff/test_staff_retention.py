"""Traces of staff coming in go when their time has run out, and not a day before."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.staff.models import StaffDevice, StaffMember, StaffSession, StaffToken
from tests.support.acting.people import People


def left(model: type) -> int:
    db.session.rollback()
    return len(db.session.execute(select(model)).all())


def purge_at(instant: datetime) -> None:
    with clock.stopped_at(instant):
        with transaction():
            enqueue("staff.purge_expired")
        run_due_jobs()


def test_old_sessions_links_and_browsers_go_after_a_year(app: Flask, people: People) -> None:
    people.signed_in_staff(Role.SUPPORT)
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=360))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=370))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (0, 0, 0)
    assert left(StaffMember) == 1
