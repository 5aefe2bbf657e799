"""What people turned off stays off after a restore: objections, withdrawn choices, restrictions, told to the ledger."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.preferences.choices.consent import CHOICES, FEED, Choice, lift_suppression, record_choices, suppress
from portal.preferences.choices.restricting import is_suppressed_by_restriction
from portal.preferences.models import Origin, SuppressionReason
from portal.preferences.purposes import FLAGS

WORDING_VERSION = "2026-11-30"
WORDING = Label(
    fr="Choix désactivé avant la restauration de notre base de données, et désactivé de nouveau après.",
    en="Choice turned off before our database was restored, and turned off again afterwards.",
)


@replays(EntryKind.OBJECTED, CHOICES)
@replays(EntryKind.WITHDRAWN, CHOICES)
def _turn_off(body: Body) -> None:
    """Turn the flags off as of now: no older yes that a system sends later may bring them back."""
    customer = _customer(body)
    if customer is None or customer.status is CustomerStatus.ERASED:
        return
    flags: Sequence[str] = [flag for flag in body["flags"] if flag in FLAGS]
    choices = [Choice(flag, False, WORDING.text(customer.language), WORDING_VERSION) for flag in flags]
    record_choices(customer, choices, origin=Origin(body["origin"]), language=customer.language)


@replays(EntryKind.RESTRICTED, FEED)
def _suppress(body: Body) -> None:
    if customer := _customer(body):
        suppress(customer, SuppressionReason.RESTRICTED)


@replays(EntryKind.LIFTED, FEED)
def _lift(body: Body) -> None:
    customer = _customer(body)
    if customer is None or customer.status is CustomerStatus.ERASED or is_suppressed_by_restriction(customer.id):
        return
    lift_suppression(customer)


def _customer(body: Body) -> Customer | None:
    found = select(Customer).where(Customer.public_id == body["customer"])
    customer: Customer | None = db.session.execute(found).scalar_one_or_none()
    return customer
