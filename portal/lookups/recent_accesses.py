"""The newest looks of staff at a customer's data, for the first page of that customer."""

from flask_babel import get_locale

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.lookups.access_log import category_label, entries_of, reason_text, team_label
from portal.lookups.models import AccessLogEntry
from portal.personal_data.notices import RecentAccess, on_recent_accesses


@on_recent_accesses
def looks(customer: Customer, number: int) -> list[RecentAccess]:
    """Return the newest entries of the customer's access log, in the reader's language."""
    language = str(get_locale())
    statement = entries_of(customer.id).order_by(AccessLogEntry.at.desc(), AccessLogEntry.id.desc()).limit(number)
    return [
        RecentAccess(
            entry.at, team_label(entry.team, language), category_label(entry.category, language),
            reason_text(entry.reason, language),
        )
        for entry in db.session.execute(statement).scalars()
    ]  # fmt: skip
