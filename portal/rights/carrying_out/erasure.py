"""Carry a granted erasure out: it cools off, then the engine runs it, and its answer leaves after the recount.

Until then the request stays in review with its outcome. What the engine does is told here at each turn.
"""

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.listeners import on_cancel, on_cooling, on_done, on_return
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.scheduling import schedule
from portal.personal_data.erasure.scope import Scope
from portal.preferences.choices import consent
from portal.preferences.models import SuppressionReason
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.erasing import emails
from portal.rights.erasing.stops import scope_of
from portal.rights.items.carrying import reconsider, spare, spare_no_more
from portal.rights.models import EventKind


def cool_off(act: Act) -> None:
    """Let a granted erasure cool off, in the current transaction, and write to every address of the person.

    Raises:
        Stopped: something must end before, such as a contract.
    """
    request, scope = act.request, scope_of(act.request.customer_id, act.request.asked)
    spare(request)
    plan = planning.plan(request.customer_id, scope)
    erasure = schedule(request.customer, scope, plan, request_id=request.id, due_on=request.due_on)
    _advertise_no_more(erasure)
    act.note(EventKind.ERASURE_SCHEDULED)
    emails.queue_cooling(request, erasure)


@on_cooling
def say_when_it_begins(erasure: Erasure) -> None:
    """Tell that an erasure which waited for another one cools off now: its day is known, and how to cancel it.

    The one before may have been cancelled, which gave the choices back.
    """
    if erasure.request_id is None:
        return
    _advertise_no_more(erasure)
    emails.queue_cooling(acting.of_portal(erasure.request_id).request, erasure)


def _advertise_no_more(erasure: Erasure) -> None:
    """Switch marketing off once everything is to go: whoever asked to be forgotten is not advertised to meanwhile."""
    customer = db.session.get_one(Customer, erasure.customer_id)
    if Scope.read(erasure.scope).is_whole and customer.status is not CustomerStatus.ERASED:
        consent.suppress(customer, SuppressionReason.RESTRICTED)


@on_cancel
@on_return
def give_choices_back(erasure: Erasure) -> None:
    """Let each flag be again what the person last chose, unless a restriction of theirs keeps all of them off."""
    customer = db.session.get_one(Customer, erasure.customer_id)
    if Scope.read(erasure.scope).is_whole and customer.status is CustomerStatus.ACTIVE:
        consent.lift_suppression(customer)


@on_cancel
@on_return
@on_done
def keep_no_longer(erasure: Erasure) -> None:
    """End what was kept from the erasure: it is over, or will not come."""
    if erasure.request_id is not None:
        spare_no_more(erasure.request_id)


@on_return
def back_to_review(erasure: Erasure) -> None:
    """Open the case again: what is held is no longer what was decided about. The person is told."""
    if erasure.request_id is None:
        return
    act = acting.of_portal(erasure.request_id)
    request = act.request
    if not request.is_open:
        return  # what was left for later: it is planned again, and the answer stands
    request.outcome = None
    request.version += 1
    reconsider(request)
    act.note(EventKind.ERASURE_RETURNED)
    emails.queue_returned(request)
