"""Nothing is destroyed by a clock that jumped, however long it stays wrong, until somebody vouches for it.

A clock that runs years ahead would have years of data removed at once, on the first day or on any later one. So after
any step back, and after any gap of more than two days, nothing is removed until an officer approves, or the clock has
run for seven days without another jump. From inside, a portal that stood still looks the same as a clock that was set.
"""

import logging
from datetime import datetime, timedelta

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.destruction import guard_destruction
from portal.personal_data.expiry.approving import APPROVED
from portal.personal_data.expiry.loop import REFUSED
from portal.retention.models import ClockJump, ClockMark

RESUMED = declare("portal:retention:resumed", "class", "cause")

LONGEST_GAP = timedelta(days=2)
EVEN_DAYS = timedelta(days=7)
DRIFT = timedelta(minutes=10)
"""How far the clocks of two machines may be apart without a step back being seen in it."""
_ROW = 1

logger = logging.getLogger("portal.retention")


@guard_destruction
def look_at_clock() -> bool:
    """Note what the clock says now; return whether it may be trusted with what it says is past its time."""
    now = clock.now()
    with transaction() as session:
        mark = session.get(ClockMark, _ROW, with_for_update={"key_share": True})
        if mark is None:
            session.add(ClockMark(id=_ROW, highest_at=now, seen_at=now))
            return True
        if mark.halted_at is None:
            _trusted(mark, now)
        else:
            _halted(mark, now)
        is_trusted = mark.halted_at is None
    if not is_trusted:
        logger.warning("nothing past its time is removed: the clock jumped, or the portal stood still")
    return is_trusted


def halted_mark() -> ClockMark | None:
    """Return what was seen of a clock that is not trusted; None while it is."""
    mark = db.session.get(ClockMark, _ROW, populate_existing=True)
    return mark if mark and mark.halted_at else None


def approve_clock(actor: str) -> bool:
    """Trust the clock as it is now, in the current transaction; return False where it was trusted already."""
    mark = db.session.get(ClockMark, _ROW, with_for_update={"key_share": True})
    if mark is None or mark.halted_at is None:
        return False
    _trust(mark, clock.now())
    facts: dict[str, str | int] = {"class": "clock", "due": 0}
    record(APPROVED, actor=actor, subject="portal", **facts)
    return True


def goes_on_at(mark: ClockMark) -> datetime:
    """Return when removal goes on by itself, if the clock does not jump again."""
    return (mark.even_since or mark.seen_at) + EVEN_DAYS


def _trusted(mark: ClockMark, now: datetime) -> None:
    cause = _jump(mark.highest_at, now)
    if cause is None:
        mark.highest_at = mark.seen_at = max(mark.highest_at, now)
        return
    mark.halted_at = mark.even_since = mark.seen_at = now
    mark.cause = cause
    logger.error("the clock jumped, or the portal stood still: nothing is removed", extra={"cause": cause.value})
    record(REFUSED, actor="portal", subject="portal", **{"class": "every", "cause": cause.value})


def _halted(mark: ClockMark, now: datetime) -> None:
    cause = _jump(mark.seen_at, now)
    if cause is not None:
        mark.even_since, mark.seen_at, mark.cause = now, now, cause
        return
    mark.seen_at = max(mark.seen_at, now)
    if now >= goes_on_at(mark):
        record(RESUMED, actor="portal", subject="portal", **{"class": "every", "cause": str(mark.cause)})
        _trust(mark, now)


def _jump(before: datetime, now: datetime) -> ClockJump | None:
    if now < before - DRIFT:
        return ClockJump.BACK
    return ClockJump.AHEAD if now - before > LONGEST_GAP else None


def _trust(mark: ClockMark, now: datetime) -> None:
    mark.highest_at = mark.seen_at = now
    mark.halted_at = mark.even_since = mark.cause = None
