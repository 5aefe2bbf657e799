"""The clock of a breach of personal data: hours that never stop (GDPR art. 33(1))."""

from datetime import UTC, datetime, timedelta

from portal.clock import PARIS, require_zone
from portal.legal_time.parameters import LEGAL_PARAMETERS


def breach_deadline(aware_of_breach_at: datetime) -> datetime:
    """Return the last instant, in Paris, to tell the authority of a breach: 72 hours later (GDPR art. 33(1)).

    Periods in hours run through weekends, holidays and changes of clock.

    Args:
        aware_of_breach_at: when the company learned of the breach, with its zone.

    Raises:
        ValueError: the instant has no zone.
    """
    require_zone(aware_of_breach_at)
    hours = timedelta(hours=LEGAL_PARAMETERS.breach_hours)
    # Added in UTC: on a local time, a change of clock would make the period an hour longer or shorter.
    return (aware_of_breach_at.astimezone(UTC) + hours).astimezone(PARIS)
