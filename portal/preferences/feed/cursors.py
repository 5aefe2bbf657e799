"""How far a machine has read the changes: `epoch.sequence`, and what it is told when that says nothing any more.

After a restore, or after a replica that lagged was promoted, numbers of changes are given a second time. So a cursor
names its epoch, and one of another epoch is refused: whoever keeps it has to read the whole base anew.
"""

import re
from dataclasses import dataclass

from portal.personal_data.ledger.epochs import BEGUN, epoch_of

# The largest sequence that the database could hold.
LAST_SEQUENCE = 2**63 - 1

PATTERN = r"^[0-9a-z]{1,32}\.[0-9]{1,19}$"
_CURSOR = re.compile(r"(?:([0-9a-z]{1,32})\.)?([0-9]{1,19})", re.ASCII)


class NoCursor(ValueError):
    """The text is no cursor that this portal ever gave."""


class CursorGone(Exception):
    """What changed since the cursor cannot be told.

    Attributes:
        cursor: the same place as it is written now, where it is safe to go on from there; else None.
    """

    def __init__(self, cursor: str | None = None) -> None:
        super().__init__("the cursor is of another time")
        self.cursor = cursor


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the changes.

    Attributes:
        epoch: None for a bare number, as they were given before there were epochs.
    """

    epoch: str | None
    sequence: int

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read a cursor as a machine sends it. Raises `NoCursor`."""
        match = _CURSOR.fullmatch(text)
        if match is None or int(match[2]) > LAST_SEQUENCE:
            raise NoCursor
        return cls(match[1], int(match[2]))


@dataclass(frozen=True, slots=True)
class Now:
    """Where the feed stands: the body of the newest epoch's line, None for the first epoch, and the newest sequence."""

    life: dict[str, str] | None
    newest: int

    @property
    def epoch(self) -> str:
        return epoch_of(self.life)

    def at(self, sequence: int) -> str:
        """Return the cursor of a sequence."""
        return f"{self.epoch}.{sequence}"

    def check(self, cursor: Cursor | None) -> None:
        """Check that nothing was passed over by whoever goes on from a cursor; None is the beginning.

        Raises:
            CursorGone: it is of another epoch, a bare number, or beyond the newest.
        """
        if cursor is None:
            return
        is_known = cursor.sequence <= self.newest
        if cursor.epoch is None:
            has_never_rewound = self.life is None or self.life["cause"] == BEGUN
            raise CursorGone(self.at(cursor.sequence) if is_known and has_never_rewound else None)
        if cursor.epoch != self.epoch or not is_known:
            raise CursorGone
