"""Uses that were stopped stay stopped after a restore."""

from sqlalchemy import select

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.personal_data.stops.changing import PURPOSE, settle
from portal.personal_data.stops.models import StopState


@replays(EntryKind.OBJECTED, PURPOSE)
def stop_again(body: Body) -> None:
    """Stop a use of a customer's data once more, in the current transaction, unless they are missing or erased."""
    found = select(Customer).where(Customer.public_id == body["customer"])
    customer = db.session.execute(found).scalar_one_or_none()
    if customer is not None and customer.status is not CustomerStatus.ERASED:
        lock_row(Customer, customer.id)
        settle(customer.id, body["purpose"], StopState.STOPPED, None)
