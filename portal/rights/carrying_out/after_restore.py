"""Requests that were taken back, and restrictions: done once more after a restore."""

from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.preferences.choices.consent import USE, suppress
from portal.preferences.models import SuppressionReason
from portal.rights import acting
from portal.rights.filing.withdrawal import REQUEST, let_go


@replays(EntryKind.WITHDRAWN, REQUEST)
def _withdraw(body: Body) -> None:
    request = acting.find_request(body["request"])
    if request is not None and request.is_open and request.customer.public_id == body["customer"]:
        let_go(acting.of_portal(request.id))


@replays(EntryKind.RESTRICTED, USE)
def _restrict(body: Body) -> None:
    found = select(Customer).where(Customer.public_id == body["customer"])
    customer = db.session.execute(found).scalar_one_or_none()
    if customer is None or customer.status is not CustomerStatus.ACTIVE:
        return
    customer.status, customer.restricted_at = CustomerStatus.RESTRICTED, clock.now()
    request = acting.find_request(body["request"])
    keep(customer.id, KeepReason.RESTRICTION, request.id if request else 0)
    suppress(customer, SuppressionReason.RESTRICTED, request=body["request"])
