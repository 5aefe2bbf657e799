"""An erasure of 100 000 records among 300 000: its slices, memory, longest lock, and how long another writer waits.

`.venv/bin/python -m tests.bench.erasures [sqlite|postgresql]` prints the figures; the writer is a process of its own, as a web process is.
"""

import os
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from portal import clock
from portal.customers.creation import create_customer
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.destruction import guard_destruction
from portal.personal_data.erasure import steps
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import plan
from portal.personal_data.erasure.scheduling import schedule
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.ledger.shipping import ship
from portal.records.models import CategoryCount, Record
from tests.bench.goals import BOTH, asked, benched, settle, tell_goal
from tests.bench.locks import Locks, Waits, another_writer, at, measured, quiet_writer

MOST = 100_000
FEWER = 10_000
KINDS = (("page_visit", "usage", 7), ("order", "transaction", 1), ("payment", "transaction", 2))


def measure_erasures(databases: Sequence[str] = BOTH) -> None:
    """Print the figures."""
    for name in databases:
        with benched(name) as portal:
            _measure(name, portal.app)


def _measure(name: str, app: Flask) -> None:
    guard_destruction(lambda: True)
    heavy, light = _person("C-heavy", MOST), _person("C-light", FEWER)
    for number in range(19):
        _person(f"C-{number}", FEWER)
    settle("records", "record_counts", "customers")
    _preview(heavy)
    few, _waits, _memory = _erase(f"{name}, 10 000 records", light, app)
    tell_goal("10 000 records, processor", few.cpu, 2, " s")
    many, waits, memory = _erase(f"{name}, 100 000 records", heavy, app)
    tell_goal("100 000 records, memory", memory, 32, " MB")
    tell_goal("100 000 records, longest lock", max(lock.wall for lock in many.held) * 1000, 100, " ms")
    tell_goal("100 000 records, p99 of another writer", at(sorted(waits.lasted), 0.99) * 1000, 100, " ms")


def _person(reference: str, count: int) -> int:
    with transaction() as session:
        customer = create_customer(
            external_id=reference, email=f"{reference}@example.org", email_normalised=f"{reference.lower()}@example.org",
            given_name="Camille", relationship_ended_on=clock.today(),
        )  # fmt: skip
        number = 0
        for kind, category, tenths in KINDS:
            rows = list(_rows(customer.id, kind, category, count * tenths // 10, number))
            session.execute(insert(Record), rows)
            _count(customer.id, category, len(rows))
            number += len(rows)
        return customer.id


def _count(customer_id: int, category: str, number: int) -> None:
    tally = db.session.get(CategoryCount, (customer_id, category))
    if tally is None:
        db.session.add(CategoryCount(customer_id=customer_id, category=category, count=number))
    else:
        tally.count += number


def _rows(customer_id: int, kind: str, category: str, count: int, first: int) -> Iterator[dict[str, Any]]:
    instant = clock.now()
    values = {"page": "https://netkin.fr/tarifs", "seconds": 12} if kind == "page_visit" else {"number": "A-1"}
    for number in range(first, first + count):
        yield {
            "customer_id": customer_id, "kind": kind, "category": category, "external_id": f"bench-{number}",
            "recorded_at": instant - timedelta(seconds=number), "source": "website", "received_at": instant,
            "values": values, "expires_on": clock.today() + timedelta(days=900),
        }  # fmt: skip


def _preview(customer_id: int) -> None:
    plan(customer_id, Scope())
    times = []
    for _round in range(11):
        db.session.rollback()
        began = time.process_time()
        plan(customer_id, Scope())
        times.append(time.process_time() - began)
    db.session.rollback()
    print(f"preview of 100 000 records: {statistics.median(times) * 1000:.0f} ms of processor")


def _erase(name: str, customer_id: int, app: Flask) -> tuple[Locks, Waits, int]:
    with transaction() as session:
        customer = session.get_one(Customer, customer_id)
        erasure_id = schedule(customer, Scope(), plan(customer_id, Scope()), begins_at=clock.now()).id
    quiet, before = quiet_writer(app), _memory()
    with another_writer(app) as waits, measured() as locks:
        while _next_slice(erasure_id, locks):
            ship()
    erasure, memory = db.session.get_one(Erasure, erasure_id), _memory() - before
    certificate = certificate_of(erasure)
    assert certificate is not None, f"{erasure.step}: {erasure.cause} {erasure.position}"
    print(
        f"{name}: {locks}; another writer {waits} (alone {quiet}); memory + {memory} MB; "
        f"erased {certificate.count(certificate.erased)}, archived {certificate.count(certificate.archived)}; load {os.getloadavg()[0]:.1f}"
    )
    return locks, waits, memory


def _next_slice(erasure_id: int, locks: Locks) -> bool:
    """Do the slice that is next, under the name of its step, and pause as the job does; tell whether more are left."""
    locks.name = db.session.get_one(Erasure, erasure_id, populate_existing=True).step
    db.session.rollback()
    began = time.perf_counter()
    at = steps._advance(erasure_id)
    time.sleep(min(time.perf_counter() - began, 1))
    return at is not None


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    measure_erasures(asked(MOST)[1])
