"""Restrict data, and end that: the rows of `restrictions` say what is locked, and everything else follows them.

The person's status, what is kept from going by its age, and what marketing reads change in the same transaction. All
of it happens behind the lock of the customer, so that a restriction that begins while another one ends is not lost.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.erasure.listeners import reference_of_request
from portal.personal_data.keeping.keeps import end_keep, keep
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import open_restrictions

IMPOSED = declare("customer:restriction:imposed", "reference", "restriction", "case", "categories", "provisional")
LIFTED = declare("customer:restriction:lifted", "reference", "restriction", "cause")

USE: Final = "use"
"""What a line of the ledger about a restriction says as its `what`: every use is concerned, not the feed alone."""

Listener = Callable[[Customer], None]
_listeners: list[Listener] = []
Turn = Callable[[Restriction], None]
_turns: list[Turn] = []


class LiftCause(StrEnum):
    """Why a restriction ended."""

    NOTICE = "notice"
    "The person was told at least seven days before, and nothing came against it (art. 18(3))."
    WITHDRAWN = "withdrawn"
    "The person took back what they had asked for."
    ERASED = "erased"
    "What was restricted was erased at the person's request."


class CustomerErased(Exception):
    """Nothing of the person is left to restrict."""


def on_change(listener: Listener) -> Listener:
    """Register what a domain above does when restrictions of a customer begin or end, in the same transaction."""
    _listeners.append(listener)
    return listener


def on_turn(turn: Turn) -> Turn:
    """Register what a domain above does with one restriction that begins or ended, in the same transaction."""
    _turns.append(turn)
    return turn


def restrict(
    customer_id: int,
    request_id: int | None,
    ground: Ground18 | None,
    categories: Iterable[str] = (),
    *,
    provisional: bool = False,
    public_id: str | None = None,
) -> Restriction:
    """Lock a person's data from now on, in the current transaction (GDPR art. 18(1)).

    Args:
        ground: the point of art. 18(1); None where nobody said it.
        categories: what is locked, by code; empty for everything.
        provisional: until accuracy or an objection is answered.
        public_id: of a row that a restore lost; a new one when absent.

    Raises:
        CustomerErased: nothing is left to restrict.
    """
    customer = hold(customer_id)
    if customer.status is CustomerStatus.ERASED:
        raise CustomerErased
    named = set(categories)
    restriction = Restriction(
        customer_id=customer_id, request_id=request_id, ground_18=ground, is_provisional=provisional,
        categories=[str(category) for category in CATEGORIES if category in named],
    )  # fmt: skip
    if public_id:
        restriction.public_id = public_id
    db.session.add(restriction)
    db.session.flush()
    kept: list[str | None] = [*restriction.categories] or [None]
    for category in kept:
        keep(customer_id, KeepReason.RESTRICTION, restriction.id, category=category)
    what = {"case": ground, "categories": restriction.categories, "provisional": provisional}
    note(EntryKind.RESTRICTED, _line(restriction, customer) | what)
    note_in_trail(IMPOSED, "portal", restriction, customer, **what)
    _turn(restriction, customer)
    return restriction


def end(restriction: Restriction, cause: LiftCause, *, actor: str = "portal", by: int | None = None) -> None:
    """End a restriction in the current transaction; what another one locks stays locked. Ended twice, it ends once.

    Whoever lifts one on notice calls `lifting.lift`, which checks the notice.

    Args:
        by: the id of the officer; None for the portal.
    """
    customer = hold(restriction.customer_id)
    db.session.refresh(restriction)
    if restriction.lifted_at is not None:
        return
    restriction.lifted_at, restriction.lifted_by, restriction.lift_cause = clock.now(), by, cause
    end_keep(KeepReason.RESTRICTION, restriction.id)
    note(EntryKind.LIFTED, _line(restriction, customer) | {"cause": cause})
    note_in_trail(LIFTED, actor, restriction, customer, cause=cause)
    _turn(restriction, customer)


def hold(customer_id: int) -> Customer:
    """Lock a customer until the commit, and return them as they are now."""
    db.session.flush()
    return db.session.get_one(Customer, customer_id, with_for_update={"key_share": True}, populate_existing=True)


def _turn(restriction: Restriction, customer: Customer) -> None:
    _follow(customer)
    for turn in _turns:
        turn(restriction)


def _follow(customer: Customer) -> None:
    """Let the status of a customer and what marketing reads follow the restrictions, in the current transaction."""
    db.session.flush()
    if customer.status is CustomerStatus.ERASED:
        return
    of_everything = [each.since for each in open_restrictions(customer.id) if not each.categories]
    customer.status = CustomerStatus.RESTRICTED if of_everything else CustomerStatus.ACTIVE
    customer.restricted_at = min(of_everything, default=None)
    for listener in _listeners:
        listener(customer)


def note_in_trail(tag: str, actor: str, restriction: Restriction, customer: Customer, **facts: Any) -> None:
    """Record something about a restriction in the current transaction, with the reference of its request."""
    facts |= {"reference": reference_of_request(restriction.request_id), "restriction": restriction.public_id}
    record(tag, actor=actor, subject=f"customer:{customer.public_id}", **facts)


def _line(restriction: Restriction, customer: Customer) -> dict[str, Any]:
    reference = reference_of_request(restriction.request_id)
    return {"what": USE, "customer": customer.public_id, "request": reference, "restriction": restriction.public_id}
