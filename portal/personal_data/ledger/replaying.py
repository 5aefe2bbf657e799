"""After a restore: carry out once more what the ledger holds and the restored database does not know.

First a line that begins a new epoch is put at the end of the ledger, so that the database stays behind, and the portal
shut, until the very last step of all. Then line by line, each in a transaction that also takes the line over. Killed at
any moment and begun again, it goes on after the last line that was taken over, and ends the same.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.ledger import Line, LineTaken
from portal.personal_data.ledger.entries import REPLAYING
from portal.personal_data.ledger.epochs import RESTORED, new_epoch
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.position import LedgerAhead, Position, entry_of, position
from portal.personal_data.ledger.standing import Standing, standing

REPLAYED = declare("portal:ledger:replayed", "epoch", "erased", "objected", "restricted", "lines")

Body = dict[str, Any]
Listener = Callable[[Body], None]
_listeners: dict[tuple[EntryKind, str | None], list[Listener]] = {}
_closing: list[Callable[[], None]] = []


class ReplayRefused(Exception):
    """The ledger cannot be replayed here; nothing was changed. The text says why and what to do."""


def replays(kind: EntryKind, what: str | None = None) -> Callable[[Listener], Listener]:
    """Register a function that carries a line out once more, in the current transaction.

    It is called with the line's body. What the line is about may be missing in the backup, or be so already: both are
    no error.

    Args:
        what: the value of `what` in the body, where a kind has several meanings; otherwise all lines of the kind.
    """

    def register(listener: Listener) -> Listener:
        _listeners.setdefault((kind, what), []).append(listener)
        return listener

    return register


def closes_after_restore(close: Callable[[], None]) -> Callable[[], None]:
    """Register a function that ends what a backup must not bring back, such as sessions, in the current transaction."""
    _closing.append(close)
    return close


def replay() -> Counter[str]:
    """Bring the database level with the ledger; return how many lines of each kind were carried out.

    Raises:
        ReplayRefused: the ledger cannot be read, is another one, or holds a line that nobody here carries out.
    """
    found = standing()
    if found not in {Standing.LEVEL, Standing.AHEAD}:
        raise ReplayRefused(f"The ledger is {found}: {found.cure}.")
    last = position()
    lines = list(installed.ledger().after(last.n, last.hash))
    _check(lines)
    end = Position(lines[-1].n, lines[-1].hash) if lines else last
    final = _new_life(end)
    for line in lines:
        _take_over(line)
    return _finish(final)


def _check(lines: list[Line]) -> None:
    unknown = sorted({_name(line) for line in lines if not _is_known(line)})
    if unknown:
        raise ReplayRefused(f"Nobody here carries out lines of the kind {', '.join(unknown)}: use a newer version.")


def _is_known(line: Line) -> bool:
    return line.kind in list(EntryKind) and (line.kind == EntryKind.EPOCH or bool(_heard_by(line)))


def _name(line: Line) -> str:
    return " ".join(filter(None, (line.kind, line.body.get("what"))))


def _heard_by(line: Line) -> list[Listener]:
    whats = {None, line.body.get("what")}
    return [listener for what in whats for listener in _listeners.get((EntryKind(line.kind), what), [])]


def _new_life(end: Position) -> Line:
    """Put the line of a new epoch at the end of the ledger.

    A fresh one each time: that of a replay that was killed stays, is taken over as the others, and begins nothing.
    """
    epoch = new_epoch()
    line = Line(end.n + 1, epoch, EntryKind.EPOCH, clock.now(), {"epoch": epoch, "cause": RESTORED}, end.hash)
    try:
        installed.ledger().write(line)
    except LineTaken:
        raise ReplayRefused("Another process writes to the ledger: stop all others, and run this again.") from None
    return line


def _take_over(line: Line) -> None:
    """Carry out a line once more, and note in the same transaction that the database knows it now."""
    with transaction() as session:
        try:
            entry = entry_of(line)  # it was in the backup, and only not known to lie outside
        except LedgerAhead:
            entry = LedgerEntry(kind=EntryKind(line.kind), body=line.body, at=line.at, replayed_at=clock.now())
            session.add(entry)
            session.info[REPLAYING] = True
            for listener in _heard_by(line):
                listener(line.body)
        _number(entry, line)


def _finish(line: Line) -> Counter[str]:
    """End what a backup must not bring back, and begin the new epoch: from here on the database is level."""
    with transaction() as session:
        counts = _counts()
        for close in _closing:
            close()
        entry = LedgerEntry(kind=EntryKind.EPOCH, body=line.body, at=line.at)
        session.add(entry)
        _number(entry, line)
        named = {kind: counts[kind] for kind in (EntryKind.ERASED, EntryKind.OBJECTED, EntryKind.RESTRICTED)}
        epoch = line.body["epoch"]
        record(REPLAYED, actor="command", subject="portal", epoch=epoch, lines=counts.total(), **named)
    return counts


def _number(entry: LedgerEntry, line: Line) -> None:
    entry.n, entry.previous_hash, entry.hash, entry.shipped_at = line.n, line.previous_hash, line.hash, clock.now()
    db.session.flush()


def _counts() -> Counter[str]:
    """Count by kind what was carried out since the database's own last line, by replays that were killed too."""
    own = select(func.max(LedgerEntry.n)).where(LedgerEntry.replayed_at.is_(None))
    counts = select(LedgerEntry.kind, func.count()).where(
        LedgerEntry.replayed_at.is_not(None),
        LedgerEntry.kind != EntryKind.EPOCH,
        LedgerEntry.n > func.coalesce(own.scalar_subquery(), 0),
    )
    rows = db.session.execute(counts.group_by(LedgerEntry.kind)).all()
    return Counter({str(kind): count for kind, count in rows})
