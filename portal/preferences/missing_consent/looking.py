"""Look once a day for records that need the person's consent and were collected without a trace of it.

The company must be able to show each consent (GDPR art. 7(1)). The person reads of a missing one beside the record, at
once. For the whole base it is counted here, because no page can go through every record.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.agreements import Agreements
from portal.preferences.missing_consent.models import MissingConsent
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record

SLICE: Final = 2000
"""Records read at once: the memory of a worker stays bounded, and its lease is renewed often."""

Needed = Mapping[str, tuple[str, ...]]
"""The kinds that may be collected on consent only, each with the choices that can give it."""


@job("preferences.look_for_missing_consent", every=timedelta(days=1))
def look_for_missing_consent(run: JobRun) -> None:
    """Count, kind by kind, the records without consent, and keep the figures for the officer."""
    needed = installed_data_map().choices_needed()
    counts: dict[str, int] = dict.fromkeys(needed, 0)
    oldest: dict[str, datetime] = {}
    last = 0
    while rows := _next_records(needed, last):
        last = rows[-1].id
        for record in _without_consent(rows, needed):
            counts[record.kind] += 1
            oldest[record.kind] = min(record.recorded_at, oldest.get(record.kind, record.recorded_at))
        db.session.rollback()
        run.renew()
    now = clock.now()
    with run.finish() as session:
        session.execute(delete(MissingConsent))
        session.add_all(
            MissingConsent(kind=kind, records=count, oldest_at=oldest.get(kind), looked_at=now)
            for kind, count in counts.items()
        )


def figures() -> list[MissingConsent]:
    """Return what the last look found, the kind with the most first; empty before the first look."""
    statement = select(MissingConsent).order_by(MissingConsent.records.desc(), MissingConsent.kind)
    return list(db.session.execute(statement).scalars())


def _next_records(needed: Needed, last: int) -> Sequence[Any]:
    columns = Record.id, Record.customer_id, Record.kind, Record.recorded_at
    statement = select(*columns).where(Record.id > last, Record.kind.in_(list(needed)))
    return db.session.execute(statement.order_by(Record.id).limit(SLICE)).all()


def _without_consent(rows: Sequence[Any], needed: Needed) -> Iterable[Any]:
    choices = {choice for row in rows for choice in needed[row.kind]}
    agreements = Agreements.of_each({row.customer_id for row in rows}, choices)
    return (row for row in rows if not agreements[row.customer_id].cover(needed[row.kind], row.recorded_at))
