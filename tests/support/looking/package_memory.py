"""Build an answer package of many records in a process of its own, and print the most memory that the process held.

python -m tests.support.looking.package_memory NUMBER_OF_RECORDS
"""

import json
import resource
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from portal import clock
from portal.app import create_app
from portal.audit.models import AuditHead
from portal.audit.recording import GENESIS
from portal.config import Settings
from portal.customers.creation import create_customer
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.worker import run_job
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair
from portal.records.models import Record

BATCH = 2000


def main(number: int) -> None:
    """Print, as JSON, the peak of the resident memory in bytes after a small package and after one of `number` items."""
    with tempfile.TemporaryDirectory() as folder, _app(Path(folder)).app_context():
        before, _items = _build("C-1", 200)
        after, items = _build("C-2", number)
        print(json.dumps({"before": before, "after": after, "items": items}))


def _app(folder: Path) -> Flask:
    sealing, opening = new_sealing_pair()
    settings = Settings(
        instance=folder, database_url=f"sqlite:///{folder / 'portal.sqlite'}", storage_url=f"file://{folder / 'storage'}",
        mail_url=f"console:{folder / 'mail'}", secret_key="a secret of the tests, long enough to be taken",
        master_keys=new_master_keys(), sealing_key=sealing, opening_keys=opening, public_url="http://localhost:8000",
        ledger_url=f"file://{folder}-ledger", ledger_key=new_master_keys(), tombstone_keys=new_master_keys(),
    )  # fmt: skip
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        with transaction() as session:
            session.add(AuditHead(id=1, sequence=0, hash=GENESIS))
    return app


def _build(reference: str, number: int) -> tuple[int, int]:
    address = f"{reference}@example.org".lower()
    with transaction():
        customer_id = create_customer(external_id=reference, email=address, email_normalised=address).id
    for start in range(0, number, BATCH):
        with transaction() as session:
            places = range(start, min(start + BATCH, number))
            session.execute(insert(Record.__table__), [_visit(customer_id, place) for place in places])
    with transaction() as session:
        request_package(session.get_one(Customer, customer_id), purpose="access", request_id=None, language="fr")
    newest = select(Job.id).where(Job.name == "exports.build_package").order_by(Job.id.desc()).limit(1)
    assert run_job(db.session.execute(newest).scalar_one())
    is_theirs = AnswerPackage.customer_id == customer_id
    package = db.session.execute(select(AnswerPackage).where(is_theirs)).scalar_one()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, package.counts["usage"]


def _visit(customer_id: int, place: int) -> dict[str, Any]:
    at = clock.now() - timedelta(minutes=place)
    return {
        "customer_id": customer_id, "kind": "page_visit", "category": "usage", "external_id": f"V-{place}",
        "recorded_at": at, "received_at": at, "source": "analytics",
        "values": {"page": f"https://netkin.fr/page/{place}", "title": f"Page {place}", "seconds": place % 400},
    }  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
