"""What workers do with answer packages: build them, remove the bytes of one that expired."""

from sqlalchemy import update

from portal.exports.building import build
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import MOST_ATTEMPTS, JobRun, LeaseLost, job


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
                if package := session.get(AnswerPackage, package_id):
                    package.status = PackageStatus.FAILED
        raise


@job("exports.remove_bytes")
def remove_bytes(run: JobRun, package_id: int) -> None:
    """Remove what is left of an expired package from storage."""
    package = db.session.get(AnswerPackage, package_id)
    if package is None:
        return
    if package.storage_key:
        installed.storage().delete(package.storage_key)
    with run.finish() as session:
        session.execute(update(AnswerPackage).where(AnswerPackage.id == package_id).values(storage_key=None))
