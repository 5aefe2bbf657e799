"""The jobs of rights requests."""

from datetime import timedelta

from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.rights.filing.drafts import discard, expired_drafts


@job("rights.remove_expired_drafts", every=timedelta(days=1), destroys=True)
def remove_expired_drafts(run: JobRun) -> None:
    """Delete drafts past their time, with the documents given for them, a slice at a time."""
    while True:
        with transaction():
            expired = expired_drafts()
            for draft in expired:
                discard(draft)
        if not expired:
            return
        run.renew()
