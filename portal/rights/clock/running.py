"""The legal clock of a request as its rows hold it: started at receipt, paused while we wait for the person.

Every change writes its row first and then computes all dates anew from the rows, so that list, page, mail
and queue give one answer. The rules themselves are in `portal.legal_time.deadlines`.
"""

from datetime import date, datetime

from sqlalchemy import select

from portal import clock
from portal.identity_checks.documents.shredding import limit_to
from portal.identity_checks.models import CheckResult
from portal.identity_checks.queries import checks_of, documents_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.legal_time import deadlines
from portal.legal_time.clock_state import Deadline, Pause, PauseReason
from portal.legal_time.working_days import Zone
from portal.rights.models import RequestPause, RightsRequest


class AlreadyExtended(ValueError):
    """The two further months can be taken once (GDPR art. 12(3))."""


def start_clock(request: RightsRequest, received_at: datetime) -> None:
    """Set the receipt (aware instant) and every date that follows from it."""
    request.received_at = received_at
    request.initial_due_on = deadlines.compute(received_at, zone=_zone()).due_on_unpaused
    recompute(request)


def pause(request: RightsRequest, reason: PauseReason) -> bool:
    """Stop the clock from today while we wait for the person; return whether it stands still now.

    A period that has run out cannot be paused: the request may wait, but it stays late.
    """
    if request.paused_on is not None:
        return True
    if not deadlines.may_pause(deadline_of(request), clock.today()):
        return False
    db.session.add(RequestPause(request_id=_id(request), reason=reason, asked_on=clock.today()))
    recompute(request)
    return True


def resume(request: RightsRequest) -> None:
    """Let the clock run again from today. Nothing happens when it runs already."""
    for row in _pauses(request):
        if row.received_on is None:
            row.received_on = clock.today()
    recompute(request)


def extend(request: RightsRequest, told_on: date | None = None) -> None:
    """Take the two further months (GDPR art. 12(3)). The caller sends the notice with its reasons in this transaction.

    Args:
        told_on: the day on which the notice leaves; today when absent.

    Raises:
        AlreadyExtended: when they were taken before.
        ExtensionTooLate: when the first period has run out (GDPR art. 12(3)); nothing is changed.
    """
    if request.extended_on is not None:
        raise AlreadyExtended(request.reference)
    told_on = told_on or clock.today()
    deadlines.compute(request.received_at, pauses=_as_pauses(request), extended_on=told_on, zone=_zone())
    request.extended_on = told_on
    recompute(request)


def recompute(request: RightsRequest) -> Deadline:
    """Write the dates that follow from receipt, pauses and extension, and return them with their reasons.

    The day by which an identity document that waits for review must be destroyed is one of them.
    """
    deadline = deadline_of(request)
    request.due_on = deadline.due_on
    request.due_on_unpaused = deadline.due_on_unpaused
    request.paused_on = deadline.paused_since
    request.sort_on = deadline.due_on or deadline.due_on_unpaused
    for check in () if request in db.session.new else checks_of(request.id):
        if check.result is CheckResult.PENDING:
            limit_to(documents_of(check), request.due_on)
    return deadline


def deadline_of(request: RightsRequest) -> Deadline:
    """Return where the clock of a request stands: dates, reasons, the last day to extend, flags."""
    return deadlines.compute(
        request.received_at, pauses=_as_pauses(request), extended_on=request.extended_on, zone=_zone()
    )


def is_late(request: RightsRequest) -> bool:
    """Whether an open request is past its last day, by the date in Paris."""
    return request.is_open and request.due_on is not None and request.due_on < clock.today()


def days_left(request: RightsRequest) -> int | None:
    """Return the days from today to the last day, negative when late; None while the clock stands still."""
    return None if request.due_on is None else (request.due_on - clock.today()).days


def _as_pauses(request: RightsRequest) -> list[Pause]:
    return [Pause(row.asked_on, row.received_on, row.reason) for row in _pauses(request)]


def _pauses(request: RightsRequest) -> list[RequestPause]:
    if request in db.session.new:
        return []  # a new row has no pause yet, and cannot be flushed before it has its dates
    statement = select(RequestPause).where(RequestPause.request_id == request.id).order_by(RequestPause.id)
    return list(db.session.execute(statement).scalars())


def _id(request: RightsRequest) -> int:
    db.session.flush()
    return request.id


def _zone() -> Zone:
    return Zone(installed.organisation().holiday_zone)
