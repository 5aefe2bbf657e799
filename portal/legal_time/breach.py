"""The clock of a breach of personal data: hours that never stop (GDPR art. 33(1))."""

from datetime import UTC, datetime, timedelta

from portal.clock import PARIS, require_zone
from portal.legal_time.parameters import LEGAL_PARAMETERS


def breach_deadline(aware_of_breach_at: datetime) -> datetime:
    """Return the last instant, in Paris, to tell the authority of a breach: 72 hours on (GDPR art. 33(1)).

    Periods in hours run through weekends, holidays and changes of clock. Raises `ValueError` without a zone.
    """
    require_zone(aware_of_breach_at)
    hours = timedelta(hours=LEGAL_PARAMETERS.breach_hours)
    # Arithmetic on a local time would add wall-clock hours: through UTC it adds real ones.
    return (aware_of_breach_at.astimezone(UTC) + hours).astimezone(PARIS)
