"""Files of something of every customer: one line, which every customer reads, instead of a line for each of them."""

from collections.abc import Iterator

from sqlalchemy import Select, select

from portal import clock
from portal.audit.recording import record
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.lookups.access_log import READ
from portal.lookups.models import WholeBaseLook
from portal.personal_data.categories import Category
from portal.staff.models import StaffMember


def log_whole_base(member: StaffMember, category: Category) -> None:
    """Log in the current transaction that a member takes a file of a category of all customers, once a day.

    Call it before the file is made.
    """
    same = (WholeBaseLook.staff_id == member.id, WholeBaseLook.category == category)
    today = WholeBaseLook.at >= clock.start_of(clock.today())
    if db.session.execute(select(WholeBaseLook.id).where(*same, today)).first():
        return
    db.session.add(WholeBaseLook(staff_id=member.id, team=member.role, category=category))
    record(READ, actor=f"staff:{member.public_id}", subject="portal", category=category, request=None)


def whole_base_looks(customer_id: int) -> Select[WholeBaseLook]:
    """Return an unordered select of the files that a customer was in: those made since they are known here."""
    known_since = select(Customer.created_at).where(Customer.id == customer_id).scalar_subquery()
    return select(WholeBaseLook).where(WholeBaseLook.at >= known_since)


def newest_whole_base_looks(customer_id: int) -> Iterator[WholeBaseLook]:
    """Yield the files that a customer was in, newest first, in bounded memory."""
    newest_first = whole_base_looks(customer_id).order_by(WholeBaseLook.at.desc(), WholeBaseLook.id.desc())
    yield from db.session.execute(newest_first.execution_options(yield_per=500)).scalars()
