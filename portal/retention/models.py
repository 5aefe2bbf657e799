"""What the portal has seen of the machine's clock."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from portal.infrastructure.database import UtcDateTime, code_column, db


class ClockJump(StrEnum):
    AHEAD = "ahead"
    """More than two days passed at once: the clock was set, or the portal stood still."""
    BACK = "back"
    """It is earlier than it was."""


class ClockMark(db.Model):
    """The one row that remembers time.

    Attributes:
        highest_at: the highest instant seen while the clock was trusted.
        seen_at: the instant that the last look saw.
        halted_at: what the clock said when nothing was removed any more; None while it is trusted.
        even_since: since when it has run evenly again.
    """

    __tablename__ = "clock_marks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    highest_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    halted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    even_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[ClockJump | None] = mapped_column(code_column(ClockJump))
