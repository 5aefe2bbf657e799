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
from portal.infrastructure.database import db
from portal.lookups.access_log import log_access
from portal.lookups.models import AccessLogEntry
from portal.lookups.watching.counting import count_looks, lock_member, looking
from portal.personal_data.restrictions.grounds import UseReason
from portal.staff.models import StaffMember


@dataclass(frozen=True)
class Look:
    """What is shown of a customer, and why; the values are those of `log_access`."""

    customer_id: int
    category: str
    reason: str
    request_reference: str | None = None
    use_reason: UseReason | None = None

    @property
    def case(self) -> tuple[int, str | None]:
        """The customer, in which case: what counts once a day."""
        return self.customer_id, self.request_reference


def draw_customer_page(
    template: str, member: StaffMember, looks: Collection[Look], read: Callable[[], Mapping[str, Any]]
) -> str:
    """Return a page for staff that shows customers.

    It is drawn in the transaction of its looks. So it leaves only once they are in the log that the customers read, and
    they are there only if it could be drawn.

    Args:
        looks: one for each customer that the page shows; none for a page that turned out to show nobody.
        read: returns what the template shows; called when the looks are written.

    Raises:
        ReadingBraked: the member looked at too many people in this hour.
    """
    if set(looks) <= _looks_today(member, looks):
        return _drawn(template, read)
    with looking(member):
        note_looks(member, looks)
        return _drawn(template, read)


def note_looks(member: StaffMember, looks: Collection[Look], *, each_time: bool = False) -> None:
    """Log each look that the member has not had today, in the current transaction.

    A look counts once a day for its customer, case, category and reason, so that a form sent ten times does not fill
    the customer's log. A customer or case that the member has not seen today counts in their hour.

    Args:
        each_time: log the looks also when they were had today, as at an identity document.

    Raises:
        ReadingBraked: the member looked at too many people in this hour.
    """
    lock_member(member)
    known = _looks_today(member, looks)
    count_looks(member, len({look.case for look in looks} - {look.case for look in known}))
    new = [look for look in dict.fromkeys(looks) if each_time or look not in known]
    statement = select(Customer).where(Customer.id.in_({look.customer_id for look in new}))
    customers = {customer.id: customer for customer in db.session.execute(statement).scalars()}
    for look in new:
        log_access(
            member, customers[look.customer_id], category=look.category, reason=look.reason,
            request_reference=look.request_reference, use_reason=look.use_reason,
        )  # fmt: skip


def _drawn(template: str, read: Callable[[], Mapping[str, Any]]) -> str:
    return render_template(template, looks_are_logged=lambda: True, **read())


def _looks_today(member: StaffMember, looks: Collection[Look]) -> set[Look]:
    """Return what stands in today's log of the member about the customers of some looks."""
    if not looks:
        return set()
    entry = AccessLogEntry
    what = (entry.customer_id, entry.category, entry.reason, entry.request_reference, entry.use_reason)
    logged = select(*what).where(
        entry.customer_id.in_({look.customer_id for look in looks}),
        entry.at >= clock.start_of(clock.today()),
        entry.staff_id == member.id,
    )
    return {Look(*row) for row in db.session.execute(logged)}
