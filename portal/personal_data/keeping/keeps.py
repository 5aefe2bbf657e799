"""Open and end keeps. Upper layers do, with the fact that asks for it."""

from sqlalchemy import update

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.keeping.models import Keep, KeepReason


def keep(
    customer_id: int,
    reason: KeepReason,
    source_id: int,
    *,
    category: str | None = None,
    kind: str | None = None,
    external_id: str | None = None,
) -> None:
    """Keep what a customer has from now on, in the current transaction.

    The customer is locked, as they are by whatever removes something of theirs: either it is gone before, or it stays.

    Args:
        source_id: the id of the request or of the hold that asks for it.
        category: with `kind` and `external_id`: keep these alone.
    """
    lock_row(Customer, customer_id)
    scope = {"category": category, "kind": kind, "external_id": external_id}
    db.session.add(Keep(customer_id=customer_id, reason=reason, source_id=source_id, **scope))


def end_keep(reason: KeepReason, source_id: int) -> None:
    """End what a request or a hold keeps, in the current transaction; what another one keeps stays."""
    open_ones = (Keep.reason == reason, Keep.source_id == source_id, Keep.ended_at.is_(None))
    db.session.execute(update(Keep).where(*open_ones).values(ended_at=clock.now()))
