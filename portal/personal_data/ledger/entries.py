"""Write a line of the ledger with the fact that it is about, and ask whether it lies outside yet."""

from typing import Any

from portal.infrastructure.database import db
from portal.personal_data.ledger.models import EntryKind, LedgerEntry


def note(kind: EntryKind, body: dict[str, Any]) -> LedgerEntry:
    """Add a line in the current transaction; a job ships it after the commit.

    Args:
        body: ids, codes and hashes; never a name or an address.
    """
    entry = LedgerEntry(kind=kind, body=body)
    db.session.add(entry)
    db.session.flush()
    return entry


def is_confirmed(entry_id: int) -> bool:
    """Tell whether a line lies in the ledger, outside of the database and its backups."""
    return db.session.get_one(LedgerEntry, entry_id).shipped_at is not None
