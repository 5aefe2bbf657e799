"""Write once more what an emptied or lost ledger does not hold any more: its lines are rows of the database, too.

The ledger proves that a database is not an older one: where it knows more than the database, nothing is written here.
Whether the database itself is an older one, with an emptied ledger nothing can tell: the copy of the ledger goes first.
"""

from collections.abc import Iterator

from sqlalchemy import select

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.ledger import GENESIS, Line, LineBroken, LineTaken, StorageError
from portal.personal_data.ledger.epochs import FIRST
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.position import LedgerAhead, entry_of, position
from portal.personal_data.ledger.standing import Standing

REFILLED = declare("portal:ledger:refilled", "lines", "until")


class RefillRefused(Exception):
    """The ledger cannot be refilled from this database; nothing was written. The text says why and what to do."""


def refill() -> int:
    """Put back every line that lay outside and is missing there; return how many.

    Everything is compared before the first line is written. It may be killed and run again.

    Raises:
        RefillRefused: the ledger knows more than the database, holds other lines, or cannot be read or written.
    """
    try:
        _check_not_ahead()
        missing = [line for line in _lines() if _is_missing(line)]
        for line in missing:
            installed.ledger().write(line)
    except LedgerAhead:
        raise RefillRefused(f"The ledger is {Standing.AHEAD}: {Standing.AHEAD.cure}.") from None
    except (LineBroken, LineTaken) as fault:
        raise RefillRefused(f"The ledger is {Standing.BROKEN}, {fault}: {Standing.BROKEN.cure}.") from None
    except StorageError:
        raise RefillRefused(f"The ledger is {Standing.UNREACHABLE}: {Standing.UNREACHABLE.cure}.") from None
    if missing:
        with transaction():
            record(REFILLED, actor="command", subject="portal", lines=len(missing), until=missing[-1].n)
    return len(missing)


def _check_not_ahead() -> None:
    """Look at every line beyond the database's own, also behind a gap: each must be one that a row here was shipped as.

    Raises:
        LedgerAhead, LineBroken, StorageError.
    """
    last = position()
    for n in installed.ledger().numbers():
        line = installed.ledger().read(n) if n > last.n else None
        if line is not None:
            entry_of(line)


def _is_missing(line: Line) -> bool:
    """Tell whether a line lies outside no more. Raises `LineTaken` where another one has its number."""
    kept = installed.ledger().read(line.n)
    if kept is not None and kept != line:
        raise LineTaken(kept)
    return kept is None


def _lines() -> Iterator[Line]:
    """Yield the lines as they were shipped, each checked by its own hash and against the one before.

    Raises:
        LineBroken: the rows are not those that were shipped.
    """
    shipped = select(LedgerEntry).where(LedgerEntry.n.is_not(None)).order_by(LedgerEntry.n)
    entries = list(db.session.execute(shipped).scalars())
    lives = [FIRST, *(entry.body["epoch"] for entry in entries if entry.kind is EntryKind.EPOCH)]
    previous = GENESIS
    for n, entry in enumerate(entries, start=1):
        line = _shipped_as(entry, n, previous, lives)
        lives = [line.epoch, *(life for life in lives if life != line.epoch)]  # most often the next one's, too
        previous = line.hash
        yield line


def _shipped_as(entry: LedgerEntry, n: int, previous: str, lives: list[str]) -> Line:
    """Return the line that a row was shipped as. A row does not say in which epoch that was: the hash does."""
    for life in lives:
        line = Line(n, life, entry.kind, entry.at, entry.body, previous)
        if (line.n, line.hash) == (entry.n, entry.hash):
            return line
    raise LineBroken(f"row {entry.id} of the database is not line {n} as it was shipped")
