"""The requests that a customer has open, and whether they may file another."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.rights.intents import Intent
from portal.rights.models import RequestDraft, RightsRequest

MOST_OPEN = 5


class AlreadyOpen(Exception):
    """A request of this kind is open; `reference` says which."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class TooManyOpen(Exception):
    """Five requests are open: each must be answered or withdrawn before another."""


def sent_request(draft: RequestDraft) -> RightsRequest:
    """Return the request that a sent draft became."""
    statement = select(RightsRequest).where(RightsRequest.draft_id == draft.id)
    return db.session.execute(statement).scalar_one()


def open_requests(customer_id: int) -> list[RightsRequest]:
    """Return a customer's open requests, the most urgent first."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.is_open.is_(True))
    statement = select(RightsRequest).where(*is_theirs).order_by(RightsRequest.sort_on, RightsRequest.id)
    return list(db.session.execute(statement.limit(50)).scalars())


def open_request_of(customer_id: int, intent: Intent) -> RightsRequest | None:
    """Return the customer's open request of a kind, or None."""
    return next((item for item in open_requests(customer_id) if item.intent == intent), None)


def check_room(customer_id: int, intent: Intent) -> None:
    """Raise `AlreadyOpen` or `TooManyOpen` when another request of this kind cannot be filed now."""
    open_ones = open_requests(customer_id)
    for request in open_ones:
        if request.intent == intent:
            raise AlreadyOpen(request.reference)
    if len(open_ones) >= MOST_OPEN:
        raise TooManyOpen
