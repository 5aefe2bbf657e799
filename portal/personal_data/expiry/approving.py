"""An officer looks at a class that waits, and lets it go."""

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.expiry.endings import Ending
from portal.personal_data.expiry.loop import job_name
from portal.personal_data.expiry.runs import WAITING, newest_run

APPROVED = declare("staff:retention:approved", "class", "due")


class NothingWaits(Exception):
    """No run of the class waits for an approval."""


def approve_class(ending: Ending, actor: str) -> int:
    """Approve, in the current transaction, what the newest run of a class found; return how much that is.

    A run that finds more than was approved waits again, unless the rest alone could go.

    Args:
        actor: `staff:…`, or `command`.

    Raises:
        NothingWaits: no run of the class waits.
    """
    run = newest_run(ending.code)
    if run is None or run.state not in WAITING or run.approved_by is not None:
        raise NothingWaits
    run.approved_by = actor
    record(APPROVED, actor=actor, subject="portal", **{"class": ending.code}, due=run.due)
    enqueue(job_name(ending))
    return run.due
