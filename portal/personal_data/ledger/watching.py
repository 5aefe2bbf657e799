"""What waits to lie outside: until then it is lost with the database."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.ledger.models import LedgerEntry

LATE = timedelta(seconds=60)
"""The goal is a second; what waits for longer than this is a fault."""


def oldest_waiting() -> datetime | None:
    """Return since when the oldest line waits to be shipped; None where nothing waits."""
    waiting = select(func.min(LedgerEntry.at)).where(LedgerEntry.shipped_at.is_(None))
    return db.session.execute(waiting).scalar_one_or_none()


def late_lines() -> Select[Any]:
    """Return the select of the instants of lines that should lie outside by now."""
    return select(LedgerEntry.at).where(LedgerEntry.shipped_at.is_(None), LedgerEntry.at < clock.now() - LATE)
