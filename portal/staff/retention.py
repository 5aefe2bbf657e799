"""How long the staff domain keeps what it holds, and the daily job that keeps that promise."""

from datetime import datetime, time, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from flask import current_app
from sqlalchemy import delete, exists, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import transaction
from portal.infrastructure.durations import Period
from portal.infrastructure.jobs.queue import JobRun, job
from portal.staff.models import AccessLogEntry, CustomerLookup, StaffDevice, StaffSession, StaffToken

PURGED = declare("portal:access_log:purged", "rows", "until")

BATCH = 2000

_KEPT = Label(
    fr="Chaque consultation est gardée {period} : vous pouvez la voir et nous pouvons la contrôler.",
    en="Each look is kept for {period}: you can see it and we can check it.",
)


def retention(language: str) -> str:
    """Return how long a look is kept, in words."""
    return _KEPT.filled(language, period=_periods().access_log.text(language))


@job("staff.purge_expired", every=timedelta(days=1))
def purge_expired(run: JobRun) -> None:
    """Remove looks and lookups, sessions, links and browsers whose time ran out, batch by batch."""
    periods = _periods()
    looks_until, sessions_until = _before(periods.access_log), _before(periods.security_log)
    removed = sum(_purge(run, _expired(model, looks_until)) for model in (AccessLogEntry, CustomerLookup))
    _purge(run, _chosen(StaffSession, StaffSession.last_used_at < sessions_until))
    _purge(run, _chosen(StaffToken, StaffToken.expires_at < sessions_until))
    in_use = exists().where(StaffSession.device_id == StaffDevice.id)
    _purge(run, _chosen(StaffDevice, StaffDevice.first_seen_at < sessions_until, ~in_use))
    with run.finish():
        if removed:
            until = clock.local_date(looks_until).isoformat()
            record(PURGED, actor="portal", subject="portal", rows=removed, until=until)


def _expired(model: Any, until: datetime) -> Any:
    # GDPR art. 18: what is held about a restricted customer is stored and otherwise left alone.
    restricted = select(Customer.id).where(Customer.status == CustomerStatus.RESTRICTED)
    return _chosen(model, model.at < until, model.customer_id.not_in(restricted))


def _chosen(model: Any, *conditions: Any) -> Any:
    batch = select(model.id).where(*conditions).order_by(model.id).limit(BATCH)
    return delete(model).where(model.id.in_(batch.scalar_subquery())).returning(model.id)


def _purge(run: JobRun, statement: Any) -> int:
    removed = 0
    while True:
        with transaction() as session:
            rows = len(session.execute(statement.execution_options(synchronize_session=False)).all())
        removed += rows
        if rows < BATCH:
            return removed
        run.renew()


def _before(period: Period) -> datetime:
    """Return the beginning, in Paris, of the day before which a period has run out."""
    day = clock.today() - relativedelta(years=period.years, months=period.months, days=period.days)
    return datetime.combine(day, time.min, clock.PARIS)


def _periods() -> Any:
    return current_app.extensions["organisation"].retention
