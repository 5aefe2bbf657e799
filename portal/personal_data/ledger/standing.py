"""Compare the database with the ledger: is what people took back still so, or was a backup restored?"""

from enum import StrEnum

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.ledger import LineBroken, StorageError
from portal.personal_data.ledger.position import LedgerAhead, entry_of, position


class Standing(StrEnum):
    """How the database stands to the ledger; each with what to do about it."""

    LEVEL = "level"
    AHEAD = "ahead"
    BEHIND = "behind"
    EMPTY = "empty"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"

    @property
    def cure(self) -> str:
        """What an operator does; empty where nothing needs doing."""
        return _CURES[self]


_CURES = {
    Standing.LEVEL: "",
    Standing.AHEAD: "it holds lines that this database does not know, as after a restore; run flask restore replay",
    Standing.BEHIND: "lines are missing that this database wrote; set PORTAL_LEDGER_URL to the ledger of this database",
    Standing.EMPTY: "it has no line, though this database wrote some, so it was emptied or is another one;"
    " put its copy back, or set PORTAL_LEDGER_URL to the ledger of this database; where both are lost for good, run"
    " flask ledger refill",
    Standing.BROKEN: "its lines do not follow, or are of another key or database; see PORTAL_LEDGER_URL and _KEY",
    Standing.UNREACHABLE: "it cannot be read; check PORTAL_LEDGER_URL",
}


def standing() -> Standing:
    """Return how the database stands to the ledger now. Reads only, and ends the session's transaction."""
    try:
        return _compared()
    except LedgerAhead:
        return Standing.AHEAD
    except LineBroken:
        return Standing.BROKEN
    except StorageError:
        return Standing.UNREACHABLE
    finally:
        db.session.rollback()


def _compared() -> Standing:
    ledger, last = installed.ledger(), position()
    if last.n:
        line = ledger.read(last.n)
        if line is None:
            return Standing.BEHIND if ledger.read(1) else Standing.EMPTY
        if ledger.read(1) is None:  # emptied, and a line was shipped since
            return Standing.EMPTY
        if line.hash != last.hash:
            return Standing.BROKEN
    for line in ledger.after(last.n, last.hash):
        db.session.rollback()  # its row may be younger than what this session has seen
        entry_of(line)
    return Standing.LEVEL
