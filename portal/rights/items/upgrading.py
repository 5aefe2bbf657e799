"""What stands already at the upgrade to items: open cases get theirs, false grants are open again."""

from datetime import timedelta

from sqlalchemy import exists, select

from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.rights import acting
from portal.rights.items.making import has_items, make_items
from portal.rights.items.models import RequestItem
from portal.rights.items.reopening import falsely_granted, reopen
from portal.rights.models import RightsRequest


@job("rights.itemise", every=timedelta(days=1), at_start=True)
def itemise(run: JobRun) -> None:
    """Make the items of open cases of an earlier version, and open again what it closed as erased. It may be killed."""
    is_bare = ~exists().where(RequestItem.request_id == RightsRequest.id)
    bare = select(RightsRequest.id).where(RightsRequest.is_open.is_(True), is_bare).order_by(RightsRequest.id)
    for request_id in list(db.session.execute(bare).scalars()):
        with transaction():
            request = acting.of_portal(request_id).request
            if request.is_open and not has_items(request.id):
                make_items(request)
        run.renew()
    for request_id in list(db.session.execute(falsely_granted().order_by(RightsRequest.id)).scalars()):
        with transaction():
            reopen(request_id)
        run.renew()
