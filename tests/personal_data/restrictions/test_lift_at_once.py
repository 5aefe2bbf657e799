"""One restriction is lifted while an objection puts the data on hold again: on PostgreSQL, where writers meet."""

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


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_a_lift_does_not_undo_the_hold_of_an_objection(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    people.customer(EMAIL)
    customer_id = customer_of(EMAIL).id
    with transaction():
        first = locking.restrict(customer_id, None, Ground18.CLAIMS)
        lifting.announce(first, "portal")
        first.lifts_on = (first.lifts_on or first.since) - NOTICE
        public_id = first.public_id

    def lift() -> None:
        with transaction():
            found = find(public_id)
            assert found is not None
            lifting.lift(found)

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
