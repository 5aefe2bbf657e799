"""What each run of a class found and did: the report that the officer reads, and what the next run is compared with."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db


class RunMode(StrEnum):
    RUN = "run"
    """By the clock, or by `flask purge`."""
    APPROVED = "approved"
    """An officer had approved it."""


class RunState(StrEnum):
    RAN = "ran"
    """It removed what was due; while `finished_at` is empty it is under way, or was killed."""
    REFUSED_CLOCK = "refused_clock"
    """The machine's clock is not trusted."""
    REFUSED_SHARE = "refused_share"
    """More was due than goes without an officer's approval."""
    REFUSED_CHANGE = "refused_change"
    """It was the first after an upgrade or a changed period, and waits for an officer's approval."""


class PurgeRun(db.Model):
    """One run of one class. Runs that repeat the one before, as most do that find nothing, share its row.

    Attributes:
        basis: what the ends of the class rested on (`share.basis_of`).
        kept: by reason, how much stayed though its time was over.
        overdue: how much of that has been past its time for more than thirty days.
    """

    __tablename__ = "purge_runs"
    __table_args__ = (Index("ix_purge_runs_newest", "class", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    class_code: Mapped[str] = mapped_column("class", String(40))
    mode: Mapped[RunMode] = mapped_column(code_column(RunMode))
    state: Mapped[RunState] = mapped_column(code_column(RunState))
    basis: Mapped[str] = mapped_column(String(200))
    clock_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[int]
    kept: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    overdue: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)
    approved_by: Mapped[str | None] = mapped_column(String(60))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
