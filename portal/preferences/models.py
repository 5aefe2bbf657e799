"""Consent as proof (every change, never altered) and as flags (what marketing reads)."""

from datetime import date, datetime
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


class SuppressionReason(StrEnum):
    RESTRICTED = "restricted"
    """Art. 18: nothing may be sent until the restriction is lifted."""
    ERASED = "erased"
    """Art. 17: the reference alone stays, so that no system writes to the person again."""


MINOR = "minor"
"""Of somebody under 15, who can accept nothing alone: every flag is off, and service messages may be sent."""


class PreferenceState(db.Model):
    """What marketing may do with one customer, as the feed gives it: one row each, numbered in commit order.

    `flags` is what marketing reads: every flag, and all of them false while the customer is suppressed.
    `latest_choices` is what the person last said, flag by flag, suppressed or not: `given`, `at`, `origin`, `source`,
    `version`, and `confirmed_at` where a refusal was repeated. `reason` is why the customer is suppressed, or `MINOR`.
    `held_back` are the flags that a restriction of some categories turns off, whatever the customer chose.
    `lapses_on` is the first day on which the row must be computed anew: a consent given for a time, such as one to
    cookies, has to be asked for again, or a child reaches the age of consent. The row's own `version` grows with every
    change, in its own transaction: an ETag is made of it, since `sequence` comes only at the commit. `stops` are the
    purposes that the person objected to and that are weighed or stopped, by their codes in order.
    """

    __tablename__ = "preference_states"
    __table_args__ = (
        Index("ix_preference_states_suppressed_until", "suppressed_until"),
        Index("ix_preference_states_lapses_on", "lapses_on"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True, autoincrement=False)
    reference: Mapped[str] = mapped_column(String(100), unique=True)
    flags: Mapped[dict[str, bool]] = mapped_column(Json)
    latest_choices: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    is_suppressed: Mapped[bool] = mapped_column(default=False)
    held_back: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    reason: Mapped[str | None] = mapped_column(String(40))
    stops: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    suppressed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lapses_on: Mapped[date | None]


class PreferenceTotal(db.Model):
    """How many customers have a flag on, kept with each write, so that no page ever counts a million rows.

    Beside the flags stand `customers` and `suppressed`.
    """

    __tablename__ = "preference_totals"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class UnsubscribeLink(db.Model):
    """The link that marketing puts into a message: whoever holds it may switch e-mails off, nothing else."""

    __tablename__ = "unsubscribe_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
