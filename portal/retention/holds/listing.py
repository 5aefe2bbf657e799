"""The holds that stand, and which of them somebody has to look at again."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import standing
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.staff.members.administration import member_by_public_id

SOON = timedelta(days=30)


def standing_holds() -> list[tuple[LegalHold, str]]:
    """Return the holds that stand, those to be reviewed first, each with the reference of its customer."""
    with_customer = standing().add_columns(Customer).join(Customer, Customer.id == LegalHold.customer_id)
    return [(hold, customer.reference) for hold, customer in db.session.execute(with_customer)]


def reference_of(hold: LegalHold) -> str:
    """Return the reference of the customer of a hold."""
    return db.session.get_one(Customer, hold.customer_id).reference


def name_of(actor: str) -> str:
    """Return who placed or lifted a hold: the member's name, or that it was done from the shell."""
    member = member_by_public_id(actor.removeprefix("staff:"))
    return member.name if member else _("From the command line")


def scope_in_words(scope: Sequence[str | None], language: str) -> str:
    """Return what a hold keeps, in words of the data map where it declares them.

    Args:
        scope: its category, kind and external id; None for each that it does not name.
    """
    category, kind, external_id = scope
    data_map: DataMap = installed_data_map()
    parts = []
    if category:
        parts.append(Category(category).label(language) if category in CATEGORIES else category)
    if kind:
        parts.append(data_map.kinds[kind].label.text(language) if kind in data_map.kinds else kind)
    return " · ".join([*parts, external_id] if external_id else parts) or _("Everything")


def due_for_review() -> Select[Any]:
    """Return the select of the days on which holds are to be reviewed, of those within thirty days or past."""
    is_due = LegalHold.review_on <= clock.today() + SOON
    return select(LegalHold.review_on).where(LegalHold.ended_at.is_(None), is_due)


def is_overdue(review_on: date) -> bool:
    """Tell whether a review was due before today."""
    return review_on < clock.today()
