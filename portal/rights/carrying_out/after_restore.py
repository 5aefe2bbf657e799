"""Requests that were taken back, and restrictions: done once more after a restore."""

from sqlalchemy import select

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import USE, LiftCause, end, restrict
from portal.personal_data.restrictions.standing import find
from portal.rights import acting
from portal.rights.filing.withdrawal import REQUEST, let_go
from portal.rights.restricting.telling import hold_request


@replays(EntryKind.WITHDRAWN, REQUEST)
def _withdraw(body: Body) -> None:
    request = acting.find_request(body["request"])
    if request is not None and request.is_open and request.customer.public_id == body["customer"]:
        let_go(acting.of_portal(request.id))


@replays(EntryKind.RESTRICTED, USE)
def _restrict(body: Body) -> None:
    """Restrict once more. A line from before restrictions had rows of their own says the request alone."""
    found = select(Customer).where(Customer.public_id == body["customer"])
    customer = db.session.execute(found).scalar_one_or_none()
    public_id = body.get("restriction")
    if customer is None or customer.status is CustomerStatus.ERASED or (public_id and find(public_id)):
        return
    request = acting.find_request(body["request"] or "")
    if public_id is None and customer.status is CustomerStatus.RESTRICTED:
        return
    case = body.get("case")
    restrict(
        customer.id, request.id if request else None, Ground18(case) if case else None, body.get("categories", ()),
        provisional=body.get("provisional", False), public_id=public_id,
    )  # fmt: skip


@replays(EntryKind.LIFTED, USE)
def _lift(body: Body) -> None:
    restriction = find(body["restriction"])
    if restriction is not None:
        hold_request(restriction)
        end(restriction, LiftCause(body["cause"]))
