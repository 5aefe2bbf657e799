"""Lift the doubts about who asks by an act that staff record: what remains, what an act lifts, and a call-back."""

from enum import StrEnum
from typing import Final

from sqlalchemy import select

from portal.audit.tags import declare
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.models import CheckResult
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.ladder import Means, lifted_among, ways
from portal.identity_checks.proof.places import Place
from portal.identity_checks.proof.policy import DoubtSignal
from portal.identity_checks.queries import pending_check
from portal.infrastructure.database import db
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.asked import Scoped
from portal.rights.lifecycle import CaseMoved, Status
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from portal.staff.models import StaffMember

CALLED = declare("staff:identity:called_back", "reference", "place", "result")

VOUCHED: Final = frozenset({EventKind.CALLED_BACK, EventKind.LETTER_SENT, EventKind.LETTER_CONFIRMED})
"""The acts of staff on whose word alone it rests that the person is who they say: no document came from the person."""

_METHODS: Final = {
    Means.CALL_BACK: checking.CALL_BACK,
    Means.REGISTERED_LETTER: checking.REGISTERED_LETTER,
    Means.WRITTEN_REASON: checking.WRITTEN_REASON,
}


class CallResult(StrEnum):
    """What came of a call."""

    CONFIRMED = "confirmed"
    """The person said that they asked."""
    MISSED = "missed"
    """Nobody answered, or somebody else did."""
    DENIED = "denied"
    """The person said that they asked for nothing."""


class NothingDoubted(CaseMoved):
    """No doubt is left that this act would lift."""


def doubts_of(request: RightsRequest) -> list[DoubtSignal]:
    """Return the doubts that remain about who asks."""
    return [DoubtSignal(code) for code in request.identity_signals]


def is_whole(request: RightsRequest) -> bool:
    """Whether everything is asked for, and not some categories. A request in free words may mean everything."""
    return not (isinstance(request.asked, Scoped) and request.asked.categories)


def ways_of(request: RightsRequest, doubt: DoubtSignal) -> tuple[Means, ...]:
    """Return the ways that lift a doubt about a request, the softest first."""
    return ways(doubt, request.right, is_whole=is_whole(request))


def liftable(request: RightsRequest, means: Means) -> tuple[DoubtSignal, ...]:
    """Return which of the doubts that remain a way lifts."""
    return lifted_among(means, doubts_of(request), request.right, is_whole=is_whole(request))


def lift(act: Act, means: Means, *, place: str = "") -> None:
    """Lift what a way lifts, in the current transaction. Once nothing remains, the wait for a document is over.

    Args:
        place: the number or address of record at which the person was reached, masked.

    Raises:
        NothingDoubted: it lifts nothing here.
        InvalidStep: the case is not in work.
    """
    request, lifted = act.request, liftable(act.request, means)
    if not lifted:
        raise NothingDoubted
    remaining = [doubt for doubt in doubts_of(request) if doubt not in lifted]
    awaited = None if remaining else pending_check(request.id)
    if awaited:
        checking.abandon(awaited)
        end_all(request.customer_id, request.reference)
    checking.note_check(
        request.customer_id, request.id, _METHODS[means], lifted=lifted, place=place, member=act.staff
    )  # fmt: skip
    request.identity_signals = [str(doubt) for doubt in remaining]
    if not remaining:
        request.is_document_needed = False
        go_on(act)


def go_on(act: Act) -> None:
    """Let the clock run and the review go on, unless the customer has yet to answer a question of ours."""
    if act.request.status is not Status.CLARIFICATION_PENDING:
        act.review()


def call_back(request: RightsRequest, member: StaffMember, place: Place, result: CallResult, *, version: int) -> None:
    """Record a call to a number of record and what came of it, in the current transaction.

    Raises:
        CaseMoved, OwnCase: see `acting.hold`.
    """
    act = acting.hold(request, member, version)
    if not liftable(request, Means.CALL_BACK):
        raise NothingDoubted
    act.record(CALLED, place=place.code, result=result)
    match result:
        case CallResult.CONFIRMED:
            lift(act, Means.CALL_BACK, place=place.masked)
            act.note(EventKind.CALLED_BACK, place.masked)
        case CallResult.DENIED:
            checking.note_check(
                request.customer_id, request.id, checking.CALL_BACK, result=CheckResult.REJECTED, place=place.masked,
                member=member,
            )  # fmt: skip
            act.note(EventKind.CALL_DENIED, place.masked, is_internal=True)
        case CallResult.MISSED:
            act.note(EventKind.CALL_MISSED, place.masked)


def vouched(request: RightsRequest, member: StaffMember) -> bool:
    """Tell whether it rests on a member's word, alone or with others', who asks."""
    theirs = (RequestEvent.request_id == request.id, RequestEvent.staff_id == member.id)
    statement = select(RequestEvent.id).where(*theirs, RequestEvent.kind.in_(VOUCHED)).limit(1)
    return db.session.execute(statement).first() is not None
