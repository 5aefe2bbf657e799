"""What a process needs to do its work: database, its version, the ledger, jobs in time, storage."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, Engine, Select, TextClause, create_engine, select, text
from sqlalchemy.orm import Session, scoped_session

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.personal_data.ledger.doors import doors

MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"
LATE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Check:
    """One thing that a process needs.

    Attributes:
        is_well: looks at it; it may raise, and it may hang.
        is_vital: whether no page works without it.
        asks_database: whether it says nothing new once the database has failed.
    """

    name: str
    is_well: Callable[[], bool]
    is_vital: bool = False
    asks_database: bool = False


def checks(app: Flask) -> list[Check]:
    """Return what an app needs, the most basic first."""
    asked = _Database(app)
    return [
        Check("database", lambda: asked.first(text("SELECT 1")) is not None, is_vital=True),
        Check("migrations", asked.is_migrated, is_vital=True, asks_database=True),
        Check("ledger", lambda: doors.of(app).are_open(), is_vital=True, asks_database=True),
        Check("ledger_lines", lambda: doors.of(app).is_level(), asks_database=True),
        Check("jobs", lambda: asked.first(_late_jobs()) is None, asks_database=True),
        Check("storage", lambda: installed.storage.of(app).exists("readiness") in {True, False}),
    ]


class _Database:
    """The database over connections of the checks' own: requests may take all others."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def first(self, question: Select[Any] | TextClause) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(question).first()

    def is_migrated(self) -> bool:
        with self._engine.connect() as connection:
            return applied_migration(connection) == migration_head()

    @cached_property
    def _engine(self) -> Engine:
        url = installed.settings.of(self._app).database_url
        return create_engine(url, pool_size=3, max_overflow=0, pool_timeout=1, pool_pre_ping=True)


@cache
def migration_head() -> str | None:
    """Return the newest migration of the code."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def applied_migration(database: Connection | Session | scoped_session[Any]) -> str | None:
    """Return the newest migration applied to the database."""
    version = database.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def _late_jobs() -> Select[Any]:
    return select(Job.id).where(Job.status == JobStatus.WAITING, Job.run_at < clock.now() - LATE_AFTER).limit(1)
