"""Remove expired records once a day, unless the machine's clock jumped."""

import logging
from datetime import timedelta

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.jobs.queue import JobRun, job
from portal.retention.purge import purge_records

REFUSED = declare("portal:purge:refused", "last_run")

NAME = "retention.purge_records"
LONGEST_GAP = timedelta(days=2)

logger = logging.getLogger("portal.retention")


@job(NAME, every=timedelta(days=1))
def purge_daily(run: JobRun) -> None:
    """Remove records whose time ran out.

    A clock that jumped ahead would have years of data removed at once. So after a gap of more than two days, or a step
    back, this run removes nothing and records that. The next run, a day later by the same clock, removes again.
    """
    last = run.last_done()
    if last is not None and not timedelta(0) <= clock.now() - last <= LONGEST_GAP:
        logger.error("the clock jumped since the last purge, or the portal stood still: nothing is removed today")
        with run.finish():
            record(REFUSED, actor="portal", subject="portal", last_run=last.isoformat())
        return
    purge_records(run.renew)
