"""The requests that a customer has open. However many there are, another one may be filed."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.rights.intents import Intent
from portal.rights.models import RequestDraft, RightsRequest


def sent_request(draft: RequestDraft) -> RightsRequest:
    """Return the request that a sent draft became."""
    statement = select(RightsRequest).where(RightsRequest.draft_id == draft.id)
    return db.session.execute(statement).scalar_one()


def open_requests(customer_id: int) -> list[RightsRequest]:
    """Return a customer's open requests, the most urgent first."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.is_open.is_(True))
    statement = select(RightsRequest).where(*is_theirs).order_by(RightsRequest.sort_on, RightsRequest.id)
    return list(db.session.execute(statement).scalars())


def open_request_of(customer_id: int, intent: Intent) -> RightsRequest | None:
    """Return the customer's open request of a kind, or None."""
    return next((item for item in open_requests(customer_id) if item.intent == intent), None)
