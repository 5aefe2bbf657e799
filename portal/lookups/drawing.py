"""The one door to a page of staff that shows customers: first the trace, then the page.

What cannot be written in the customer's log is not drawn. Templates that extend `layouts/customer_file.html` can be
drawn by nothing else.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import log_access
from portal.lookups.models import AccessLogEntry
from portal.staff.models import StaffMember


@dataclass(frozen=True)
class Look:
    """What is shown of a customer, and why; the values are those of `log_access`."""

    customer_id: int
    category: str
    reason: str
    request_reference: str | None = None


def draw_customer_page(
    template: str, member: StaffMember, looks: Collection[Look], read: Callable[[], Mapping[str, Any]]
) -> str:
    """Return a page for staff that shows customers.

    It is drawn in the transaction of its looks. So it leaves only once they are in the log that the customers read, and
    they are there only if it could be drawn.

    Args:
        looks: one for each customer that the page shows; none for a page that turned out to show nobody.
        read: returns what the template shows; called when the looks are written.
    """
    if not _new_looks(member, looks):
        return _drawn(template, read)
    with transaction():
        note_looks(member, looks)
        return _drawn(template, read)


def note_looks(member: StaffMember, looks: Collection[Look]) -> None:
    """Log each look that the member has not had today, in the current transaction.

    A look counts once a day for its customer, case, category and reason, so that a form sent ten times does not fill
    the customer's log.
    """
    new = _new_looks(member, looks)
    statement = select(Customer).where(Customer.id.in_({look.customer_id for look in new}))
    customers = {customer.id: customer for customer in db.session.execute(statement).scalars()} if new else {}
    for look in new:
        log_access(
            member, customers[look.customer_id], category=look.category, reason=look.reason,
            request_reference=look.request_reference,
        )  # fmt: skip


def _drawn(template: str, read: Callable[[], Mapping[str, Any]]) -> str:
    return render_template(template, looks_are_logged=lambda: True, **read())


def _new_looks(member: StaffMember, looks: Collection[Look]) -> list[Look]:
    """Return the looks that are not in today's log of the member, each once."""
    if not looks:
        return []
    entry = AccessLogEntry
    logged = select(entry.customer_id, entry.category, entry.reason, entry.request_reference).where(
        entry.customer_id.in_({look.customer_id for look in looks}),
        entry.at >= clock.start_of(clock.today()),
        entry.staff_id == member.id,
    )
    known = {Look(*row) for row in db.session.execute(logged)}
    return [look for look in dict.fromkeys(looks) if look not in known]
