"""What workers do with answer packages: build them, let them expire, remove bytes that nothing names."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.exports.building import build
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import MOST_ATTEMPTS, JobRun, LeaseLost, enqueue, job

ORPHANED_AFTER = timedelta(hours=24)


@job("exports.build_package")
def build_package(run: JobRun, package_id: int) -> None:
    """Build one package. If a killed run is repeated, the package is built under another name, and one of them kept."""
    try:
        build(run, package_id)
    except LeaseLost:
        raise
    except Exception:
        if db.session.get_one(Job, run.job_id).attempts >= MOST_ATTEMPTS:
            with transaction() as session:
                session.get_one(AnswerPackage, package_id).status = PackageStatus.FAILED
        raise


@job("exports.expire_packages", every=timedelta(hours=1), destroys=True)
def expire_packages(run: JobRun) -> None:
    """Destroy the key of every package past its date, then have its bytes removed."""
    with run.finish() as session:
        statement = select(AnswerPackage).where(
            AnswerPackage.status == PackageStatus.READY, AnswerPackage.expires_at <= clock.now()
        )
        for package in session.execute(statement).scalars():
            package.status, package.wrapped_key = PackageStatus.EXPIRED, None
            enqueue("exports.remove_bytes", package_id=package.id)


@job("exports.remove_bytes")
def remove_bytes(run: JobRun, package_id: int) -> None:
    """Remove what is left of an expired package from storage."""
    package = db.session.get_one(AnswerPackage, package_id)
    if package.storage_key:
        installed.storage().delete(package.storage_key)
    with run.finish() as session:
        session.get_one(AnswerPackage, package_id).storage_key = None


@job("exports.remove_orphans", every=timedelta(days=1), destroys=True)
def remove_orphans(run: JobRun) -> None:
    """Remove bytes that a killed worker left: stored for a day and named by no package."""
    storage = installed.storage()
    for stored in storage.list("exports"):
        is_named = db.session.execute(select(AnswerPackage.id).where(AnswerPackage.storage_key == stored.key)).first()
        if not is_named and stored.modified_at < clock.now() - ORPHANED_AFTER:
            storage.delete(stored.key)
