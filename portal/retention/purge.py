"""Remove records whose time ran out, in small transactions, never those of a restricted customer (GDPR art. 18)."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.records.counts import CountChanges
from portal.records.models import Record

PURGED = declare("portal:records:purged", "records", "until")

BATCH = 2000


def count_expired() -> int:
    """Return how many records a purge would remove now."""
    return int(db.session.execute(select(func.count()).select_from(_expired(clock.today()).subquery())).scalar_one())


def purge_records(between: Callable[[], None] = lambda: None) -> int:
    """Remove every expired record and return how many; each batch is one transaction with its audit event.

    Args:
        between: called after each batch, such as to keep a job's lease.
    """
    today, removed = clock.today(), 0
    while True:
        with transaction() as session:
            rows = session.execute(_expired(today).limit(BATCH)).all()
            if not rows:
                return removed
            session.execute(delete(Record).where(Record.id.in_([row.id for row in rows])))
            changes = CountChanges()
            for row in rows:
                changes.take_off((row.customer_id, row.category))
            changes.write()
            record(PURGED, actor="portal", subject="portal", records=len(rows), until=today.isoformat())
        removed += len(rows)
        between()


def _expired(today: date) -> Any:
    return (
        select(Record.id, Record.customer_id, Record.category)
        .join(Customer, Customer.id == Record.customer_id)
        .where(Record.expires_on < today, Customer.status != CustomerStatus.RESTRICTED)
        .order_by(Record.id)
    )
