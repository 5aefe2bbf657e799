"""A restriction is lifted while an objection puts the data on hold again, or while the person replies: on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.restrictions import lifting, locking
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.lifting import NOTICE
from portal.personal_data.restrictions.standing import find, is_restricted
from tests.support.acting.at_once import Standstill
from tests.support.acting.people import People
from tests.support.preferences import customer_of, state_of

pytestmark = pytest.mark.postgresql
EMAIL = "camille@example.org"


def unlocked(customer_id: int) -> Customer:
    """Return a customer as `hold` does, and lock nothing."""
    db.session.flush()
    return db.session.get_one(Customer, customer_id, populate_existing=True)


def notice_over(people: People) -> tuple[str, int]:
    """Return a restriction whose notice is over today, and its customer."""
    people.customer(EMAIL)
    customer_id = customer_of(EMAIL).id
    with transaction():
        first = locking.restrict(customer_id, None, Ground18.CLAIMS)
        lifting.announce(first, "portal")
        first.lifts_on = (first.lifts_on or first.since) - NOTICE
        return first.public_id, customer_id


def do(act: Callable[..., None], public_id: str, *given: Any) -> None:
    with transaction():
        found = find(public_id)
        assert found is not None
        act(found, *given)


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_a_lift_does_not_undo_the_hold_of_an_objection(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    public_id, customer_id = notice_over(people)

    def lift() -> None:
        do(lifting.lift, public_id)

    def hold_again() -> Any:
        with transaction():
            return locking.restrict(customer_id, None, Ground18.OBJECTION, provisional=True).public_id

    if not is_locked:
        monkeypatch.setattr(locking, "hold", unlocked)
        monkeypatch.setattr(lifting, "hold", unlocked)
    waited, _held = Standstill(monkeypatch, lifting, "end").meet(app, lift, hold_again)
    db.session.rollback()
    is_one = (customer_of(EMAIL).status is CustomerStatus.RESTRICTED) == is_restricted(customer_id)
    assert is_one == is_locked, "without the lock the lift undoes the hold"
    if is_locked:
        assert waited
        assert (state_of(EMAIL).is_suppressed, state_of(EMAIL).reason) == (True, "restricted")


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
@pytest.mark.parametrize("replies_first", [True, False], ids=["reply first", "lift first"])
def test_a_reply_and_a_lift_have_one_outcome(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, is_locked: bool, replies_first: bool
) -> None:
    """A reply halts the lift, or comes too late and says so; never is it taken and the data used all the same."""
    public_id, _customer_id = notice_over(people)
    told: list[str] = []

    def reply() -> None:
        try:
            do(lifting.halt, public_id, "Non.", "portal")
            told.append("taken")
        except lifting.NotStanding:
            told.append("too late")

    def lift() -> None:
        try:
            do(lifting.lift, public_id)
        except lifting.Halted:
            told.append("halted")

    if not is_locked:
        monkeypatch.setattr(locking, "hold", unlocked)
        monkeypatch.setattr(lifting, "hold", unlocked)
    first, second = (reply, lift) if replies_first else (lift, reply)
    stands_in = "note_in_trail" if replies_first else "end"
    Standstill(monkeypatch, lifting, stands_in).meet(app, first, second)
    db.session.rollback()
    found = find(public_id)
    assert found is not None
    is_lifted, is_taken = found.lifted_at is not None, "taken" in told
    assert (is_lifted != is_taken) == is_locked, "without the lock the reply is taken and the lift goes on"
