"""A portal that was awake while a test moved its clock."""

from sqlalchemy import delete, select

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.retention.clock_guard import look_at_clock
from portal.retention.models import ClockMark


def awake_meanwhile() -> bool:
    """Look at the clock as a worker does that never stopped: however far a test moved it, the days passed evenly."""
    mark = db.session.execute(select(ClockMark.highest_at, ClockMark.seen_at, ClockMark.halted_at)).one_or_none()
    db.session.rollback()
    # Dozens of jobs look at one instant of a stopped clock: another look would find and write the same.
    if mark == (clock.now(), clock.now(), None):
        return True
    with transaction() as session:
        session.execute(delete(ClockMark))
    return look_at_clock()
