"""Write a line of the ledger with the fact that it is about, and ask whether it lies outside yet."""

from typing import Any

from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.ledger.models import EntryKind, LedgerEntry

SHIP = "ledger.ship"
"""The job that numbers lines and puts them outside."""
REPLAYING = "replaying"
"""The mark of a transaction that carries a line out once more: what it does is noted nowhere a second time."""


def note(kind: EntryKind, body: dict[str, Any]) -> LedgerEntry:
    """Add a line in the current transaction; a worker is woken after the commit, and ships it.

    Args:
        body: ids, codes and hashes; never a name or an address. Where a kind has several meanings, `what` says which.
    """
    entry = LedgerEntry(kind=kind, body=body)
    if is_replaying():
        return entry  # the ledger holds it already
    db.session.add(entry)
    db.session.flush()
    if not db.session.info.get(SHIP):
        db.session.info[SHIP] = True
        enqueue(SHIP)
    return entry


def is_replaying() -> bool:
    """Tell whether the current transaction carries out once more what the ledger holds."""
    return bool(db.session.info.get(REPLAYING))


def is_confirmed(entry_id: int) -> bool:
    """Tell whether a line lies in the ledger, outside of the database and its backups."""
    return db.session.get_one(LedgerEntry, entry_id).shipped_at is not None
