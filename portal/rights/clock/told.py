"""Where the clock of a request stands, in words for its customer: never a promise for a day that is over."""

from flask_babel import gettext as _

from portal.rights.clock.running import is_late
from portal.rights.models import RightsRequest
from portal.web.filters import long_date


def clock_row(request: RightsRequest) -> tuple[str, str]:
    """Return what to call the day, and the day in words."""
    if request.answered_at is not None:
        return _("Answered on"), long_date(request.answered_at)
    if request.closed_at is not None:
        return _("Cancelled on"), long_date(request.closed_at)
    if request.due_on is None:
        return _("On hold since"), long_date(request.paused_on)
    return _("Answer was due by") if is_late(request) else _("Answer by"), long_date(request.due_on)
