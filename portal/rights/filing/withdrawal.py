"""What a customer does to a request of their own after sending it: take it back, or add words to it."""

from portal.audit.tags import declare
from portal.customers.contact import note_contact
from portal.instructions import queue
from portal.personal_data.erasure.scheduling import cancel
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.stops.changing import take_back as take_back_stops
from portal.rights import acting, emails
from portal.rights.acting import Act
from portal.rights.erasing.standing import erasure_of
from portal.rights.lifecycle import InvalidStep, Status, Step
from portal.rights.models import EventKind, RightsRequest
from portal.rights.restricting.provisional import give_up

WITHDRAWN = declare("customer:request:withdrawn", "reference")
ADDED = declare("customer:request:added_to", "reference")

REQUEST = "request"
"""What a line of the ledger about it says as its `what`."""

ADDITIONS_A_DAY = "20 per day"


def withdraw(customer_id: int, reference: str) -> RightsRequest:
    """Withdraw a request, in the current transaction; its identity document is destroyed, and a part of one too.

    Withdrawing a request twice does nothing the second time.

    Raises:
        NoSuchRequest: the customer has no such request.
        InvalidStep: the answer has left already.
        TooLate: the erasure that it asks for has begun.
    """
    act = acting.of_customer(customer_id, reference)
    take_back(act)
    return act.request


def take_back(act: Act) -> None:
    """Withdraw the request of an act, in the current transaction, and tell the person.

    Raises:
        InvalidStep, TooLate: see `withdraw`.
    """
    request = act.request
    if request.status is Status.WITHDRAWN:
        return
    let_go(act)
    note(EntryKind.WITHDRAWN, {"what": REQUEST, "customer": request.customer.public_id, "request": request.reference})
    emails.queue_withdrawn(request)


def let_go(act: Act) -> None:
    """Let a request end as taken back, with an erasure that cools off for it. Raises `InvalidStep`, `TooLate`."""
    if erasure := erasure_of(act.request.id):
        cancel(erasure, act.actor)
    take_back_stops(act.request.customer_id, act.request.id)
    act.go_on(Step.WITHDRAW)
    act.close()
    give_up(act.request)
    queue.take_back(act.request.id)
    act.request.outcome = None
    act.request.version += 1
    act.note(EventKind.WITHDRAWN)
    act.record(WITHDRAWN)


def add_words(customer_id: int, reference: str, text: str) -> RightsRequest:
    """Add what a customer writes to an open request. When we wait for an answer to a question, this is the answer.

    Raises:
        NoSuchRequest: the customer has no such request.
        InvalidStep: the request is not open any more.
    """
    act = acting.of_customer(customer_id, reference)
    request = act.request
    if not request.is_open:
        raise InvalidStep(request.status, Step.RECEIVE_CLARIFICATION)
    if request.status is Status.CLARIFICATION_PENDING:
        act.go_on(Step.RECEIVE_CLARIFICATION)
    request.version += 1
    note_contact(request.customer)
    act.note(EventKind.ADDED, text)
    act.record(ADDED)
    return request
