"""kill -9 anywhere: nothing that was committed is lost, nothing is done twice."""

import random
import time
from collections import Counter
from email.message import Message

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.audit.verification import verify_chain
from portal.customers.models import Customer
from portal.demo.holdings import import_lines
from portal.demo.seeding import import_holdings
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.infrastructure.mail.outbox import queue_mail
from portal.records.models import CategoryCount, Record
from tests.support.servers.ports import free_port
from tests.trial.installation import Installation, installation, kill

PATIENCE = 240


class Sink(MessageHandler):
    """A mail server that counts what it accepted by Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: Counter[str] = Counter()

    def handle_message(self, message: Message) -> None:
        self.accepted[str(message["Message-ID"])] += 1


def kill_workers(reduced: bool) -> str:
    """Kill the worker at random moments while it sends mails and builds packages."""
    kills, mails, packages = (8, 40, 8) if reduced else (100, 400, 60)
    sink = Sink()
    server = Controller(sink, hostname="127.0.0.1", port=0)
    server.port = free_port()
    server.start()
    try:
        with installation(PORTAL_MAIL_URL=f"smtp://127.0.0.1:{server.port}") as portal, portal.app.app_context():
            _fill(mails, packages)
            generator = random.Random(7)
            for _ in range(kills):
                worker = portal.start("work")
                time.sleep(generator.uniform(0.8, 3.5))
                kill(worker)
            _drain(portal)
            return _check_work(sink, mails, packages, kills)
    finally:
        server.stop()


def _fill(mails: int, packages: int) -> None:
    import_holdings()
    customers = list(db.session.execute(select(Customer.id)).scalars())
    with transaction() as session:
        for number in range(mails):
            customer = session.get_one(Customer, customers[number % len(customers)])
            queue_mail(
                "rights/answered",
                f"person{number}@example.org",
                "fr",
                customer_id=customer.id,
                reference="DR-2026-00001",
                first_name="",
            )
        for number in range(packages):
            customer = session.get_one(Customer, customers[number % len(customers)])
            request_package(customer, purpose="access", request_id=None, language="fr")


def _drain(portal: Installation) -> None:
    worker = portal.start("work")
    deadline = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            db.session.rollback()
            unfinished = select(func.count(Job.id)).where(Job.status.in_([JobStatus.WAITING, JobStatus.RUNNING]))
            if db.session.execute(unfinished).scalar_one() == 0:
                return
            time.sleep(0.5)
        raise AssertionError("jobs are stuck")
    finally:
        kill(worker)


def _check_work(sink: Sink, mails: int, packages: int, kills: int) -> str:
    db.session.rollback()
    parked = db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one()
    assert parked == 0, f"{parked} jobs were parked"
    unsent = db.session.execute(select(func.count(Mail.id)).where(Mail.status != MailStatus.SENT)).scalar_one()
    assert unsent == 0, f"{unsent} mails are not sent"
    assert len(sink.accepted) == mails, f"{mails} mails were queued, the server saw {len(sink.accepted)}"
    rows = list(db.session.execute(select(AnswerPackage)).scalars())
    assert [row.status for row in rows] == [PackageStatus.READY] * packages
    for row in rows:
        assert sum(len(chunk) for chunk in clear_chunks(row)) == row.size
    built = Counter(
        event.facts["package"]
        for event in db.session.execute(select(AuditEvent).where(AuditEvent.tag == "portal:package:built")).scalars()
    )
    assert built == Counter({row.public_id: 1 for row in rows}), "a package was finished twice"
    assert verify_chain().fault is None
    again = sum(count - 1 for count in sink.accepted.values())
    return f"{kills} kills, {mails} mails all sent once ({again} copies under the same Message-ID), {packages} packages each built once"


def kill_imports(reduced: bool) -> str:
    """Kill `flask import` at random moments; sending the file again gives what an unkilled run gives."""
    kills = 4 if reduced else 30
    with installation() as portal, portal.app.app_context():
        lines = b"\n".join(orjson.dumps(line) for line in import_lines()) + b"\n"
        expected = _import_whole(portal, lines)
    with installation() as portal, portal.app.app_context():
        generator = random.Random(11)
        (portal.folder / "lines.ndjson").write_bytes(lines)
        for _ in range(kills):
            run = portal.start("import", str(portal.folder / "lines.ndjson"))
            time.sleep(generator.uniform(0.6, 3.0))
            kill(run)
        held = _import_whole(portal, lines)
        assert held == expected > 1000, f"{held} records held, {expected} without a kill"
        assert verify_chain().fault is None
    return f"{kills} kills, {held} records held once, counts agree"


def _import_whole(portal: Installation, lines: bytes) -> int:
    """Import lines without a kill and return how many records are held; their counts agree."""
    file = portal.folder / "whole.ndjson"
    file.write_bytes(lines)
    assert portal.start("import", str(file)).wait(PATIENCE) == 0, "lines were refused"
    held: int = db.session.execute(select(func.count(Record.id))).scalar_one()
    counted = db.session.execute(select(func.sum(CategoryCount.count))).scalar_one()
    assert counted == held, f"{held} records held, {counted} counted"
    return held
