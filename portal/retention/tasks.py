"""Remove expired records once a day."""

from datetime import timedelta

from portal.infrastructure.jobs.queue import JobRun, job
from portal.retention.purge import purge_records

NAME = "retention.purge_records"


@job(NAME, every=timedelta(days=1), destroys=True)
def purge_daily(run: JobRun) -> None:
    """Remove records whose time ran out."""
    purge_records(run.renew)
