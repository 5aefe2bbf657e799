"""The job row: work to be done, written in the transaction of the fact that calls for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import BigId, Json, UtcDateTime, code_column, db


class JobStatus(StrEnum):
    WAITING = "waiting"
    """Due at `run_at`; nobody holds it."""
    RUNNING = "running"
    """Held by a worker until `lease_until`; afterwards anybody may take it over."""
    DONE = "done"
    """Its effects are committed."""
    PARKED = "parked"
    """Failed too often or for good, or of an unknown name: shown to operators, run by nobody."""


class Lane(StrEnum):
    """Each lane has workers of its own, so that a flood in one delays nothing in another."""

    MAIN = "main"
    """What people who are known here, the law and the clock ask for."""
    STRANGERS = "strangers"
    """What anybody may ask for: mails with a link to an address that they typed."""
    SYSTEMS = "systems"
    """Calls to systems of the company and its recipients: one that never answers holds up the others of its kind."""


class Job(db.Model):
    """A job.

    Attributes:
        unique_key: no second job gets the same key.
        fence: grows each time a worker takes the job. A worker that was paused still has the old number, and so cannot
            finish a job that another worker took over.
        last_error: the type of the last exception, without its text, which may hold personal data.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "status", "lane", "run_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    lane: Mapped[Lane] = mapped_column(code_column(Lane), default=Lane.MAIN, server_default=Lane.MAIN)
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    status: Mapped[JobStatus] = mapped_column(code_column(JobStatus), default=JobStatus.WAITING)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
