"""Which staff member opened which customer's file, each look at what it holds, and how much a member looks at."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id
from portal.lookups.grounds import ArchiveGround
from portal.personal_data.restrictions.grounds import UseReason
from portal.staff.models import StaffMember


class CustomerLookup(db.Model):
    """A staff member's stated reason for opening one customer's file. It opens that file until `expires_at`.

    With `archive_ground` it opens what is in the archive about them, and nothing else; without, everything else. With
    `use_reason`, one of the four of art. 18(2), it opens restricted data too.
    """

    __tablename__ = "customer_lookups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    request_reference: Mapped[str | None] = mapped_column(String(20))
    archive_ground: Mapped[ArchiveGround | None] = mapped_column(code_column(ArchiveGround))
    use_reason: Mapped[UseReason | None] = mapped_column(code_column(UseReason))
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
    use_reason: Mapped[UseReason | None] = mapped_column(code_column(UseReason))
    """Why restricted data could be looked at (art. 18(2)); None where nothing of it was restricted."""


class WholeBaseLook(db.Model):
    """A file of a category of all customers that a staff member took. Each customer known by then reads of it."""

    __tablename__ = "whole_base_looks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    team: Mapped[Role] = mapped_column(code_column(Role))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    category: Mapped[str] = mapped_column(String(40))


class AlertKind(StrEnum):
    UNUSUAL = "unusual"
    """The member looked at more people in an hour than in nearly all of their hours."""
    BRAKED = "braked"
    """The member wanted to look at more people in an hour than anybody may."""


class ReadingHour(db.Model):
    """How many people a member looked at within an hour of the clock; the first look of a day at each counts."""

    __tablename__ = "reading_hours"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    looks: Mapped[int]


class ReadingAlert(db.Model):
    """Reading that an officer should look into. `usual` is the number that `looks` passed; both are of one hour."""

    __tablename__ = "reading_alerts"
    __table_args__ = (UniqueConstraint("staff_id", "hour", "kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    kind: Mapped[AlertKind] = mapped_column(code_column(AlertKind))
    hour: Mapped[datetime] = mapped_column(UtcDateTime)
    looks: Mapped[int]
    usual: Mapped[int]
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    words: Mapped[str] = mapped_column(Text, default="")

    staff: Mapped[StaffMember] = relationship(foreign_keys=staff_id)
    closed_by: Mapped[StaffMember | None] = relationship(foreign_keys=closed_by_id)
