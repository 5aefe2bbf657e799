"""A portal that was awake while a test moved its clock."""

from sqlalchemy import delete

from portal.infrastructure.database import transaction
from portal.retention.clock_guard import look_at_clock
from portal.retention.models import ClockMark


def awake_meanwhile() -> bool:
    """Look at the clock as a worker does that never stopped: however far a test moved it, the days passed evenly."""
    with transaction() as session:
        session.execute(delete(ClockMark))
    return look_at_clock()
