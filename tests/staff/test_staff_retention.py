"""Traces of staff coming in go when their time has run out, and not a day before."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.staff.approvals.deciding import second_by_command
from portal.staff.approvals.models import Approval
from portal.staff.desk.models import OfficerNotice
from portal.staff.models import StaffDevice, StaffMember, StaffSession, StaffToken
from tests.support.acting.people import People
from tests.support.insiders import ACTS, hire_subjects
from tests.support.keeping import end_now
from tests.support.looking.audit_trail import events


def left(model: type) -> int:
    db.session.rollback()
    return len(db.session.execute(select(model)).all())


def purge_at(instant: datetime) -> None:
    with clock.stopped_at(instant):
        end_now("staff_sessions", "staff_links", "staff_browsers", "officer_notices", "approvals")


def test_old_sessions_links_and_browsers_go_after_a_year(app: Flask, people: People) -> None:
    people.signed_in_staff(Role.SUPPORT)
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=360))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (1, 1, 1)

    purge_at(clock.now() + timedelta(days=370))
    assert (left(StaffSession), left(StaffDevice), left(StaffToken)) == (0, 0, 0)
    assert left(StaffMember) == 1


def test_a_proposal_and_what_officers_were_told_go_after_their_periods(app: Flask, people: People) -> None:
    hire_subjects(people)
    author = people.signed_in_staff(Role.ADMINISTRATOR)
    public_id = ACTS["token"].proposed(author)
    with transaction():
        second_by_command(public_id, "Seule à bord.")
    ACTS["token"].proposed(author)
    run_due_jobs()

    purge_at(clock.now() + timedelta(days=370))
    assert (left(OfficerNotice), left(Approval)) == (0, 2), "the words of a proposal are kept for five years"
    purge_at(clock.now() + timedelta(days=5 * 365 + 2))
    assert left(Approval) == 1, "one that ended on its own last day counts from then"
    assert events("staff:approval:seconded")[0].facts["approval"] == public_id, "the audit trail keeps who and what"
