"""Where the database stands in the ledger: how far its lines are known to lie outside, and what lies beyond."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.infrastructure.ledger import GENESIS, Line
from portal.personal_data.ledger.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class Position:
    """The newest line that the database knows to lie outside: its number, 0 for none, and its hash."""

    n: int = 0
    hash: str = GENESIS


class LedgerAhead(Exception):
    """The ledger holds a line that this database never wrote: it was restored, or another one is the right one."""

    def __init__(self, line: Line) -> None:
        super().__init__(f"line {line.n} of the ledger is not of this database")
        self.line = line


def position() -> Position:
    """Return where the database stands."""
    newest = select(LedgerEntry.n, LedgerEntry.hash).where(LedgerEntry.n.is_not(None)).order_by(LedgerEntry.n.desc())
    row = db.session.execute(newest.limit(1)).first()
    return Position(row.n, row.hash) if row else Position()


def entry_of(line: Line) -> LedgerEntry:
    """Return the row that a line beyond the database's position was written from.

    Whoever shipped it was killed before the row could say so, or will say so in a moment.

    Raises:
        LedgerAhead: there is no such row.
    """
    same = select(LedgerEntry).where(LedgerEntry.kind == line.kind, LedgerEntry.at == line.at)
    for entry in db.session.execute(same.order_by(LedgerEntry.id)).scalars():
        if entry.body == line.body and entry.n in {None, line.n}:
            return entry
    raise LedgerAhead(line)
