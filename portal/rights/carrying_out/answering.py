"""Carry a decision out: do what the portal does by itself for each right, and let the answer leave.

An answer, its event, its audit, its mail and its effect on what marketing may do are one transaction.
"""

from sqlalchemy import select

from portal import clock
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.exports.delivery import package_of_request
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import on_ready, request_again, request_package
from portal.infrastructure.database import db
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.preferences.choices import consent
from portal.preferences.choices.choosing import stop
from portal.preferences.models import Origin
from portal.preferences.purposes import MARKETING_FLAG_CODES
from portal.rights import acting, emails
from portal.rights.acting import Act
from portal.rights.asked import Copy, ReviewDecision, Scoped, StopUse
from portal.rights.carrying_out.effects import CHOSEN_USES, flags_of, is_whole_erasure
from portal.rights.lifecycle import InvalidStep, Outcome, Right, Step
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.staff.models import StaffMember

ANSWERED = declare("customer:request:answered", "reference", "right", "outcome")
ASKED_AGAIN = declare("staff:package:requested_again", "reference", "package")

PACKAGED = {Right.ACCESS: "access", Right.PORTABILITY: "portability"}


def fulfil(act: Act, outcome: Outcome, message: str) -> None:
    """Carry a decision out, in the current transaction.

    Access and portability are answered by a package: the answer leaves when it is ready. Everything else leaves now.

    Args:
        act: of who decided, or of the portal where it answers by itself.
        message: what the person reads in the answer. For an answer with a package, the decision's message is read again
            when the package is ready.
    """
    request = act.request
    request.outcome = outcome
    act.give_back()
    if outcome is not Outcome.REFUSED:
        if request.right in PACKAGED:
            _prepare_package(act)
            return
        _take_effect(request)
    _end(act, message)
    emails.queue_answered(request)


def _prepare_package(act: Act) -> None:
    act.review()
    request, asked = act.request, act.request.asked
    categories = asked.categories if isinstance(asked, Scoped) else None
    request_package(
        request.customer,
        purpose=PACKAGED[request.right],
        request_id=request.id,
        language=request.language,
        categories=[str(category) for category in categories] if categories else None,
        every_page=isinstance(asked, Copy) and asked.every_page,
    )


def _take_effect(request: RightsRequest) -> None:
    """Switch off what marketing may do, in the same transaction, so that no mail follows a decision that forbids it."""
    customer = request.customer
    match request.right:
        case Right.RESTRICTION:
            customer.status, customer.restricted_at = CustomerStatus.RESTRICTED, clock.now()
            keep(customer.id, KeepReason.RESTRICTION, request.id)
            consent.suppress(customer, "restricted")
        case Right.ERASURE if is_whole_erasure(request):
            # Nothing is erased yet, so the person is held back as in a restriction. A partial one touches no choice.
            consent.suppress(customer, "restricted")
        case Right.OBJECTION:
            _stop_use(customer, request)
        case _:
            pass


def stop_at_receipt(request: RightsRequest) -> None:
    """Switch off the choices behind a use that somebody objects to, in the transaction that receives the objection.

    Those uses rest on the person's consent, and taking it back waits for nobody (GDPR art. 7(3), 21(3)). What a person
    of the team still has to look at is the rest of the objection.
    """
    if isinstance(request.asked, StopUse) and request.asked.use in CHOSEN_USES:
        _stop_use(request.customer, request)


def _stop_use(customer: Customer, request: RightsRequest) -> None:
    """Switch off the choices behind the use that the customer objects to; in doubt, everything that is marketing."""
    flags = flags_of(request.asked)
    if isinstance(request.asked, ReviewDecision):
        return
    if flags == MARKETING_FLAG_CODES:
        consent.object_to_marketing(customer, origin=Origin.REQUEST, language=request.language)
    else:
        stop(customer, flags, origin=Origin.REQUEST, language=request.language)


def _end(act: Act, message: str) -> None:
    """Move a request to answered and at once to closed: nothing is owed any more once its answer is recorded."""
    act.close()
    act.step(Step.ANSWER)
    act.step(Step.CLOSE)
    request = act.request
    request.answered_at = request.closed_at
    act.note(EventKind.ANSWERED, message)
    Act(request, "portal").note(EventKind.CLOSED)
    act.record(ANSWERED, right=request.right, outcome=request.outcome)


@on_ready
def answer_with_package(package: AnswerPackage) -> None:
    """Let the answer leave, in the transaction that makes its package ready."""
    if package.request_id is None:
        return
    # Locked before it is read: the customer may be withdrawing the request at this moment.
    act = acting.of_portal(package.request_id)
    request = act.request
    if not request.is_open or request.outcome is None:
        return
    newest = select(RequestDecision.message).where(RequestDecision.request_id == request.id)
    message = db.session.execute(newest.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none()
    act.note(EventKind.PACKAGE_READY)
    _end(act, message or "")
    emails.queue_package_ready(request, package)


def prepare_again(request: RightsRequest, member: StaffMember) -> None:
    """Try again to make the copy of a request, in the current transaction.

    Raises:
        InvalidStep: the copy has not failed, or the request is closed.
    """
    package = package_of_request(request.id)
    if package is None or package.status is not PackageStatus.FAILED or not request.is_open:
        raise InvalidStep(request.status, Step.ANSWER)
    request_again(package)
    acting.of_staff(request, member).record(ASKED_AGAIN, package=package.public_id)
