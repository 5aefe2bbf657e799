"""What is told of the archive without opening it: how many, and until when at the latest."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal.infrastructure.database import db
from portal.records.archive.models import ArchiveCount


@dataclass(frozen=True)
class ArchiveSummary:
    """How many records of a customer lie in the archive, and the last day of them all; None for none."""

    count: int
    last_day: date | None

    def __bool__(self) -> bool:
        return self.count > 0


def archive_summary(customer_id: int) -> ArchiveSummary:
    """Return what lies in the archive about a customer, from the counts that each move keeps."""
    held = select(func.coalesce(func.sum(ArchiveCount.count), 0), func.max(ArchiveCount.last_day))
    count, last_day = db.session.execute(held.where(ArchiveCount.customer_id == customer_id)).one()
    return ArchiveSummary(int(count), last_day)
