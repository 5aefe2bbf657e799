"""The restrictions that stand, and which of them wait for an officer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.lookups.models import AccessLogEntry
from portal.personal_data.restrictions.models import Restriction
from portal.rights.models import RightsRequest

MOST = 500


@dataclass(frozen=True)
class Listed:
    """A restriction with the references of its customer and its request.

    Attributes:
        is_by_post: the customer has no e-mail address: staff print and post what they are told.
    """

    row: Restriction
    customer: str
    request: str | None
    is_by_post: bool


def standing_restrictions() -> list[Listed]:
    """Return the restrictions that stand: those the person was not told of, then replies, then those to be lifted."""
    rank = case(
        (Restriction.told_at.is_(None), 0), (Restriction.halted_at.is_not(None), 1), (_may_be_lifted(), 2), else_=3
    )
    found = _with_references().where(Restriction.lifted_at.is_(None)).order_by(rank, Restriction.since, Restriction.id)
    return [_listed(*row) for row in db.session.execute(found.limit(MOST))]


def find_listed(public_id: str) -> Listed | None:
    """Return a restriction, lifted or not, or None."""
    row = db.session.execute(_with_references().where(Restriction.public_id == public_id)).one_or_none()
    return _listed(*row) if row else None


def waiting_since() -> Select[Any]:
    """Return the select of since when restrictions wait for an officer: untold, halted, or due to be lifted."""
    since = func.coalesce(Restriction.halted_at, Restriction.lifts_on, Restriction.since)
    waits = or_(Restriction.told_at.is_(None), Restriction.halted_at.is_not(None), _may_be_lifted())
    return select(since).where(Restriction.lifted_at.is_(None), waits)


def restrictions_of(customer_id: int) -> list[Restriction]:
    """Return all restrictions of a customer, those that stand first, then the newest first."""
    theirs = select(Restriction).where(Restriction.customer_id == customer_id)
    is_over = case((Restriction.lifted_at.is_(None), 0), else_=1)
    return list(db.session.execute(theirs.order_by(is_over, Restriction.since.desc(), Restriction.id)).scalars())


def uses_of(customer_id: int, since: datetime) -> list[AccessLogEntry]:
    """Return the looks at restricted data of a customer since an instant, newest first."""
    theirs = (AccessLogEntry.customer_id == customer_id, AccessLogEntry.use_reason.is_not(None))
    found = select(AccessLogEntry).where(*theirs, AccessLogEntry.at >= since)
    newest_first = found.order_by(AccessLogEntry.at.desc(), AccessLogEntry.id.desc()).limit(50)
    return list(db.session.execute(newest_first).scalars())


def _may_be_lifted() -> ColumnElement[bool]:
    """Return the condition that a notice is over. What is provisional the portal lifts by itself."""
    return (Restriction.lifts_on <= clock.now()) & Restriction.is_provisional.is_(False)


def _with_references() -> Select[Restriction, Customer, str]:
    joined = select(Restriction, Customer, RightsRequest.reference).join(
        Customer, Customer.id == Restriction.customer_id
    )
    return joined.outerjoin(RightsRequest, RightsRequest.id == Restriction.request_id)


def _listed(row: Restriction, customer: Customer, request: str | None) -> Listed:
    return Listed(row, customer.reference, request, not customer.email)
