"""The daily job that removes the traces of staff when their retention periods have passed.

The audit trail keeps who proposed and seconded what, by references; the words and the facts of a proposal go.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists

from portal import clock
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.jobs.slices import remove_in_slices
from portal.staff.approvals.models import Approval
from portal.staff.desk.models import OfficerNotice
from portal.staff.models import StaffDevice, StaffSession, StaffToken


@job("staff.purge_expired", every=timedelta(days=1), destroys=True)
def purge_expired(run: JobRun) -> None:
    """Remove sessions, links and browsers whose time ran out, slice by slice."""
    periods = installed.organisation().retention
    until = _start(periods.security_log)
    remove_in_slices(run, StaffSession, StaffSession.last_used_at < until)
    remove_in_slices(run, StaffToken, StaffToken.expires_at < until)
    in_use = exists().where(StaffSession.device_id == StaffDevice.id)
    remove_in_slices(run, StaffDevice, StaffDevice.first_seen_at < until, ~in_use)
    remove_in_slices(run, OfficerNotice, OfficerNotice.at < until)
    remove_in_slices(run, Approval, Approval.decided_at < _start(periods.approvals))


def _start(period: Period) -> datetime:
    return clock.start_of(period.before(clock.today()))
