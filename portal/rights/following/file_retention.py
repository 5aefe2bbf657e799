"""Delete the whole file of a request when the period told to the person has passed since its closing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.durations import Period
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityCheck, IdentityDocument
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.rights.models import RequestDecision, RequestEvent, RequestPause, RightsRequest

PURGED = declare("portal:requests:purged", "requests", "until")

SLICE = 200


@job("rights.purge_closed_files", every=timedelta(days=1), destroys=True)
def purge_closed_files(run: JobRun) -> None:
    """Delete the files of requests closed longer ago than the period, a slice at a time.

    Files of restricted customers stay (GDPR art. 18). A file whose document or copy is still in storage stays too: its
    bytes are deleted first, by other jobs.
    """
    start = _start()
    while True:
        with transaction():
            ids = _expired(start)
            if ids:
                _delete(ids)
                until = clock.local_date(start).isoformat()
                record(PURGED, actor="portal", subject="portal", requests=len(ids), until=until)
        if len(ids) < SLICE:
            return
        run.renew()


def _start() -> datetime:
    """Return the beginning, in Paris, of the day before which the period has run out."""
    period: Period = installed.organisation().retention.request_files
    return clock.start_of(period.before(clock.today()))


def _expired(start: datetime) -> Sequence[int]:
    """Return a slice of the requests to delete, locked: they come before what belongs to them."""
    check_of_it = select(IdentityCheck.id).where(IdentityCheck.request_id == RightsRequest.id)
    has_document = exists().where(IdentityDocument.check_id.in_(check_of_it))
    has_copy = exists().where(AnswerPackage.request_id == RightsRequest.id, AnswerPackage.storage_key.is_not(None))
    statement = (
        select(RightsRequest.id)
        .join(Customer, Customer.id == RightsRequest.customer_id)
        .where(
            RightsRequest.is_open.is_(False),
            RightsRequest.closed_at < start,
            Customer.status != CustomerStatus.RESTRICTED,
            ~has_document,
            ~has_copy,
        )
        .order_by(RightsRequest.id)
        .limit(SLICE)
        .with_for_update(key_share=True, of=RightsRequest)
    )
    return db.session.execute(statement).scalars().all()


def _delete(ids: Sequence[int]) -> None:
    for model in (AnswerPackage, IdentityCheck, RequestPause, RequestEvent, RequestDecision):
        db.session.execute(delete(model).where(model.request_id.in_(ids)))
    db.session.execute(delete(RightsRequest).where(RightsRequest.id.in_(ids)))
