"""Whether this process can do its work now: database, its version, storage, jobs."""

from datetime import timedelta
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job, JobStatus

MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"
LATE_AFTER = timedelta(minutes=15)


def faults() -> list[str]:
    """Return a short name for each thing that keeps the portal from working; none when it is ready."""
    try:
        found = [] if migration_head() == applied_migration() else ["migrations"]
        found += ["jobs"] if _has_late_jobs() else []
    except SQLAlchemyError:
        db.session.rollback()
        return ["database"]
    try:
        installed.storage().exists("readiness")
    except Exception:
        found.append("storage")
    return found


def migration_head() -> str | None:
    """Return the newest migration of the code."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def applied_migration() -> str | None:
    """Return the newest migration applied to the database."""
    version = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def _has_late_jobs() -> bool:
    late = select(Job.id).where(Job.status == JobStatus.WAITING, Job.run_at < clock.now() - LATE_AFTER).limit(1)
    return db.session.execute(late).first() is not None
