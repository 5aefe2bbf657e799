"""After a restore whoever the ledger names is erased again, once; who is gone or erased already is left alone."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.erased_again import erase_again
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.erasing.erasures import carried_out, found, scheduled, to_the_end
from tests.support.packages import take_in
from tests.support.records import visit


def person(people: People, name: str) -> int:
    account = people.account(f"{name}@example.org")
    take_in(*(visit(number, of=f"C-{name}") for number in range(2)))
    assert account.customer_id is not None
    return account.customer_id


def erased_line() -> dict[str, Any]:
    """Return what the one line about an erasure says."""
    statement = select(LedgerEntry.body).where(LedgerEntry.kind == EntryKind.ERASED)
    return dict(db.session.execute(statement).scalars().one())


def replayed(body: dict[str, Any]) -> int:
    """Take a line over, as a replay does; return the id of the erasure that it is about."""
    with transaction() as session:
        session.add(LedgerEntry(kind=EntryKind.ERASED, body=body, n=90, hash="0" * 64, shipped_at=func.now()))
        erase_again(body)
    named = select(Erasure.id).where(Erasure.public_id == body["erasure"])
    return db.session.execute(named).scalar_one_or_none() or 0


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (Scope(), 0),
        (Scope(Extent.KINDS, ("page_visit",)), 0),
        (Scope(Extent.RECORDS, records=(("page_visit", "V-1"),)), 1),
    ],
)
def test_who_came_back_with_a_backup_is_erased_again(app: Flask, people: People, scope: Scope, left: int) -> None:
    carried_out(scheduled(person(people, "before"), scope))
    body = erased_line()
    assert "V-1" not in str(body)
    back = person(people, "back")
    body |= {"customer": db.session.get_one(Customer, back).public_id, "erasure": "f" * 32}
    erasure_id = replayed(body)
    to_the_end(erasure_id)
    assert found(erasure_id).state is ErasureState.DONE
    theirs = select(func.count(Record.id)).where(Record.customer_id == back)
    assert db.session.execute(theirs).scalar_one() == left
    assert (db.session.get_one(Customer, back).status is CustomerStatus.ERASED) is scope.is_whole
    assert broken() == {}


def test_who_is_erased_or_unknown_is_left_alone(app: Flask, people: People) -> None:
    erasure = carried_out(scheduled(person(people, "before")))
    body = erased_line()
    with transaction():
        erase_again(body)
        erase_again(body | {"customer": "0" * 32})
    assert found(erasure.id).state is ErasureState.DONE
    assert db.session.execute(select(func.count(Erasure.id))).scalar_one() == 1
