"""How long looks at a customer's file are kept, and the daily job that removes older ones."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.jobs.slices import remove_in_slices
from portal.lookups.models import AccessLogEntry, CustomerLookup, WholeBaseLook

PURGED = declare("portal:access_log:purged", "rows", "until")

_KEPT = Label(
    fr="Chaque consultation est gardée {period} : vous pouvez la voir et nous pouvons la contrôler.",
    en="Each look is kept for {period}: you can see it and we can check it.",
)


def retention(language: str) -> str:
    """Return in words how long a look is kept."""
    return _KEPT.filled(language, period=_period().text(language))


@job("lookups.purge_expired", every=timedelta(days=1), destroys=True)
def purge_expired(run: JobRun) -> None:
    """Remove looks and lookups whose time ran out, slice by slice."""
    first_day_kept = _period().before(clock.today())
    until = clock.start_of(first_day_kept)
    # GDPR art. 18: restricted data may only be stored, so they are not deleted either.
    restricted = select(Customer.id).where(Customer.status == CustomerStatus.RESTRICTED)
    removed = sum(
        remove_in_slices(run, model, model.at < until, model.customer_id.not_in(restricted))
        for model in (AccessLogEntry, CustomerLookup)
    ) + remove_in_slices(run, WholeBaseLook, WholeBaseLook.at < until)
    with run.finish():
        if removed:
            record(PURGED, actor="portal", subject="portal", rows=removed, until=first_day_kept.isoformat())


def _period() -> Period:
    period: Period = installed.organisation().retention.access_log
    return period
