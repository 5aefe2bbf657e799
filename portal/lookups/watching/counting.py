"""How many people a member of staff looks at in an hour: counted, stopped where it is too much, noticed where unusual.

Members are told of it before anything is counted (Code du travail, art. L1222-4; GDPR art. 13). Numbers by hour are
kept, and no more, so that a stolen account or a browsing colleague is seen (GDPR art. 32) and nobody's pace is.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.exceptions import TooManyRequests

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AlertKind, ReadingHour
from portal.lookups.watching.alerts import raise_alert
from portal.staff.models import StaffMember
from portal.web.filters import time_of_day

MOST_AN_HOUR: Final = 120
"""How many cases or people a member may look at within an hour of the clock. A case a minute is half of it."""
FLOOR: Final = 20
"""So many in an hour are never unusual."""
HISTORY: Final = timedelta(days=30)
"""What is usual for a member is known after so long."""
COUNTS_KEPT: Final = timedelta(days=90)
HOUR: Final = timedelta(hours=1)


class ReadingBraked(TooManyRequests):
    """The member looked at too many people in this hour: nothing more is shown until the next one."""

    def __init__(self) -> None:
        self.until = this_hour() + HOUR
        super().__init__(retry_after=max(1, math.ceil((self.until - clock.now()).total_seconds())))

    @property
    def words(self) -> tuple[str, str]:
        """What happened, as title and sentence."""
        return _("You have opened a lot of cases within an hour"), _(
            "Nobody may look at more than %(most)s people in an hour, so that a stolen account cannot read everybody. "
            "It goes on at %(time)s, and the privacy officer is told. What you opened today stays open to you.",
            most=MOST_AN_HOUR, time=time_of_day(self.until),
        )  # fmt: skip


@contextmanager
def looking(member: StaffMember) -> Iterator[None]:
    """Open the transaction of a member's looks. When the brake ends it, the officers are told in another one.

    Raises:
        ReadingBraked: nothing of the transaction is kept, and nothing of it may be shown.
    """
    try:
        with transaction(is_trace=True):
            yield
    except ReadingBraked:
        with transaction(is_trace=True):
            raise_alert(member, AlertKind.BRAKED, this_hour(), MOST_AN_HOUR, MOST_AN_HOUR)
        raise


def lock_member(member: StaffMember) -> None:
    """Let the looks of one member be written one after the other, so that two tabs do not count the same look twice."""
    db.session.execute(select(StaffMember.id).where(StaffMember.id == member.id).with_for_update(key_share=True))


def count_looks(member: StaffMember, number: int) -> None:
    """Count people whom a locked member sees for the first time today, in the current transaction.

    Raises:
        ReadingBraked: it would be more than `MOST_AN_HOUR`.
    """
    if member.informed_at is None or not number:
        return
    hour = db.session.get(ReadingHour, (member.id, this_hour())) or ReadingHour(
        staff_id=member.id, hour=this_hour(), looks=0
    )
    if hour.looks + number > MOST_AN_HOUR:
        raise ReadingBraked
    hour.looks += number
    db.session.add(hour)
    usual = _usual(member)
    if usual is not None and hour.looks > usual:
        raise_alert(member, AlertKind.UNUSUAL, hour.hour, hour.looks, usual)


def this_hour() -> datetime:
    """Return when the current hour of the clock began."""
    return clock.now().replace(minute=0, second=0, microsecond=0)


def _usual(member: StaffMember) -> int | None:
    """Return the number that 99 of a hundred of a member's hours do not pass, `FLOOR` at least; None before 30 days."""
    assert member.informed_at
    if member.informed_at > clock.now() - HISTORY:
        return None
    since = max(member.informed_at, clock.now() - COUNTS_KEPT)
    hours = select(ReadingHour.looks).where(
        ReadingHour.staff_id == member.id, ReadingHour.hour >= since, ReadingHour.hour < this_hour()
    )
    counts = sorted(db.session.execute(hours).scalars())
    return max(FLOOR, counts[math.ceil(len(counts) * 0.99) - 1] if counts else 0)
