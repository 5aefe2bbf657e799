"""Two at once on one erasure: two workers, a cancellation and the start, an import and the seal. Each has its control."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Event, local
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure import beginning, finishing, scheduling, steps
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.records.imports import record_writing
from portal.records.models import Record
from tests.support.acting.at_once import at_once
from tests.support.acting.people import People
from tests.support.erasing.erasures import found, scheduled, to_the_end, until
from tests.support.packages import take_in
from tests.support.records import visit

SHORT = 0.5
"""Seconds that one waits for the other: with the lock the other never comes, without it they meet."""


@pytest.fixture
def camille(app: Flask, people: People) -> int:
    account = people.account("camille@example.org", external_id="C-1001")
    take_in(visit(1), visit(2))
    assert account.customer_id is not None
    return account.customer_id


def without_lock(erasure_id: int) -> Erasure | None:
    """Return an erasure as `hold` does, and lock nothing."""
    return db.session.get(Erasure, erasure_id, populate_existing=True)


def answered() -> int:
    db.session.rollback()
    told = select(func.count()).where(AuditEvent.tag == "customer:erasure:carried_out")
    return int(db.session.execute(told).scalar_one())


def answer_twice(app: Flask, erasure_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    both, answer = Barrier(2), finishing.answer

    def slowly(erasure: Erasure) -> Any:
        with suppress(BrokenBarrierError):
            both.wait(SHORT)
        return answer(erasure)

    monkeypatch.setattr(finishing, "answer", slowly)
    at_once(app, *[lambda: steps._advance(erasure_id)] * 2)


def test_two_workers_answer_once(app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure_id = scheduled(camille)
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        until(erasure_id, "answer")
        answer_twice(app, erasure_id, monkeypatch)
        assert answered() == 1
        to_the_end(erasure_id)
    assert found(erasure_id).step == "over"
    assert broken() == {}


@pytest.mark.postgresql
def test_without_the_lock_two_workers_answer_twice(app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control. SQLite has one writer at a time, lock or none."""
    erasure_id = scheduled(camille)
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        until(erasure_id, "answer")
        monkeypatch.setattr(steps, "hold", without_lock)
        answer_twice(app, erasure_id, monkeypatch)
    assert answered() == 2


def start_and_cancel(
    app: Flask, erasure_id: int, cancel: Callable[[Erasure], None], monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Any]:
    """Cancel an erasure while its start is under way; return what became of both."""
    begun, note, seen = Event(), beginning.note, Event()

    def slowly(*each: Any) -> Any:
        begun.set()
        seen.wait(SHORT)
        return note(*each)

    def take_back() -> None:
        begun.wait(5)
        erasure = db.session.get_one(Erasure, erasure_id)
        state = erasure.state
        seen.set()
        with transaction():
            if state is ErasureState.COOLING:
                cancel(db.session.get_one(Erasure, erasure_id))

    monkeypatch.setattr(beginning, "note", slowly)
    started, cancelled = at_once(app, lambda: steps._advance(erasure_id), take_back)
    return started, cancelled


def test_cancelled_against_its_start_one_of_them_wins(
    app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure_id = scheduled(camille)
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        started, cancelled = start_and_cancel(app, erasure_id, scheduling.cancel, monkeypatch)
    assert not isinstance(started, Exception)
    assert isinstance(cancelled, scheduling.TooLate)
    erasure = found(erasure_id)
    assert (erasure.state, erasure.entry is None) == (ErasureState.RUNNING, False)


def test_a_cancellation_that_only_looks_first_undoes_what_the_ledger_has(
    app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the state is read, and then written without the condition."""

    def looks_first(erasure: Erasure) -> None:
        db.session.execute(update(Erasure).where(Erasure.id == erasure.id).values(state=ErasureState.CANCELLED))

    erasure_id = scheduled(camille)
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        start_and_cancel(app, erasure_id, looks_first, monkeypatch)
    erasure = found(erasure_id)
    assert (erasure.state, erasure.entry is None) == (ErasureState.CANCELLED, False)


def import_and_erase(app: Flask, erasure_id: int, patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erase somebody whom an import has read already, and whose record it has still to write."""
    read, erased, take = Event(), Event(), record_writing.RecordLines.take

    def slowly(lines: Any, line: Any) -> Any:
        read.set()
        erased.wait(patience)
        return take(lines, line)

    def erase() -> None:
        read.wait(5)
        to_the_end(erasure_id)
        erased.set()

    monkeypatch.setattr(record_writing.RecordLines, "take", slowly)
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        at_once(app, lambda: take_in(visit(9)), erase)


def test_what_an_import_brings_before_the_seal_goes_with_the_rest(
    app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure_id = scheduled(camille)
    import_and_erase(app, erasure_id, 2 * SHORT, monkeypatch)
    assert found(erasure_id).state is ErasureState.DONE
    assert db.session.execute(select(func.count(Record.id))).scalar_one() == 0
    assert broken() == {}


@pytest.mark.postgresql
def test_without_the_customers_lock_an_import_brings_something_back(
    app: Flask, camille: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the import reads its customers and locks none of them."""
    locks, importing = Select.with_for_update, local()

    def sometimes(statement: Any, **options: Any) -> Any:
        return statement if getattr(importing, "is_it", False) else locks(statement, **options)

    monkeypatch.setattr(Select, "with_for_update", sometimes)
    customers = record_writing.CustomerLines.__init__

    def unlocked(lines: Any, statements: Any) -> None:
        importing.is_it = True
        customers(lines, statements)
        importing.is_it = False

    monkeypatch.setattr(record_writing.CustomerLines, "__init__", unlocked)
    erasure_id = scheduled(camille)
    import_and_erase(app, erasure_id, 60, monkeypatch)
    assert db.session.execute(select(func.count(Record.id))).scalar_one() == 1
    assert broken() != {}
