"""A purge of a million expired rows against one bare DELETE of the same rows, in the same run.

Processor time is that of this process and of PostgreSQL's for it, so that it means something on a busy machine too. The bare DELETE takes the rows by the range of their last day. Another
process writes while the purge runs, and says how long each of its writes took. `python -m tests.bench.purges [ROWS]`.
"""

import sys
import time
from collections.abc import Iterator
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
from tests.bench.locks import another_writer, measured, processor, quiet_writer
from tests.support.hashing import use_quick_hasher
from tests.support.servers.databases import new_database, postgresql_server
from tests.trial.installation import Installation, forget_connections, installation

PEOPLE = 1000


def measure_purges(rows: int = 1_000_000) -> None:
    """Print the figures, on SQLite and on PostgreSQL."""
    use_quick_hasher()
    with installation() as portal, portal.app.app_context():
        _purge("SQLite", portal, rows)
    with (
        postgresql_server() as address,
        installation(PORTAL_DATABASE_URL=new_database(address, "endings")) as portal,
        portal.app.app_context(),
    ):
        _purge("PostgreSQL", portal, rows)
        forget_connections()


def _purge(name: str, portal: Installation, rows: int) -> None:
    ending, day = ending_of("records"), clock.today()
    customers = _customers(PEOPLE)
    _fill_many(customers, rows)
    db.session.rollback()
    with _writes() as connection:
        cpu, wall = processor(), time.perf_counter()
        connection.execute(text("DELETE FROM records WHERE expires_on < :day"), {"day": day})
        bare = processor() - cpu, time.perf_counter() - wall
    _fill_many(customers, rows)
    end_class(ending)  # so many wait for an officer
    with transaction():
        approve_class(ending, "staff:bench")
    quiet = quiet_writer(portal.app)
    with another_writer(portal.app) as waits, measured() as locks:
        run = end_class(ending)
    assert run.removed == rows, run.removed
    print(
        f"{name}: purge of {rows} rows: {locks}; bare range delete {bare[0]:.2f} s of processor, "
        f"{bare[1]:.1f} s: {bare[0] / locks.cpu:.2f} of it by processor, {bare[1] / locks.wall:.2f} by the clock; "
        f"another writer {waits} (alone {quiet})"
    )


def _customers(count: int) -> list[int]:
    with transaction() as session:
        rows = [{"external_id": f"B-{number}", "imported_at": clock.now()} for number in range(count)]
        session.execute(insert(Customer), rows)
        return list(session.execute(select(Customer.id).where(Customer.external_id.like("B-%"))).scalars())


def _fill_many(customers: list[int], rows: int) -> None:
    each = rows // len(customers)
    for customer_id in customers:
        _fill(customer_id, each)


def _fill(customer_id: int, count: int) -> None:
    """Give a customer visits that are past their time."""
    now, day = clock.now(), clock.today() - timedelta(days=1)
    rows = [
        {
            "customer_id": customer_id, "kind": "page_visit", "category": "usage", "external_id": f"V-{number}",
            "recorded_at": now - timedelta(seconds=number), "source": "website", "received_at": now, "expires_on": day,
            "values": {"page": f"https://netkin.fr/page/{number}", "seconds": number % 300},
        }
        for number in range(count)
    ]  # fmt: skip
    with transaction() as session:
        session.execute(insert(Record), rows)
        tally = session.get(CategoryCount, (customer_id, "usage"))
        if tally is None:
            session.add(CategoryCount(customer_id=customer_id, category="usage", count=count))
        else:
            tally.count += count


@contextmanager
def _writes() -> Iterator[Any]:
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        yield connection


if __name__ == "__main__":
    measure_purges(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
