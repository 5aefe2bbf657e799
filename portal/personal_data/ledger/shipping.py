"""Put the lines that wait outside of the database, each once, however many workers do it at the same time.

Nobody locks anything. Whoever ships walks on from the last line that the database knows to lie outside, and a number
can be taken only once. Who finds it taken finds the row that this line was written from, and goes on after it. So a
line that was shipped is met before the first free number is reached, and is not shipped again, also when its worker was
killed before the row could say so.
"""

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.ledger import Line, LineTaken
from portal.personal_data.ledger.entries import SHIP
from portal.personal_data.ledger.epochs import epoch
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.position import Position, entry_of

SLICE = 50


@job(SHIP, every=timedelta(minutes=1))
def ship_all(run: JobRun) -> None:
    """Ship until nothing waits."""
    while ship():
        run.renew()


def ship() -> int:
    """Ship a slice of the lines of transactions that are over, in order of their ids; return how many.

    Raises:
        LedgerAhead: a number is taken by a line that this database never wrote. Nothing after it is shipped.
        StorageError: the ledger cannot be reached. What was shipped before stands.
    """
    last, waiting = _waiting()
    life = epoch()
    shipped: dict[int, Line] = {}
    try:
        while waiting:
            line = _written(waiting[0], last, life)
            own = waiting[0].id if _is_of(line, waiting[0]) else _row_of(line)
            shipped[own] = line
            waiting = [entry for entry in waiting if entry.id != own]
            last = Position(line.n, line.hash)
    finally:
        _confirm(shipped)
    return len(shipped)


def _waiting() -> tuple[Position, list[LedgerEntry]]:
    """Return where the database stands, and the lines that wait: by one statement, so that both are of one instant.

    Read after each other, a line that was shipped between the two would be in neither.
    """
    newest = aliased(LedgerEntry)
    largest = select(func.max(LedgerEntry.n)).scalar_subquery()
    waiting = select(LedgerEntry, newest.n, newest.hash).outerjoin(newest, newest.n == largest)
    waiting = waiting.where(LedgerEntry.shipped_at.is_(None)).order_by(LedgerEntry.id).limit(SLICE)
    rows = db.session.execute(waiting).all()
    for entry, _n, _hash in rows:
        db.session.expunge(entry)
    last = Position(rows[0].n, rows[0].hash) if rows and rows[0].n else Position()
    return last, [entry for entry, _n, _hash in rows]


def _written(entry: LedgerEntry, last: Position, life: str) -> Line:
    """Write an entry as the line after `last`, and return the line that has this number now."""
    own_life = entry.body["epoch"] if entry.kind is EntryKind.EPOCH else life
    line = Line(last.n + 1, own_life, entry.kind, entry.at, entry.body, last.hash)
    try:
        installed.ledger().write(line)
    except LineTaken as taken:
        return taken.line
    return line


def _is_of(line: Line, entry: LedgerEntry) -> bool:
    return (line.kind, line.at, line.body) == (entry.kind, entry.at, entry.body)


def _row_of(line: Line) -> int:
    db.session.rollback()  # the row may be younger than what this session has seen
    return entry_of(line).id


def _confirm(shipped: dict[int, Line]) -> None:
    """Say of each row that its line lies outside, unless another worker said so already."""
    db.session.rollback()
    if not shipped:
        return
    with transaction() as session:
        for entry_id, line in shipped.items():
            values = {"n": line.n, "previous_hash": line.previous_hash, "hash": line.hash, "shipped_at": clock.now()}
            row = update(LedgerEntry).where(LedgerEntry.id == entry_id, LedgerEntry.n.is_(None))
            session.execute(row.values(**values))
