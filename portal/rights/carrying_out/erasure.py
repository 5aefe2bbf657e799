"""Carry a granted erasure out: it cools off, then the engine runs it, and its answer leaves after the recount.

Until then the request stays in review with its outcome. What the engine does is told here at each turn.
"""

from portal import clock
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.listeners import on_cancel, on_cooling, on_done, on_return, on_schedule
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.scheduling import Stopped, is_one_decided, is_whole_one_decided, schedule
from portal.personal_data.erasure.scope import Scope
from portal.preferences.choices import consent
from portal.preferences.choices.restricting import is_suppressed_by_restriction
from portal.preferences.models import SuppressionReason
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.erasing import emails
from portal.rights.erasing.stops import ANOTHER, scope_of
from portal.rights.items.carrying import reconsider, spare, spare_no_more, spares_something
from portal.rights.models import EventKind


def cool_off(act: Act) -> None:
    """Let a granted erasure cool off, in the current transaction.

    What the decision keeps belongs to its own case. Another erasure that two people decided before is not stopped by
    it, for the person was told when that begins; nor may that destroy without a word what is kept here. So this one
    waits until that one is over, and is decided anew where that changed it. What must stay by then takes a legal hold.

    Raises:
        Stopped: something must end before, such as a contract, or another erasure where this one keeps something.
    """
    request, scope = act.request, scope_of(act.request.customer_id, act.request.asked)
    if spares_something(request) and is_one_decided(request.customer_id):
        raise Stopped((ANOTHER,))
    spare(request)
    plan = planning.plan(request.customer_id, scope)
    schedule(request.customer, scope, plan, request_id=request.id, due_on=request.due_on)
    act.note(EventKind.ERASURE_SCHEDULED)


@on_schedule
@on_cooling
def shut_off_and_tell(erasure: Erasure) -> None:
    """Let marketing read "no" at once, and write to every address of the person, whoever decided: staff or the shell.

    Whoever asked to be forgotten is not advertised to meanwhile, and nobody erases a person behind their back. An
    erasure that waited for another one says so again when it begins to cool: the one before may have been cancelled,
    which gave the choices back.
    """
    customer = db.session.get_one(Customer, erasure.customer_id)
    if Scope.read(erasure.scope).is_whole and customer.status is not CustomerStatus.ERASED:
        consent.suppress(customer, SuppressionReason.RESTRICTED)
    if erasure.runs_at > clock.now():
        emails.queue_cooling(erasure)


@on_cancel
@on_return
def give_choices_back(erasure: Erasure) -> None:
    """Let each flag be again what the person last chose, unless something else of theirs keeps all of them off.

    That is a restriction, or another erasure of everything that is decided too.
    """
    customer = db.session.get_one(Customer, erasure.customer_id)
    is_free = not (is_suppressed_by_restriction(customer.id) or is_whole_one_decided(customer.id))
    if Scope.read(erasure.scope).is_whole and is_free:
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
