"""Consent as proof (every change, never altered) and as flags (what marketing reads)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db
from portal.infrastructure.identifiers import new_public_id


class Origin(StrEnum):
    PORTAL = "portal"
    """The customer, signed in here."""
    IMPORT = "import"
    """A system of the company, with the wording it showed."""
    STAFF = "staff"
    """A staff member on the customer's request: may only switch off."""
    MAIL_LINK = "mail_link"
    """The unsubscribe link of a message."""
    BROWSER_SIGNAL = "browser_signal"
    """Global Privacy Control sent by the customer's browser."""
    REQUEST = "request"
    """An objection, restriction or erasure filed as a rights request."""


class ConsentRecord(db.Model):
    """One choice with its proof: the wording shown, its version and language, when, from where."""

    __tablename__ = "consent_records"
    __table_args__ = (Index("ix_consent_records_newest", "customer_id", "effective_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    flag: Mapped[str] = mapped_column(String(60))
    is_given: Mapped[bool]
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    origin: Mapped[Origin] = mapped_column(code_column(Origin))
    source: Mapped[str | None] = mapped_column(String(200))
    wording: Mapped[str] = mapped_column(Text)
    wording_version: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))


class PreferenceState(db.Model):
    """What marketing may do with one customer, as the feed gives it: one row each, numbered in commit order."""

    __tablename__ = "preference_states"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(String(100), unique=True)
    flags: Mapped[dict[str, bool]] = mapped_column(Json)
    decided_at: Mapped[dict[str, Any]] = mapped_column(Json)
    is_suppressed: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None] = mapped_column(String(40))
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    suppressed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UnsubscribeLink(db.Model):
    """The link that marketing puts into a message: whoever holds it may switch that channel off, nothing else."""

    __tablename__ = "unsubscribe_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
