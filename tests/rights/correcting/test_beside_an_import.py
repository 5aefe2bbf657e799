"""A correction and a line about the same record at one moment: one comes after the other, and none is lost."""

from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.records.imports.ingest import start_run
from portal.records.imports.record_writing import RecordLines
from portal.records.models import Record
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.carrying_out.answering import answer_by_itself
from portal.rights.clock import running
from portal.rights.filing.beginning import new_request, note_filed
from portal.rights.intents import Intent
from tests.support.acting.at_once import Standstill
from tests.support.packages import take_in
from tests.support.records import customer, record

pytestmark = pytest.mark.postgresql


def address(city: str, line1: str) -> dict[str, Any]:
    return record("postal_address", "A-1", {"use": "billing", "line1": line1, "city": city}, source="platform")


def send(*lines: dict[str, Any]) -> None:
    run = start_run(lambda _refusal: None)
    run.run(enumerate(map(orjson.dumps, lines), start=1), actor="command", channel="command")


def file_correction() -> int:
    with transaction() as session:
        person = session.execute(select(Customer)).scalar_one()
        answers = {"category": "contact", "record": ["postal_address", "A-1"], "changes": {"city": "Lyon"}}
        request = new_request(person, Intent.CORRECT, answers, "fr")
        session.add(request)
        running.start_clock(request, clock.now())
        note_filed(Act(request, "portal"))
        return request.id


def answer(request_id: int) -> None:
    with transaction():
        answer_by_itself(acting.of_portal(request_id).request)


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_an_import_and_a_correction_both_stand(app: Flask, monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    take_in(customer(), address("Lille", "1 rue Haute"))
    request_id = file_correction()
    if not is_locked:
        monkeypatch.setattr(acting, "lock_row", lambda *_: None)
    standstill = Standstill(monkeypatch, RecordLines, "write")
    standstill.meet(app, lambda: send(address("Lille", "2 rue Basse")), lambda: answer(request_id))
    db.session.rollback()
    held = db.session.execute(select(Record)).scalar_one()
    stands = (held.values["city"], held.values["line1"], held.corrected_fields) == ("Lyon", "2 rue Basse", ["city"])
    assert stands is is_locked, "without the lock the line writes what it read before"
