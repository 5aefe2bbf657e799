"""Records past their active use, which the law keeps: apart from what the company works with."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, db


class ArchivedRecord(db.Model):
    """One record in the archive; it is never in `records` at the same time.

    Attributes:
        rule: the code of the rule of its kind that gave its days.
        ground: why it is kept, as a code; `legal_reference` cites the law.
        expires_on: its last day.
        erasure_id: the erasure that left it here; None where its time of active use was over.
    """

    __tablename__ = "archived_records"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "external_id"),
        Index("ix_archived_records_newest", "customer_id", "category", "recorded_at", "id"),
        Index("ix_archived_records_expires_on", "expires_on", "id"),
        Index("ix_archived_records_rule", "customer_id", "kind", "rule", "category", "expires_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(60))
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    rule: Mapped[str] = mapped_column(String(60), default="")
    active_until: Mapped[date | None]
    expires_on: Mapped[date]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    corrected_fields: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ground: Mapped[str] = mapped_column(String(60))
    legal_reference: Mapped[str] = mapped_column(String(400))
    erasure_id: Mapped[int | None] = mapped_column(BigId)


class ArchiveCount(db.Model):
    """How many records of a kind a customer has in the archive, and the last day of them all: kept with each write."""

    __tablename__ = "archive_counts"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[date | None]
