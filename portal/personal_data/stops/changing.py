"""Write how an objection to one use stands: weighed from its filing, then stopped or continued, or taken back.

The caller has locked the customer. Whoever copies the standing elsewhere hears of each change in its transaction.
"""

from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.stops.models import PurposeStop, StopState, Weighing
from portal.personal_data.stops.standing import stops_of_one

PURPOSE: Final = "purpose"
"""What a line of the ledger about a stopped use says as its `what`."""

Listener = Callable[[int], None]
_listeners: list[Listener] = []


def on_change(listener: Listener) -> Listener:
    """Register a function that is called with a customer's id, in the transaction that changes a stop of theirs."""
    _listeners.append(listener)
    return listener


def weigh_from_now(customer_id: int, request_id: int, purposes: Iterable[str]) -> None:
    """Hold uses back from now on, in the current transaction, until they are weighed.

    What is stopped stays so. What was continued is weighed anew: the person's situation may be another one.
    """
    known = stops_of_one(customer_id)
    for purpose in dict.fromkeys(purposes):
        stop = known.get(purpose)
        if stop is None or stop.state is StopState.OVERRIDDEN:
            _write(stop, customer_id, purpose, StopState.WEIGHING, request_id)
    _tell(customer_id)


def settle(customer_id: int, purpose: str, state: StopState, request_id: int | None) -> None:
    """Write, in the current transaction, what came of the weighing of a use. A stop is told to the ledger.

    Args:
        state: stopped or overridden.
        request_id: None after a restore, where the request may be missing.
    """
    stop = stops_of_one(customer_id).get(purpose)
    if stop is not None and stop.state is StopState.STOPPED:
        return
    _write(stop, customer_id, purpose, state, request_id)
    if state is StopState.STOPPED:
        customer = db.session.get_one(Customer, customer_id)
        note(EntryKind.OBJECTED, {"what": PURPOSE, "customer": customer.public_id, "purpose": purpose})
    _tell(customer_id)


def take_back(customer_id: int, request_id: int, purposes: Iterable[str] | None = None) -> None:
    """End, in the current transaction, what a request had weighed: it was taken back, or refused.

    A use that was continued before, on an earlier request, is continued again.

    Args:
        purposes: of these only; None for all of the request.
    """
    theirs = [stop for stop in stops_of_one(customer_id).values() if stop.request_id == request_id]
    for stop in theirs:
        if stop.state is StopState.WEIGHING and (purposes is None or stop.purpose in purposes):
            _as_before(stop)
    _tell(customer_id)


def _as_before(stop: PurposeStop) -> None:
    about = (Weighing.customer_id == stop.customer_id, Weighing.purpose == stop.purpose)
    earlier = (*about, Weighing.request_id != stop.request_id, Weighing.result == StopState.OVERRIDDEN)
    seconded = select(Weighing).where(*earlier, Weighing.officer_id.is_not(None)).order_by(Weighing.id.desc()).limit(1)
    weighing = db.session.execute(seconded).scalar_one_or_none()
    if weighing is None:
        db.session.delete(stop)
    else:
        stop.state, stop.request_id, stop.since = StopState.OVERRIDDEN, weighing.request_id, weighing.made_at


def _write(stop: PurposeStop | None, customer_id: int, purpose: str, state: StopState, request_id: int | None) -> None:
    if stop is None:
        stop = PurposeStop(customer_id=customer_id, purpose=purpose)
        db.session.add(stop)
    stop.state, stop.since = state, clock.now()
    stop.request_id = request_id or stop.request_id


def _tell(customer_id: int) -> None:
    db.session.flush()
    for listener in _listeners:
        listener(customer_id)
