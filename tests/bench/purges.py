"""A purge of a million expired rows against one bare DELETE of the same rows, in the same run.

Processor time is that of this process, so that it means something on a busy machine too; a lock lasts from the first
statement of a writing transaction to its commit. The bare DELETE takes the rows by the range of their last day. Another
process writes while the purge runs, and says how long each of its writes took. `python -m tests.bench.purges [ROWS]`.
"""

import gc
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.expiry.approving import approve_class
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import end_class
from portal.records.models import CategoryCount, Record
from tests.support.hashing import use_quick_hasher
from tests.support.servers.databases import new_database, postgresql_server
from tests.trial.installation import Installation, forget_connections, installation

WRITTEN = declare("portal:bench:written", "number")
PEOPLE = 1000


@dataclass
class Locks:
    """How long each writing transaction of a block lasted, in seconds, and the processor time of the block."""

    lasted: list[float] = field(default_factory=list)
    cpu: float = 0.0
    wall: float = 0.0

    def __str__(self) -> str:
        longest, middle = max(self.lasted) * 1000, statistics.median(self.lasted) * 1000
        return f"{self.cpu:.2f} s of processor, {len(self.lasted)} transactions, longest {longest:.0f} ms, half {middle:.0f} ms"


@contextmanager
def measured() -> Iterator[Locks]:
    """Measure the writing transactions of a block."""
    locks, begun = Locks(), [0.0]

    def begins(*_given: Any) -> None:
        begun[0] = time.perf_counter()

    def commits(_session: Any) -> None:
        if "writing" in _session.info:
            locks.lasted.append(time.perf_counter() - begun[0])

    event.listen(Session, "after_begin", begins)
    event.listen(Session, "after_commit", commits)
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        yield locks
    finally:
        locks.cpu, locks.wall = time.process_time() - cpu, time.perf_counter() - wall
        event.remove(Session, "after_begin", begins)
        event.remove(Session, "after_commit", commits)


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
        cpu, wall = time.process_time(), time.perf_counter()
        connection.execute(text("DELETE FROM records WHERE expires_on < :day"), {"day": day})
        bare = time.process_time() - cpu, time.perf_counter() - wall
    _fill_many(customers, rows)
    end_class(ending)  # so many wait for an officer
    with transaction():
        approve_class(ending, "staff:bench")
    with _another_writer(portal) as waits, measured() as locks:
        run = end_class(ending)
    assert run.removed == rows, run.removed
    print(
        f"{name}: purge of {rows} rows: {locks}, {locks.wall:.1f} s; bare range delete {bare[0]:.2f} s of processor, "
        f"{bare[1]:.1f} s: {bare[0] / locks.cpu:.2f} of it by processor, {bare[1] / locks.wall:.2f} by the clock; "
        f"another writer {waits}"
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


@contextmanager
def _another_writer(portal: Installation) -> Iterator["Waits"]:
    """Let another process write all the while: an event of the audit trail, which everybody locks, each 10 ms."""
    forget_connections()
    gc.collect()
    fork = get_context("fork")
    own, theirs = fork.Pipe()
    process = fork.Process(target=_write_on, args=(portal.app, theirs), daemon=True)
    process.start()
    theirs.close()
    waits = Waits()
    try:
        yield waits
    finally:
        own.send("over")
        waits.lasted = own.recv()
        process.join()


@dataclass
class Waits:
    """How long each write of another process took, in seconds."""

    lasted: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        ordered = sorted(self.lasted)
        p99 = ordered[int(len(ordered) * 0.99)] * 1000 if ordered else 0
        return f"p99 {p99:.0f} ms of {len(ordered)} writes"


def _write_on(app: Any, pipe: Any) -> None:
    lasted = []
    with app.app_context():
        while not pipe.poll(0.01):
            began = time.perf_counter()
            with transaction():
                record(WRITTEN, actor="command", subject="portal", number=len(lasted))
            lasted.append(time.perf_counter() - began)
        pipe.send(lasted)


if __name__ == "__main__":
    measure_purges(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
