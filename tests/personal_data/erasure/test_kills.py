"""Killed anywhere, an erasure ends as one that was not: with every row gone once, and one certificate (vector 8)."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.infrastructure import database
from portal.infrastructure.database import db
from portal.personal_data.erasure import steps
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from tests.support.acting.people import People
from tests.support.erasing.erasures import carried_out, confirm_ledger, cooled, found, run_others, scheduled
from tests.support.packages import take_in
from tests.support.records import invoice, visit


class Killed(BaseException):
    """The process dies here."""


def person(people: People, name: str) -> int:
    account = people.account(f"{name}@example.org")
    reference = f"C-{name}"
    take_in(*(visit(number, of=reference) for number in range(30)), *invoices(reference))
    assert account.customer_id is not None
    return account.customer_id


def invoices(reference: str) -> list[dict[str, Any]]:
    return [invoice(f"F-{number}", of=reference) for number in range(7)]


def told(erasure: Erasure) -> dict[str, Any]:
    """Return what a certificate says, without what names the erasure and its time."""
    certificate = dict(erasure.certificate or {})
    own = ("erasure", "reference", "started_at", "finished_at", "entry")
    return {name: value for name, value in certificate.items() if name not in own}


def left(customer_id: int) -> Counter[str]:
    counted = Counter[str]()
    for name in ("records", "archived_records", "record_counts", "archive_counts", "accounts", "mails"):
        table = db.metadata.tables[name]
        statement = select(func.count()).select_from(table).where(table.c.customer_id == customer_id)
        counted[name] = db.session.execute(statement).scalar_one()
    return counted


def killed_each_time(erasure_id: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Carry an erasure out while every slice is killed once before its commit and once after it; return the kills."""
    kills = 0
    for _turn in range(400):
        for dies in (before_commit, after_commit):
            try:
                dies(erasure_id, monkeypatch)
            except Killed:
                kills += 1
                db.session.remove()
            confirm_ledger()
            run_others()
        if found(erasure_id).step == "over":
            return kills
    raise AssertionError(f"the erasure is still at {found(erasure_id).step}")


def before_commit(erasure_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(session: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(database, "_before_commit", [*database._before_commit, dies])
        steps._advance(erasure_id)


def after_commit(erasure_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps._advance(erasure_id)
    raise Killed


def test_killed_at_every_slice_it_ends_as_one_that_was_not(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SLICE", 5)
    untouched, killed = person(people, "untouched"), person(people, "killed")
    first = scheduled(untouched)
    carried_out(first)
    second = scheduled(killed)
    with cooled():
        kills = killed_each_time(second, monkeypatch)
    assert kills > 40
    assert found(second).state is ErasureState.DONE
    assert told(found(second)) == told(found(first))
    assert left(killed) == left(untouched)
    assert found(second).done == found(first).done
    tags = Counter(db.session.execute(select(AuditEvent.tag)).scalars())
    assert tags["customer:erasure:carried_out"] == tags["customer:erasure:sealed"] == 2
    assert Counter(db.session.execute(select(LedgerEntry.kind)).scalars())[EntryKind.ERASED] == 2
    assert broken() == {}
