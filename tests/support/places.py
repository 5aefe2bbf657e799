"""Numbers and addresses of record for tests: held for so many days."""

from datetime import timedelta
from typing import Any

from portal import clock
from portal.infrastructure.database import transaction
from portal.records.models import Record


def hold(customer_id: int, kind: str, *, days: int, **values: Any) -> str:
    """Add a contact record that the company received some days ago; return the code by which forms name it."""
    at = clock.now() - timedelta(days=days)
    with transaction() as session:
        row = Record(
            customer_id=customer_id, kind=kind, category="contact", external_id=f"{kind}-{days}", recorded_at=at,
            source="platform", values=values, received_at=at,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return f"{kind}-{row.id}"
