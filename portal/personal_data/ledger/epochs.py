"""The epoch: one life of the database, from its making or from a restore to the next one.

What machines keep of the feed, cursors and ETags, names it. After a restore the numbers of changes are given once more,
to other changes: only the epoch tells the old ones from the new.
"""

import secrets

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind, LedgerEntry

FIRST = "0"
"""The epoch of a database in which none was drawn yet."""

BEGUN, RESTORED = "begun", "restored"
"""Why an epoch was drawn, as `cause` of its line says: the database was made, or a restore was replayed."""

NEWEST = (
    select(LedgerEntry.__table__.c.body)
    .where(LedgerEntry.__table__.c.kind == EntryKind.EPOCH)
    .order_by(LedgerEntry.__table__.c.id.desc())
    .limit(1)
)
"""The body of the newest epoch's line, to be read in one statement with the rows that it is about."""


def new_epoch() -> str:
    """Return a fresh epoch, as no other database ever had: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def epoch() -> str:
    """Return the epoch that this database lives in."""
    return epoch_of(db.session.execute(NEWEST).scalar_one_or_none())


def epoch_of(body: dict[str, str] | None) -> str:
    """Return the epoch that the body of its line names; `FIRST` without one."""
    return body["epoch"] if body else FIRST


def begin_epoch() -> None:
    """Draw the first epoch of a database that was just made, in the current transaction."""
    if db.session.execute(NEWEST).first() is None:
        note(EntryKind.EPOCH, {"epoch": new_epoch(), "cause": BEGUN})
