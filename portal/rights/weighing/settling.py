"""What an answer does to the uses that were weighed: they stop, or go on with the officer's agreement."""

from sqlalchemy import select

from portal.access.permissions import Permission
from portal.infrastructure.database import db
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.stops.changing import settle, take_back
from portal.personal_data.stops.models import StopState, Weighing
from portal.rights.carrying_out.telling import tell_to_stop
from portal.rights.items.carrying import note_done
from portal.rights.items.making import items_of
from portal.rights.items.proposing import USES
from portal.rights.lifecycle import SecondOpinion
from portal.rights.models import RequestDecision, RightsRequest
from portal.staff.models import StaffMember


class OverrideNotSeconded(Exception):
    """A use would go on against an objection without the agreement of the privacy officer."""


def settle_uses(request: RightsRequest) -> None:
    """Carry out what was decided about each use of a request, in the transaction of its answer.

    Raises:
        OverrideNotSeconded: a use would go on, and the officer has not agreed to that.
    """
    for item in items_of(request.id):
        if item.part != USES:
            continue
        match item.outcome:
            case ItemOutcome.STOPPED:
                settle(request.customer_id, item.kind, StopState.STOPPED, request.id)
                note_done(request.id, USES, item.kind, item.rule, item.planned)
                tell_to_stop(request, item.kind)
            case ItemOutcome.OVERRIDDEN:
                _go_on(request, item.kind)
            case _:
                take_back(request.customer_id, request.id, [item.kind])


def _go_on(request: RightsRequest, purpose: str) -> None:
    weighed = (Weighing.request_id == request.id, Weighing.purpose == purpose)
    newest = select(Weighing).where(*weighed).order_by(Weighing.id.desc()).limit(1)
    officer, weighing = _officer_of(request), db.session.execute(newest).scalar_one_or_none()
    if officer is None or weighing is None:
        raise OverrideNotSeconded
    weighing.officer_id = officer
    settle(request.customer_id, purpose, StopState.OVERRIDDEN, request.id)


def _officer_of(request: RightsRequest) -> int | None:
    """Return the officer who agreed to the newest decision on a request; None where nobody of that role did."""
    theirs = select(RequestDecision).where(RequestDecision.request_id == request.id)
    newest = db.session.execute(theirs.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none()
    if newest is None or newest.second_opinion is not SecondOpinion.AGREES or newest.second_staff_id is None:
        return None
    member = db.session.get_one(StaffMember, newest.second_staff_id)
    return member.id if member.may(Permission.SECOND_PROVEN_GROUND) else None
