"""The history of a request: one line for each thing that happened, in the order in which it did."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.infrastructure.database import db
from portal.rights.models import RequestEvent


def customer_history(request_id: int) -> list[RequestEvent]:
    """Return the lines that the customer may read, oldest first."""
    return [event for event in full_history(request_id) if not event.is_internal]


def full_history(request_id: int) -> list[RequestEvent]:
    """Return every line of a request, internal notes too, oldest first."""
    statement = select(RequestEvent).where(RequestEvent.request_id == request_id).order_by(RequestEvent.id)
    return list(db.session.execute(statement.options(joinedload(RequestEvent.staff))).scalars())
