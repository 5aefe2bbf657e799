"""The daily job that removes the traces of staff sign-ins when the retention period has passed."""

from datetime import timedelta

from sqlalchemy import exists

from portal import clock
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.jobs.slices import remove_in_slices
from portal.staff.models import StaffDevice, StaffSession, StaffToken


@job("staff.purge_expired", every=timedelta(days=1), destroys=True)
def purge_expired(run: JobRun) -> None:
    """Remove sessions, links and browsers whose time ran out, slice by slice."""
    period: Period = installed.organisation().retention.security_log
    until = clock.start_of(period.before(clock.today()))
    remove_in_slices(run, StaffSession, StaffSession.last_used_at < until)
    remove_in_slices(run, StaffToken, StaffToken.expires_at < until)
    in_use = exists().where(StaffSession.device_id == StaffDevice.id)
    remove_in_slices(run, StaffDevice, StaffDevice.first_seen_at < until, ~in_use)
