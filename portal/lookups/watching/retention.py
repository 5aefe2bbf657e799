"""The daily job that removes counts of reading and closed alerts when their time has run out."""

from datetime import timedelta

from sqlalchemy import delete

from portal import clock
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, job
from portal.lookups.models import ReadingAlert, ReadingHour
from portal.lookups.watching.counting import COUNTS_KEPT


@job("lookups.purge_counts", every=timedelta(days=1), destroys=True)
def purge_counts(run: JobRun) -> None:
    """Remove counts after ninety days, and closed alerts when the looks that they are about are gone too."""
    period: Period = installed.organisation().retention.access_log
    until = clock.start_of(period.before(clock.today()))
    with run.finish():
        db.session.execute(delete(ReadingHour).where(ReadingHour.hour < clock.now() - COUNTS_KEPT))
        is_old = (ReadingAlert.raised_at < until, ReadingAlert.closed_at.is_not(None))
        db.session.execute(delete(ReadingAlert).where(*is_old))
