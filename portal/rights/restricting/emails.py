"""The mails about restrictions. Each is queued in the transaction of the fact that it tells."""

from typing import Any

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import queue_mail
from portal.personal_data.restrictions.models import Restriction


def queue_imposed(restriction: Restriction) -> Mail | None:
    """Tell the person that their data are on hold. Return the mail; None without an address."""
    return _queue(restriction, "imposed")


def queue_lifting(restriction: Restriction) -> Mail | None:
    """Tell the person from when their data may be used again, and that a reply stops that (GDPR art. 18(3))."""
    assert restriction.lifts_on
    return _queue(restriction, "lifting", lifts_on=clock.local_date(restriction.lifts_on).isoformat())


def _queue(restriction: Restriction, template: str, **context: Any) -> Mail | None:
    customer = db.session.get_one(Customer, restriction.customer_id)
    if not customer.email:
        return None
    return queue_mail(
        f"restrictions/{template}", customer.email, customer.language, customer_id=customer.id,
        first_name=customer.given_name, **context,
    )  # fmt: skip
