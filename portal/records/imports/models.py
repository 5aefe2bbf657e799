"""Which systems have said all they hold: a source ends a whole delivery by a line of its own."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import UtcDateTime, db


class CompleteDelivery(db.Model):
    """The last whole delivery of a source, as of the instant that the source names."""

    __tablename__ = "complete_deliveries"

    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
