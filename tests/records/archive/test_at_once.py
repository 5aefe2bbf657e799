"""A record that moves to the archive, and a line or a keep about it at the same moment: one comes after the other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import end_class
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.records.imports.ingest import Tally, start_run
from portal.records.models import Record
from tests.support.acting.at_once import Standstill
from tests.support.looking.archive import counts_are_true, in_archive, in_use
from tests.support.records import customer, invoice, visit

pytestmark = pytest.mark.postgresql
TakeIn = Callable[..., list[object]]


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the lock under which the loop removes: what follows must go wrong, else these tests show nothing."""
    monkeypatch.setattr(Rows, "_lock", lambda self, ids: None)


def send(*lines: dict[str, Any]) -> Tally:
    run = start_run(lambda _refusal: None)
    run.run(enumerate(map(orjson.dumps, lines), start=1), actor="command", channel="command")
    return run.tally


def amounts() -> list[str]:
    db.session.rollback()
    return [
        values["amount"]
        for table in ("records", "archived_records")
        for values in db.session.execute(text(f'SELECT "values" FROM {table}')).scalars()
    ]


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_a_line_about_a_record_that_moves_is_counted_as_archived(
    app: Flask, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    take_in(customer(relationship_ended_on="2026-06-30"), invoice(amount="49.90"))
    if not is_locked:
        without_locks(monkeypatch)
    standstill = Standstill(monkeypatch, Rows, "remove")
    move, line = ending_of("records_to_archive"), invoice(amount="99.00")
    waited, tally = standstill.meet(app, lambda: end_class(move), lambda: send(line))
    assert waited, "the line reached the record while it moved"
    assert (in_use(), in_archive()) == (set(), {"F-2026-0088"}), "in one of both, never in two"
    assert counts_are_true()
    is_told_truly = (tally.accepted == 1) == (amounts() == ["99.00"])
    assert is_told_truly is is_locked
    assert is_locked is (tally.archived == 1)


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_a_keep_that_comes_while_a_slice_goes_finds_it_gone_or_keeps_it(
    app: Flask, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The keep waits for the slice: whoever is told that something is kept from now on is told the truth."""
    take_in(customer(), visit(1), visit(2))
    with transaction() as session:
        session.execute(update(Record).values(expires_on=clock.today() - timedelta(days=1)))
        customer_id = session.execute(select(Customer.id)).scalar_one()
    if not is_locked:
        without_locks(monkeypatch)
    standstill = Standstill(monkeypatch, Rows, "remove")

    def hold() -> int:
        """Keep what is there, and return how much that is, as the officer is told."""
        with transaction() as session:
            keep(customer_id, KeepReason.HOLD, 1)
            return int(session.execute(text("SELECT COUNT(*) FROM records")).scalar_one())

    waited, kept = standstill.meet(app, lambda: end_class(ending_of("records")), hold)
    assert waited is is_locked
    assert in_use() == set()
    assert (kept == 0) is is_locked, "without the lock the officer is told that two records stay, and they are gone"
