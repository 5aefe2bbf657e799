"""Where a request stands, for the hero of its own page and of the first page: state, four steps, what we wait for."""

from datetime import date
from typing import Final

from flask_babel import gettext as _

from portal.bilingual import NBSP
from portal.rights.clock import running
from portal.rights.lifecycle import STAGES, Outcome, Status, stage
from portal.rights.models import RightsRequest
from portal.web.filters import short_date

ALL_DONE: Final = len(STAGES) + 1
"""The number of the step under way when none is any more."""


def state_of(request: RightsRequest) -> str:
    """Return the state of the hero: late, yours, paused, running or answered."""
    if not request.is_open:
        return {Outcome.REFUSED: "running", None: "paused"}.get(request.outcome, "answered")
    if running.is_late(request):
        return "late"
    return "yours" if awaited(request) else "paused" if request.is_paused else "running"


def awaited(request: RightsRequest) -> str:
    """Return what we wait for, in words; empty where the person has nothing to do."""
    return {
        Status.IDENTITY_PENDING: _("We are waiting for proof of who you are."),
        Status.CLARIFICATION_PENDING: _("We are waiting for your answer."),
    }.get(request.status, "")


def before_day(request: RightsRequest) -> str:
    """Return what to call the day of an open request that stands in its hero."""
    if request.due_on is None:
        return _("The deadline has been on hold since")
    return _("Our answer was due by") if running.is_late(request) else _("We will answer by")


def stages_of(request: RightsRequest, language: str) -> list[tuple[str, str]]:
    """Return the four steps, each with a day where one is known: never a promise for a day that is over."""
    answered = request.answered_at or (None if running.is_late(request) else request.due_on)
    last = _("On hold") if request.is_open and request.is_paused else _day(answered)
    days = [_day(request.received_at), "", "", last]
    return [(label.text(language), day) for label, day in zip(STAGES, days, strict=True)]


def stage_now(request: RightsRequest) -> int:
    """Return the number, from 1, of the step under way; above their number, all are done."""
    return stage(request.status) if request.is_open else ALL_DONE


def _day(moment: date | None) -> str:
    """Return a day without its year: a fourth of a phone has no room for it, and the date above has it."""
    return short_date(moment).rpartition(NBSP)[0]
