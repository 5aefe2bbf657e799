"""Keeps: why a thing about a person may not go yet, though its time is over.

A keep is a row, so that what is kept, why and since when can be counted, shown and proven. Each belongs to the fact
that asks for it: a restriction, a legal hold, an open request.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.bilingual import Label
from portal.infrastructure.database import BigId, UtcDateTime, code_column, db


class KeepReason(StrEnum):
    RESTRICTION = "restriction"
    """The person had the use of their data restricted: they are stored and left alone (GDPR art. 18)."""
    HOLD = "hold"
    """A legal hold: a dispute or an inspection needs them (art. 17(3)(e))."""
    OPEN_REQUEST = "open_request"
    """One on access, portability, rectification or restriction: its answer must not lose what it is about."""
    DECIDED = "decided"
    """Two people decided that an erasure leaves it in place; its own time goes on (art. 17(3))."""

    def label(self, language: object) -> str:
        """Return the reason in a few words, in a language."""
        label: Label = _LABELS[self]
        return label.text(language)


_LABELS = {
    KeepReason.RESTRICTION: Label(fr="limitation", en="restriction"),
    KeepReason.HOLD: Label(fr="conservation forcée", en="legal hold"),
    KeepReason.OPEN_REQUEST: Label(fr="demande en cours", en="open request"),
    KeepReason.DECIDED: Label(fr="décision sur un effacement", en="decision on an erasure"),
}


class Keep(db.Model):
    """One reason to keep something of a customer: everything, or one category, kind or record where it names one.

    Attributes:
        source_id: the id of the row that asks for it: of the request, or of the hold.
        ended_at: None while it keeps.
    """

    __tablename__ = "keeps"
    __table_args__ = (
        Index("ix_keeps_source", "reason", "source_id"),
        Index(
            "ix_keeps_open",
            "customer_id",
            sqlite_where=literal_column("ended_at IS NULL"),
            postgresql_where=literal_column("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    reason: Mapped[KeepReason] = mapped_column(code_column(KeepReason))
    source_id: Mapped[int] = mapped_column(BigInteger)
    category: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str | None] = mapped_column(String(60))
    external_id: Mapped[str | None] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
