"""The holds that stand, and which of them somebody has to look at again."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import standing

SOON = timedelta(days=30)


def standing_holds() -> list[tuple[LegalHold, str]]:
    """Return the holds that stand, those to be reviewed first, each with the reference of its customer."""
    with_customer = standing().add_columns(Customer).join(Customer, Customer.id == LegalHold.customer_id)
    return [(hold, customer.reference) for hold, customer in db.session.execute(with_customer)]


def due_for_review() -> Select[Any]:
    """Return the select of the days on which holds are to be reviewed, from today on within thirty days."""
    today = clock.today()
    return _days(LegalHold.review_on >= today, LegalHold.review_on <= today + SOON)


def overdue_reviews() -> Select[Any]:
    """Return the select of the days on which a review was due that nobody made."""
    return _days(LegalHold.review_on < clock.today())


def is_overdue(review_on: date) -> bool:
    """Tell whether a review was due before today."""
    return review_on < clock.today()


def _days(*conditions: Any) -> Select[Any]:
    return select(LegalHold.review_on).where(LegalHold.ended_at.is_(None), *conditions)
