"""Retention deletes by itself, once a day, unless the machine's clock is not to be believed."""

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

    A clock that jumped would have years of data removed at once: after a gap, or a step back, this run removes
    nothing and says so. The next one, a day later by the same clock, goes on.
    """
    last = run.last_done()
    if last is not None and not timedelta(0) <= clock.now() - last <= LONGEST_GAP:
        logger.error("the clock jumped since the last purge, or the portal stood still: nothing is removed today")
        with run.finish():
            record(REFUSED, actor="portal", subject="portal", last_run=last.isoformat())
        return
    purge_records(run.renew)
