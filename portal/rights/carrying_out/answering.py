"""Carry a decision out: do what the portal does by itself for each right, and let the answer leave.

An answer, its event, its audit, its mail, its dispatch and its effect on what marketing may do are one transaction.
None leaves while an item is undecided.
"""

from sqlalchemy import select

from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.exports.delivery import package_of_request
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import on_ready, request_again, request_package
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.instructions.acknowledging import note_heard
from portal.letters.dispatching import dispatch
from portal.personal_data.erasure.listeners import on_done
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.outcomes import ItemOutcome
from portal.preferences.choices import consent
from portal.preferences.choices.choosing import stop
from portal.preferences.models import Origin
from portal.preferences.purposes import MARKETING_FLAG_CODES
from portal.rights import acting, emails
from portal.rights.acting import Act
from portal.rights.asked import Copy, Correct, ReviewDecision, Scoped, StopUse
from portal.rights.carrying_out.effects import CHOSEN_USES, flags_of
from portal.rights.carrying_out.erasure import cool_off
from portal.rights.carrying_out.restriction import lock
from portal.rights.carrying_out.telling import close_or_wait, tell_of_words, tell_to_advertise_no_more
from portal.rights.correcting.carrying_out import correct
from portal.rights.erasing.emails import queue_certificate
from portal.rights.items.carrying import note_all_done, note_erased
from portal.rights.items.deciding import Way, decide_items
from portal.rights.items.making import exceptions_of, items_of, make_items
from portal.rights.items.outcome import check_decided, outcome_of
from portal.rights.items.proposing import AS_WRITTEN
from portal.rights.items.telling import letter
from portal.rights.items.withholding import note_handed
from portal.rights.lifecycle import InvalidStep, Outcome, Right, Step
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.rights.restricting.provisional import settle
from portal.rights.weighing.settling import settle_uses
from portal.staff.models import StaffMember

ANSWERED = declare("customer:request:answered", "reference", "right", "outcome")
ASKED_AGAIN = declare("staff:package:requested_again", "reference", "package")

PACKAGED = {Right.ACCESS: "access", Right.PORTABILITY: "portability"}


def answer_by_itself(request: RightsRequest) -> None:
    """Let the portal answer a request that needs nobody, as is proposed for each item, in the current transaction."""
    decide_items(request, items_of(request.id), Way.PROPOSED, by=None)
    fulfil(Act(request, "portal"), "")


def fulfil(act: Act, message: str) -> None:
    """Carry out what was decided about each item, in the current transaction.

    Access and portability are answered by a package: the answer leaves when it is ready. That of an erasure leaves when
    it is carried out. Everything else leaves now.

    Args:
        act: of who decided, or of the portal where it answers by itself.
        message: what the team writes to the person. For an answer that leaves later, the decision's message is read
            again then.

    Raises:
        ItemUndecided: an item waits for its decision.
        Stopped: something must end before an erasure.
        OverrideNotSeconded: a use would go on against an objection, and the officer has not agreed to it.
    """
    request = act.request
    items = items_of(request.id)
    request.outcome = outcome_of(items, exceptions_of(request.id))
    act.give_back()
    match request.right:
        case Right.RECTIFICATION if any(item.part != AS_WRITTEN for item in items):
            correct(act)
        case Right.RECTIFICATION:
            tell_of_words(request)
        case Right.OBJECTION:
            settle_uses(request)
    if request.outcome is not Outcome.REFUSED:
        if request.right in PACKAGED:
            _prepare_package(act)
            return
        if request.right is Right.ERASURE:
            cool_off(act)
            return
        _take_effect(request)
    _end(act, message, emails.queue_answered(request))


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
            lock(request)
        case Right.OBJECTION:
            _stop_use(customer, request)
            _note_stopped(request)
        case Right.DIRECTIVES:
            note_all_done(request.id, ItemOutcome.RECORDED)
        case _:
            pass


def _note_stopped(request: RightsRequest) -> None:
    """Note as done what ended here and now: the uses that rest on choices alone, and a look at a decision."""
    note_all_done(request.id, ItemOutcome.REVIEWED)
    if isinstance(request.asked, StopUse) and request.asked.use in CHOSEN_USES:
        note_all_done(request.id, ItemOutcome.STOPPED)


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
    if isinstance(request.asked, ReviewDecision) or not flags:
        return
    if flags == MARKETING_FLAG_CODES:
        consent.object_to_marketing(customer, origin=Origin.REQUEST, language=request.language)
    else:
        stop(customer, flags, origin=Origin.REQUEST, language=request.language)
    tell_to_advertise_no_more(request, flags)


def _end(act: Act, message: str, mail: Mail | None) -> None:
    """Move a request to answered, and to closed unless somebody who was told still has to follow.

    Args:
        mail: which announces the answer; None for somebody without an address.

    Raises:
        ItemUndecided: an item waits for its decision.
    """
    request = act.request
    check_decided(items_of(request.id))
    if request.right is Right.ACCESS:
        note_heard(request.id)
    act.close()
    act.step(Step.ANSWER)
    request.answered_at = request.closed_at
    act.note(EventKind.ANSWERED, message)
    close_or_wait(act)
    if isinstance(request.asked, Correct | StopUse) and request.asked.on_hold:
        settle(request)
    act.record(ANSWERED, right=request.right, outcome=request.outcome)
    _send(request, message, mail)


def _send(request: RightsRequest, message: str, mail: Mail | None) -> None:
    """Note that the letter is on its way: what it says can be made again from the items, and is known by its hash."""
    written = letter.letter_of(
        request, items_of(request.id), message, request.language, exceptions_of(request.id), request.answered_at
    )
    dispatch(
        letter.CODE, written.version, subject_kind="request", subject_id=request.id, customer_id=request.customer_id,
        language=request.language, sha256=written.sha256, mail=mail,
    )  # fmt: skip


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
    act.note(EventKind.PACKAGE_READY)
    # What came in since the decision is in the copy too.
    make_items(request)
    decide_items(request, items_of(request.id), Way.PROPOSED, by=None)
    request.outcome = outcome_of(items_of(request.id), exceptions_of(request.id))
    note_handed(request.id, request.customer_id)
    _end(act, _message_of(request), emails.queue_package_ready(request, package))


@on_done
def answer_erasure(erasure: Erasure) -> None:
    """Let the answer to an erasure leave, in the transaction of the recount that confirmed it.

    The case stays answered and is not closed while somebody who was told has not confirmed that they did the same. An
    erasure that no request asked for has its certificate alone.
    """
    if erasure.request_id is None:
        queue_certificate(erasure)
        return
    act = acting.of_portal(erasure.request_id)
    if act.request.is_open:
        note_erased(erasure)
        _end(act, _message_of(act.request), queue_certificate(erasure))
    else:
        queue_certificate(erasure)


def answer_link(request: RightsRequest) -> None:
    """Answer the erasure of a number that Facebook gave, in the transaction that removed it: nothing else came."""
    decide_items(request, items_of(request.id), Way.PROPOSED, by=None)
    request.outcome = outcome_of(items_of(request.id))
    for item in items_of(request.id):
        item.planned = item.planned or 1  # it went before the request was filed
    note_all_done(request.id, ItemOutcome.ERASED)
    _end(Act(request, "portal"), "", emails.queue_answered(request))


def _message_of(request: RightsRequest) -> str:
    """Return what the newest decision on a request says to the person; nothing where its words are gone."""
    newest = select(RequestDecision.message).where(RequestDecision.request_id == request.id)
    return db.session.execute(newest.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none() or ""


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
