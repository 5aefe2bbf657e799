"""Copies of what the company's systems hold about a customer."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, db


class Record(db.Model):
    """One record of a declared kind; `(customer, kind, external_id)` identifies it."""

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "external_id"),
        Index("ix_records_newest", "customer_id", "category", "recorded_at", "id"),
        Index("ix_records_expiry", "expires_on", "customer_id", "id", "category"),
        Index("ix_records_active_until", "active_until", "id"),
        Index("ix_records_rule", "customer_id", "kind", "rule", "category", "expires_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(60))
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    rule: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """The code of the rule of its kind that gave its days; empty where the kind has one."""
    active_until: Mapped[date | None]
    """Its last day of active use, after which it moves to the archive; None where it has no time in the archive."""
    expires_on: Mapped[date | None]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    corrected_fields: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """The fields that were corrected here: no line changes them until the source sends the same."""


class CategoryCount(db.Model):
    """How many records a customer has in a category: kept with each write, so that a dashboard never counts."""

    __tablename__ = "record_counts"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def as_object(values: Any) -> dict[str, Any]:
    """Return the values of a record; what is no object there stands under one name."""
    return values if isinstance(values, dict) else {"value": values}
