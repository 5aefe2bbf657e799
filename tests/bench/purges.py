"""A purge of a million expired rows against one bare DELETE of the same rows, in the same run.

Processor time is that of this process and of PostgreSQL's for it, so that it means something on a busy machine too. The
bare DELETE takes the rows by the range of their last day, once before the purge and once after it. Another process
writes while the purge runs, and says how long each of its writes took.
`.venv/bin/python -m tests.bench.purges [ROWS] [sqlite|postgresql]`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.expiry.approving import approve_class
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import end_class
from portal.records.models import CategoryCount, Record
from tests.bench.goals import BOTH, asked, benched, settle, tell_goal
from tests.bench.locks import another_writer, at, measured, processor, quiet_writer
from tests.support.hashing import use_quick_hasher
from tests.trial.installation import Installation

PEOPLE = 1000


def measure_purges(rows: int = 1_000_000, databases: Sequence[str] = BOTH) -> None:
    """Print the figures."""
    use_quick_hasher()
    for name in databases:
        with benched(name) as portal:
            _purge(name, portal, rows)


def _purge(name: str, portal: Installation, rows: int) -> None:
    ending = ending_of("records")
    customers = _customers(PEOPLE)
    _fill_many(customers, rows)
    before = _bare_delete()
    _fill_many(customers, rows)
    end_class(ending)  # so many wait for an officer
    with transaction():
        approve_class(ending, "staff:bench")
    quiet = quiet_writer(portal.app)
    with another_writer(portal.app) as waits, measured() as locks:
        run = end_class(ending)
    assert run.removed == rows, run.removed
    _fill_many(customers, rows)
    after = _bare_delete()
    cpu, wall = ((first + second) / 2 for first, second in zip(before, after, strict=True))
    print(
        f"{name}: purge of {rows} rows: {locks}; bare range delete {cpu:.2f} s of processor, {wall:.1f} s; "
        f"another writer {waits} (alone {quiet}); load {os.getloadavg()[0]:.1f}"
    )
    tell_goal("bare range delete against the purge, processor", cpu / locks.cpu, 0.5, at_least=True)
    tell_goal("bare range delete against the purge, clock", wall / locks.wall, 0.5, at_least=True)
    tell_goal("p99 of another writer", at(sorted(waits.lasted), 0.99) * 1000, 50, " ms")


def _bare_delete() -> tuple[float, float]:
    """Remove all that is past its time by one statement; return the seconds of processor and of the clock."""
    db.session.rollback()
    with _writes() as connection:
        cpu, wall = processor(), time.perf_counter()
        connection.execute(text("DELETE FROM records WHERE expires_on < :day"), {"day": clock.today()})
        connection.commit()
        return processor() - cpu, time.perf_counter() - wall


def _customers(count: int) -> list[int]:
    with transaction() as session:
        rows = [{"external_id": f"B-{number}", "imported_at": clock.now()} for number in range(count)]
        session.execute(insert(Customer), rows)
        return list(session.execute(select(Customer.id).where(Customer.external_id.like("B-%"))).scalars())


def _fill_many(customers: list[int], rows: int) -> None:
    """Give customers visits that are past their time, as many to each."""
    each = rows // len(customers)
    many = max(10_000 // each, 1)
    for some in (customers[first : first + many] for first in range(0, len(customers), many)):
        with transaction() as session:
            session.execute(insert(Record), [row for customer_id in some for row in _visits(customer_id, each)])
            for customer_id in some:
                session.merge(CategoryCount(customer_id=customer_id, category="usage", count=each))
    settle("records", "record_counts", "customers")


def _visits(customer_id: int, count: int) -> Iterator[dict[str, Any]]:
    now, day = clock.now(), clock.today() - timedelta(days=1)
    for number in range(count):
        yield {
            "customer_id": customer_id, "kind": "page_visit", "category": "usage", "external_id": f"V-{number}",
            "recorded_at": now - timedelta(seconds=number), "source": "website", "received_at": now, "expires_on": day,
            "values": {"page": f"https://netkin.fr/page/{number}", "seconds": number % 300},
        }  # fmt: skip


@contextmanager
def _writes() -> Iterator[Any]:
    with db.engine.connect().execution_options(portal_write=True) as connection:
        yield connection


if __name__ == "__main__":
    measure_purges(*asked(1_000_000))
