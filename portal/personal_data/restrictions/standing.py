"""Which restrictions stand, and what they lock: whoever uses data asks here."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.restrictions.models import Restriction

ALL = frozenset(map(str, CATEGORIES))


def open_restrictions(customer_id: int) -> list[Restriction]:
    """Return the restrictions of a customer that stand, the first one first."""
    theirs = select(Restriction).where(Restriction.customer_id == customer_id, Restriction.lifted_at.is_(None))
    return list(db.session.execute(theirs.order_by(Restriction.id)).scalars())


def locked_of(customer_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return, of those with a restriction, the codes of the categories that are locked: one query."""
    named = (Restriction.customer_id.in_(list(customer_ids)), Restriction.lifted_at.is_(None))
    locked: dict[int, frozenset[str]] = {}
    for customer_id, categories in db.session.execute(
        select(Restriction.customer_id, Restriction.categories).where(*named)
    ):
        locked[customer_id] = locked.get(customer_id, frozenset()) | (frozenset(categories) or ALL)
    return locked


def locked_categories(customer_id: int) -> frozenset[str]:
    """Return the codes of the categories of a customer that are locked now."""
    return locked_of([customer_id]).get(customer_id, frozenset())


def is_restricted(customer_id: int, category: str | None = None) -> bool:
    """Tell whether a category of a customer is locked now; whether anything is, without one."""
    locked = locked_categories(customer_id)
    return bool(locked) if category is None else category in locked


def restricted_since(customer_id: int, category: str) -> datetime | None:
    """Return since when a category is locked; None where it is not."""
    found = (
        each.since for each in open_restrictions(customer_id) if not each.categories or category in each.categories
    )
    return min(found, default=None)


def find(public_id: str) -> Restriction | None:
    """Return a restriction, lifted or not, or None."""
    by_id = select(Restriction).where(Restriction.public_id == public_id)
    found: Restriction | None = db.session.execute(by_id).scalar_one_or_none()
    return found
