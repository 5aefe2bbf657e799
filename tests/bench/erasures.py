"""An erasure of 100 000 records among 300 000: its slices, memory, longest lock, and how long another writer waits.

`.venv/bin/python -m tests.bench.erasures` prints the figures; the writer is a process of its own, as a web process is.
"""

import multiprocessing
import resource
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, text

from portal import clock
from portal.app import create_app
from portal.config import Settings
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
from tests.trial.installation import installation

MOST = 100_000
FEWER = 10_000
KINDS = (("page_visit", "usage", 8), ("order", "transaction", 2))


def main() -> None:
    """Print the figures."""
    with installation() as portal:
        guard_destruction(lambda: True)
        with portal.app.app_context():
            heavy, light = _person("C-heavy", MOST), _person("C-light", FEWER)
            for number in range(19):
                _person(f"C-{number}", FEWER)
            _preview(heavy)
            _erase("10 000 records", light, portal.folder)
            _erase("100 000 records", heavy, portal.folder)


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
            session.add(CategoryCount(customer_id=customer.id, category=category, count=len(rows)))
            number += len(rows)
        return customer.id


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
        began = time.perf_counter()
        plan(customer_id, Scope())
        times.append(time.perf_counter() - began)
    print(f"preview of 100 000 records: {statistics.median(times) * 1000:.0f} ms")


def _erase(name: str, customer_id: int, folder: Path) -> None:
    with transaction() as session:
        customer = session.get_one(Customer, customer_id)
        erasure_id = schedule(customer, Scope(), plan(customer_id, Scope()), begins_at=clock.now()).id
    spawning = multiprocessing.get_context("spawn")
    stop, waits = spawning.Event(), spawning.Queue()
    writer = spawning.Process(target=_write, args=(str(folder), stop, waits))
    slices: list[float] = []
    advance = steps._advance

    def timed(one: int) -> Any:
        began = time.perf_counter()
        at = advance(one)
        slices.append(time.perf_counter() - began)
        return at

    steps._advance = timed
    writer.start()
    time.sleep(4)
    memory, processor, began = _memory(), time.process_time(), time.perf_counter()
    while steps.go_on(erasure_id) is not None:
        ship()
    seconds, used = time.perf_counter() - began, time.process_time() - processor
    stop.set()
    waited = sorted(waits.get(timeout=60))
    writer.join()
    steps._advance = advance
    db.session.rollback()
    found = db.session.get_one(Erasure, erasure_id)
    certificate = certificate_of(found)
    assert certificate is not None, f"{found.step}: {found.cause} {found.position}"
    ordered = sorted(slices)
    print(
        f"{name}: {seconds:.1f} s, {used:.2f} s of processor, {len(slices)} slices, "
        f"lock p99 {ordered[len(ordered) * 99 // 100] * 1000:.0f} ms, longest {ordered[-1] * 1000:.0f} ms; "
        f"another writer p99 {waited[len(waited) * 99 // 100] * 1000:.0f} ms of {len(waited)}; "
        f"memory + {_memory() - memory} MB; erased {certificate.count(certificate.erased)}, "
        f"archived {certificate.count(certificate.archived)}"
    )


def _write(folder: str, stop: Any, waits: Any) -> None:
    """Write a small row every fiftieth of a second, and note how long each took."""
    app: Flask = create_app(Settings.from_environment({"PORTAL_INSTANCE": folder}))
    times = []
    with app.app_context():
        while not stop.is_set():
            began = time.perf_counter()
            with transaction() as session:
                session.execute(text("UPDATE counters SET value = value + 1 WHERE name = 'preferences'"))
                session.execute(select(Customer.id).limit(1))
            times.append(time.perf_counter() - began)
            time.sleep(0.02)
    waits.put(times)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
