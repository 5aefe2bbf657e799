"""Answer packages: a large one against a bare ZIP of the same content in the same run, and how many small ones a minute.

Every figure is processor time of this process and of PostgreSQL's for it; a package is built by its job, sealed and stored, as a worker does.
`.venv/bin/python -m tests.bench.packages [RECORDS] [sqlite|postgresql]`.
"""

import csv
import io
import itertools
import statistics
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import insert, select

from portal import clock
from portal.customers.creation import create_customer
from portal.customers.models import Customer
from portal.demo.seeding import import_holdings
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.records.models import CategoryCount, Record
from tests.bench.goals import BOTH, asked, benched, settle, tell_goal
from tests.bench.locks import processor

RECORDS, SMALL, ROUNDS = 100_000, 100, 3
FIELDS = ("external_id", "page", "title", "seconds")


def measure_packages(records: int = RECORDS, databases: Sequence[str] = BOTH) -> None:
    """Print P9 and P14."""
    for name in databases:
        with benched(name):
            print(f"{name}:")
            _measure(records)


def _measure(records: int) -> None:
    import_holdings()
    run_due_jobs()
    customer_id = _large(records)
    settle("records", "record_counts", "customers")
    floors: dict[str, Callable[[], object]] = {
        "JSON, CSV": lambda: _bare_zip(customer_id, with_csv=True),
        "JSON": lambda: _bare_zip(customer_id, with_csv=False),
    }
    rounds = [(_cpu(lambda: _build([customer_id])), *map(_cpu, floors.values())) for _round in range(ROUNDS)]
    mine, *bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    for content, floor in zip(floors, bare, strict=True):
        name = f"P9 package of {records} records (bare ZIP of {content})"
        print(f"{name:<46} {mine / floor:6.2f} × floor   ({mine:.2f} s against {floor:.2f} s of processor)")
    people = db.session.execute(select(Customer.id).where(Customer.id != customer_id)).scalars().all()
    asked = list(itertools.islice(itertools.cycle(people), SMALL))
    small = statistics.median(_cpu(lambda: _build(asked)) for _round in range(ROUNDS)) / SMALL
    print(f"P14 small packages: {60 / small:.0f} a minute of processor ({small * 1000:.0f} ms each)")
    tell_goal("bare ZIP of JSON and CSV against the package", bare[0] / mine, 0.5, at_least=True)
    tell_goal("small packages a minute and worker", 60 / small, 600, at_least=True)


def _cpu(act: Callable[[], object]) -> float:
    began = processor()
    act()
    return processor() - began


def _build(customers: list[int]) -> None:
    """Ask for a copy for each customer, and let the jobs make them all."""
    with transaction() as session:
        asked = [
            request_package(
                session.get_one(Customer, customer_id), purpose="access", request_id=None, language="fr"
            )
            for customer_id in customers
        ]  # fmt: skip
        ids = [package.id for package in asked]
    run_due_jobs()
    made = db.session.execute(select(AnswerPackage.status).where(AnswerPackage.id.in_(ids))).scalars().all()
    assert set(made) == {PackageStatus.READY}, made
    db.session.rollback()


def _large(records: int) -> int:
    with transaction() as session:
        customer = create_customer(external_id="C-large", given_name="Camille")
        rows = [_row(customer.id, number) for number in range(records)]
        session.execute(insert(Record), rows)
        session.add(CategoryCount(customer_id=customer.id, category="usage", count=records))
        return customer.id


def _row(customer_id: int, number: int) -> dict[str, Any]:
    instant = clock.now()
    page = f"/{('tarifs', 'aide', 'blog', 'compte')[number % 4]}/{number * 7919 % 9973}"
    return {
        "customer_id": customer_id, "kind": "page_visit", "category": "usage", "external_id": f"V-{number:06}",
        "recorded_at": instant - timedelta(seconds=number * 61), "source": "analytics", "received_at": instant,
        "values": {"page": f"https://netkin.fr{page}", "title": f"Page {page}", "seconds": number * 31 % 300},
    }  # fmt: skip


def _bare_zip(customer_id: int, *, with_csv: bool) -> None:
    """Write the same lines with the bare libraries, one after the other into one file each."""
    columns = (Record.kind, Record.external_id, Record.recorded_at, Record.source, Record.values)
    theirs = select(*columns).where(Record.customer_id == customer_id, Record.category == "usage")
    lines, cells = io.BytesIO(), io.StringIO()
    table = csv.writer(cells)
    for kind, number, at, source, values in db.session.execute(theirs.execution_options(yield_per=500)):
        held = {"external_id": number} | values
        written = {
            "kind": kind, "label": "Visite de page", "recorded_at": at, "source": source, "nature": "observed",
            "lawful_basis": "legitimate_interest", "values": held,
        }  # fmt: skip
        lines.write(orjson.dumps(written) + b"\n")
        if with_csv:
            table.writerow((kind, at.isoformat(), source, "observed", "legitimate_interest", *map(held.get, FIELDS)))
    db.session.rollback()
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("usage.json", lines.getvalue())
        if with_csv:
            archive.writestr("usage.csv", cells.getvalue())


if __name__ == "__main__":
    measure_packages(*asked(RECORDS))
