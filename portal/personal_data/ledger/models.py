"""Lines of the ledger that wait here until they lie outside of the database too."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db


class EntryKind(StrEnum):
    """What a restored backup must not undo."""

    ERASED = "erased"
    OBJECTED = "objected"
    RESTRICTED = "restricted"
    LIFTED = "lifted"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    "Choices turned off, those on cookies included, and requests taken back."
    SHREDDED = "shredded"
    "Documents and copies whose keys are gone."
    REVOKED = "revoked"
    "Sessions, tokens and ways in, of staff too."
    UNLINKED = "unlinked"
    "The number that Facebook gave."
    EPOCH = "epoch"
    "A new life of the database begins: it was made, or a restore was replayed."


class LedgerEntry(db.Model):
    """One line: written in the deciding transaction, numbered and shipped by the one job that ships.

    Attributes:
        body: ids, codes and hashes; never a name or an address.
        n: its number in the ledger; None until it is shipped.
        replayed_at: when a restored database took it over from the ledger; None for one that was noted here.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index(
            "ix_ledger_entries_waiting",
            "id",
            sqlite_where=literal_column("shipped_at IS NULL"),
            postgresql_where=literal_column("shipped_at IS NULL"),
        ),
        Index(
            "ix_ledger_entries_epochs",
            "id",
            sqlite_where=literal_column("kind = 'epoch'"),
            postgresql_where=literal_column("kind = 'epoch'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[EntryKind] = mapped_column(code_column(EntryKind))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    n: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
