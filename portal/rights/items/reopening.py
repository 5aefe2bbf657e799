"""Requests that were closed as granted though nothing was done: open again, confirmed by the officer, then decided.

The clock and the due date stay as they were, and no machine writes to the person: the letter that answers says what
happened.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, select

from portal.access.permissions import Permission
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.preferences.choices import consent
from portal.preferences.choices.choosing import stop
from portal.preferences.choices.restricting import is_suppressed_by_restriction
from portal.preferences.choices.states import read_state
from portal.preferences.models import Origin, SuppressionReason
from portal.preferences.purposes import FLAG_CODES
from portal.rights import acting
from portal.rights.asked import Erase
from portal.rights.chosen import Limit, Use
from portal.rights.intents import Intent
from portal.rights.items.making import make_items
from portal.rights.items.models import RequestItem
from portal.rights.lifecycle import CaseMoved, Outcome, Right, Step
from portal.rights.models import EventKind, RightsRequest
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember

REOPENED: Final = declare("customer:request:reopened", "reference", "closed_at", "due_on")
CONFIRMED: Final = declare("staff:reopening:confirmed", "reference")


_NEVER_CARRIED_OUT: Final = (Right.ERASURE, Right.RECTIFICATION)


class ReopeningUnconfirmed(CaseMoved):
    """The officer has not confirmed yet that this case is open again."""


def falsely_granted() -> Select[int]:
    """Return the select of the ids of requests that were closed as granted before anything was carried out by item.

    An earlier version erased and corrected nothing by itself, and of objections it ended those uses alone that rest on
    choices.
    """
    has_items = exists().where(RequestItem.request_id == RightsRequest.id)
    is_closed = (RightsRequest.is_open.is_(False), RightsRequest.answered_at.is_not(None))
    is_granted = RightsRequest.outcome.in_((Outcome.GRANTED, Outcome.PARTIAL))
    found = select(RightsRequest.id).join(Customer, Customer.id == RightsRequest.customer_id)
    use = RightsRequest.answers["use"].as_string()
    is_other_use = (RightsRequest.intent == Intent.STOP_USE) & (use.is_(None) | use.in_(("", str(Use.OTHER))))
    return found.where(
        RightsRequest.right.in_(_NEVER_CARRIED_OUT) | is_other_use, *is_closed, is_granted, ~has_items,
        Customer.status != CustomerStatus.ERASED, RightsRequest.wrongly_closed_at.is_(None),
    )  # fmt: skip


def reopen(request_id: int) -> bool:
    """Open a request again that was closed as granted, in the current transaction; return whether there was cause.

    What Facebook asked for about a link alone was done when it arrived, and stays closed.
    """
    act = acting.of_portal(request_id)
    request = act.request
    asked = request.asked
    is_only_link = isinstance(asked, Erase) and asked.limited_to is Limit.LINK
    if request.is_open or request.answered_at is None or is_only_link:
        return False
    closed_at: datetime = request.closed_at or request.answered_at
    act.step(Step.REOPEN)
    request.wrongly_closed_at, request.closed_at, request.answered_at = closed_at, None, None
    request.is_open, request.outcome = True, None
    request.version += 1
    make_items(request)
    act.note(EventKind.REOPENED, is_internal=True)
    act.record(REOPENED, closed_at=closed_at.isoformat(), due_on=request.sort_on.isoformat())
    if isinstance(asked, Erase) and not asked.scope.is_whole:
        _lift(request.customer)
    return True


def _lift(customer: Customer) -> None:
    """End a suppression that a partial erasure once brought; every flag stays off until the person chooses."""
    state = read_state(customer.id)
    is_ours = state is not None and state.reason == SuppressionReason.RESTRICTED
    if not is_ours or is_suppressed_by_restriction(customer.id) or _has_whole(customer.id):
        return
    consent.lift_suppression(customer)
    stop(customer, FLAG_CODES, origin=Origin.REQUEST, language=customer.language)


def _has_whole(customer_id: int) -> bool:
    """Tell whether an erasure of everything was granted or is under way: it is what suppresses then."""
    theirs = select(RightsRequest).where(RightsRequest.customer_id == customer_id, RightsRequest.right == Right.ERASURE)
    for request in db.session.execute(theirs).scalars():
        is_whole = not isinstance(request.asked, Erase) or request.asked.scope.is_whole
        if is_whole and (request.outcome is not None or request.wrongly_closed_at):
            return True
    return False


def confirm(request: RightsRequest, member: StaffMember, version: int) -> None:
    """Confirm in the current transaction that a case was closed by mistake; from then on it is decided as any other.

    Raises:
        CaseMoved, OwnCase.
    """
    act = acting.lock(request, member, version)
    if not request.awaits_confirmation:
        raise acting.StaleCase
    request.reopening_confirmed_by = member.id
    act.record(CONFIRMED)


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    is_marked = RightsRequest.wrongly_closed_at.is_not(None)
    return is_marked, RightsRequest.reopening_confirmed_by.is_(None), RightsRequest.is_open.is_(True)


def waiting_for_officer() -> list[RightsRequest]:
    """Return the cases that wait for the officer's word, the most urgent first."""
    found = select(RightsRequest).where(*_is_waiting()).order_by(RightsRequest.sort_on, RightsRequest.id)
    return list(db.session.execute(found.limit(500)).scalars())


@on_desk(
    Label(fr="Demandes closes à tort, à confirmer", en="Requests closed by mistake, to confirm"),
    rank=Rank.CLOCK,
    endpoint="staff.rights.reopened",
)
def count_reopened(member: StaffMember) -> Counted | None:
    """Return how many such cases wait, and the first due date."""
    if not member.may(Permission.SEE_DESK):
        return None
    return count_waiting(select(RightsRequest.sort_on).where(*_is_waiting()))
