"""Which staff member opened which customer's file, and each look at what it holds."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class CustomerLookup(db.Model):
    """A staff member's stated reason for opening one customer's file. It opens that file until `expires_at`."""

    __tablename__ = "customer_lookups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    request_reference: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    customer: Mapped[Customer] = relationship()


class AccessLogEntry(db.Model):
    """One look of a staff member at a customer's data, as the customer reads it."""

    __tablename__ = "access_log_entries"
    __table_args__ = (Index("ix_access_log_entries_customer", "customer_id", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    team: Mapped[Role] = mapped_column(code_column(Role))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    category: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    request_reference: Mapped[str | None] = mapped_column(String(20))
