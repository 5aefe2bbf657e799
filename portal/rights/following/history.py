"""The history of a request: one line for each thing that happened, in the order in which it did."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.infrastructure.database import db
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from portal.staff.models import StaffMember


def add_event(
    request: RightsRequest,
    kind: EventKind,
    *,
    staff: StaffMember | None = None,
    text: str = "",
    is_internal: bool = False,
) -> RequestEvent:
    """Add a line to a request's history, in the current transaction.

    Args:
        staff: who did it; None for the customer and for the portal itself.
        text: what that person typed, in their own words.
        is_internal: whether only staff may read the line.
    """
    db.session.flush()
    staff_id = staff.id if staff else None
    event = RequestEvent(request_id=request.id, kind=kind, staff_id=staff_id, text=text, is_internal=is_internal)
    db.session.add(event)
    return event


def customer_history(request_id: int) -> list[RequestEvent]:
    """Return the lines that the customer may read, oldest first."""
    return [event for event in full_history(request_id) if not event.is_internal]


def full_history(request_id: int) -> list[RequestEvent]:
    """Return every line of a request, internal notes too, oldest first."""
    statement = select(RequestEvent).where(RequestEvent.request_id == request_id).order_by(RequestEvent.id)
    return list(db.session.execute(statement.options(joinedload(RequestEvent.staff))).scalars())
