"""How many records were collected on consent without a trace of it, as the daily look found them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from portal.infrastructure.database import UtcDateTime, db


class MissingConsent(db.Model):
    """What the last look found of one kind of record; a kind of which nothing is missing has its row too.

    Attributes:
        oldest_at: when the oldest of the records was collected; None where none is counted.
        looked_at: when the look ended.
    """

    __tablename__ = "missing_consents"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    records: Mapped[int]
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
