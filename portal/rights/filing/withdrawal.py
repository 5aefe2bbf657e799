"""What a customer does to a request of their own after sending it: take it back, or add words to it."""

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.proof import checking
from portal.identity_checks.queries import checks_of
from portal.infrastructure.database import db
from portal.rights import emails
from portal.rights.clock import running
from portal.rights.following.history import add_event
from portal.rights.lifecycle import InvalidStep, Status, Step, advance
from portal.rights.models import EventKind, RightsRequest

WITHDRAWN = declare("customer:request:withdrawn", "reference")
ADDED = declare("customer:request:added_to", "reference")

ADDITIONS_A_DAY = "20 per day"


class NoSuchRequest(Exception):
    """The customer has no such request."""


def withdraw(customer_id: int, reference: str) -> RightsRequest:
    """Take a request back, in the current transaction; an identity document given for it is destroyed.

    What had come of a document in part goes too. Withdrawing twice is withdrawing once.

    Raises:
        NoSuchRequest.
        InvalidStep: when the answer has left already.
    """
    request = lock_own(customer_id, reference)
    if request.status is Status.WITHDRAWN:
        return request
    request.status = advance(request.status, Step.WITHDRAW)
    running.resume(request)
    request.is_open, request.closed_at = False, clock.now()
    request.holder_id = request.held_until = None
    request.version += 1
    for check in checks_of(request.id):
        checking.abandon(check)
    end_all(customer_id, reference)
    add_event(request, EventKind.WITHDRAWN)
    _record(WITHDRAWN, request)
    emails.queue_withdrawn(request)
    return request


def add_words(customer_id: int, reference: str, text: str) -> RightsRequest:
    """Add what a customer writes to an open request; it answers our question when we wait for one.

    Raises:
        NoSuchRequest.
        InvalidStep: when the request is not open any more.
    """
    request = lock_own(customer_id, reference)
    if not request.is_open:
        raise InvalidStep(request.status, Step.RECEIVE_CLARIFICATION)
    if request.status is Status.CLARIFICATION_PENDING:
        request.status = advance(request.status, Step.RECEIVE_CLARIFICATION)
        running.resume(request)
    request.version += 1
    add_event(request, EventKind.ADDED, text=text)
    _record(ADDED, request)
    return request


def lock_own(customer_id: int, reference: str) -> RightsRequest:
    """Return the customer's own request, held until the commit. Raises `NoSuchRequest`."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.reference == reference)
    statement = select(RightsRequest).where(*is_theirs).with_for_update()
    request = db.session.execute(statement).scalar_one_or_none()
    if request is None:
        raise NoSuchRequest
    return request


def _record(tag: str, request: RightsRequest) -> None:
    who = f"customer:{request.customer.public_id}"
    record(tag, actor=who, subject=who, reference=request.reference)
