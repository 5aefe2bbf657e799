"""What is told of the archive without opening it: how many, and until when at the latest."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, null, select

from portal.infrastructure.database import UtcDateTime, db
from portal.records.archive.models import ArchiveCount


@dataclass(frozen=True)
class ArchiveSummary:
    """How many records of a customer lie in the archive, and the last day of them all; None for none."""

    count: int
    last_day: date | None

    def __bool__(self) -> bool:
        return self.count > 0


NOTHING: Final = ArchiveSummary(0, None)
ARCHIVED: Final = ":archived"


def archive_part(customer_id: ColumnElement[int], category: str | None = None) -> Select[Any]:
    """Return a select of (part, last day, count, no instant), for the one statement that sums a page up.

    Args:
        category: of the nine; None for all of them.
    """
    last_day, count = cast(func.max(ArchiveCount.last_day), String), func.sum(ArchiveCount.count)
    columns: tuple[Any, ...] = (literal(ARCHIVED), last_day, count, cast(null(), UtcDateTime))
    held = select(*columns).where(ArchiveCount.customer_id == customer_id).having(count > 0)
    return held.where(ArchiveCount.category == category) if category else held


def summary_of(last_day: str, count: int) -> ArchiveSummary:
    """Return what a row of `archive_part` says."""
    return ArchiveSummary(int(count), date.fromisoformat(last_day))


def archive_summary(customer_id: int) -> ArchiveSummary:
    """Return what lies in the archive about a customer, from the counts that each move keeps."""
    held = select(func.coalesce(func.sum(ArchiveCount.count), 0), func.max(ArchiveCount.last_day))
    count, last_day = db.session.execute(held.where(ArchiveCount.customer_id == customer_id)).one()
    return ArchiveSummary(int(count), last_day)
