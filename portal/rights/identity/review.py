"""Look at who is asking: confirm, ask for another document, or reject. Each destroys the document in the same act."""

from collections.abc import Callable

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.paper_checks import RejectReason
from portal.identity_checks.proof.policy import RIGHTS_SUBJECT_TO_PROOF, DoubtSignal
from portal.identity_checks.queries import documents_of, given, pending_check
from portal.legal_time.deadline import PauseReason
from portal.personal_data.categories import Category
from portal.rights.carrying_out.answering import write_to_customer
from portal.rights.clock import running
from portal.rights.deciding.decisions import check_version
from portal.rights.following.history import add_event
from portal.rights.lifecycle import Right, Status, Step, advance
from portal.rights.models import Channel, EventKind, RightsRequest
from portal.rights.queue.claims import claim
from portal.staff.models import StaffMember

DOUBTED = declare("staff:identity:doubted", "reference", "is_paused")


class ChecklistIncomplete(ValueError):
    """Identity is confirmed only with every point of the checklist ticked; `missing` names the others."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class DocumentAwaited(Exception):
    """Nobody can confirm who somebody is by a document that has not come, or that the scanner still holds."""


class DocumentUnseen(Exception):
    """Nobody can confirm who somebody is by a document that they have not opened."""


class DocumentNotAllowed(Exception):
    """This right never needs a document, whoever asks (GDPR art. 12(6); `identity_checks.policy`)."""


class NothingToCheck(Exception):
    """No check of identity is open on this case."""


def review_identity(
    request: RightsRequest, member: StaffMember, result: CheckResult, *, version: int, reason: str | None = None,
    message: str = "", ticked: frozenset[str] = frozenset(), checklist: tuple[str, ...] = (),
    has_opened: Callable[[IdentityCheck], bool],
) -> None:  # fmt: skip
    """Record what the reviewer found, in the current transaction.

    Args:
        reason: a code, when another document is asked for or the identity rejected.
        message: what the person reads with it.
        ticked, checklist: the points ticked and all that the kind of document has.
        has_opened: tells whether the reviewer opened the document of a check.

    Raises:
        StaleCase, CaseClosed, HeldByAnother, OwnCase, NothingToCheck, DocumentAwaited, DocumentUnseen,
        ChecklistIncomplete, AlreadyChecked, InvalidStep.
    """
    claim(request, member)
    check_version(request, version)
    check = pending_check(request.id)
    if check is None:
        raise NothingToCheck
    if result is CheckResult.CONFIRMED:
        reason = None
        if not given(check_id=check.id).is_complete or not _are_ready(check):
            raise DocumentAwaited
        if not has_opened(check):
            raise DocumentUnseen
        missing = [point for point in checklist if point not in ticked]
        if missing:
            raise ChecklistIncomplete(missing)
    checking.decide(check, result, reason=reason, member=member)
    match result:
        case CheckResult.CONFIRMED:
            _confirm(request, member)
        case CheckResult.ASKED_AGAIN:
            _ask_again(request, member, _with_cure(reason, message, request.language))
        case _:
            _reject(request, member, message)


def ask_for_document(request: RightsRequest, member: StaffMember, doubt: str, *, version: int) -> IdentityCheck:
    """Ask for a document because of a doubt that the reviewer writes down; the clock pauses by the rules.

    A check that is open, because its document was destroyed before a decision, is given up for the new one.

    Raises:
        DocumentNotAllowed, StaleCase, CaseClosed, HeldByAnother, OwnCase, InvalidStep.
    """
    if not may_ask_for_document(request):
        raise DocumentNotAllowed
    claim(request, member)
    check_version(request, version)
    request.status = advance(request.status, Step.ASK_IDENTITY)
    open_one = pending_check(request.id)
    if open_one is not None:
        checking.abandon(open_one)
    request.is_document_needed = True
    request.identity_signals = [*request.identity_signals, str(DoubtSignal.WRITTEN_DOUBT)]
    is_paused = running.pause(request, PauseReason.IDENTITY_DOUBT)
    add_event(request, EventKind.DOCUMENT_ASKED, staff=member, text=doubt)
    record(
        DOUBTED, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, is_paused=is_paused,
    )  # fmt: skip
    write_to_customer(request, "rights/identity_asked")
    return checking.open_check(request.customer_id, request.id)


def may_ask_for_document(request: RightsRequest) -> bool:
    """Whether a doubt may lead to a document: for what discloses or destroys, and a correction of identity.

    What a correction is about is not known as a code when it came by another channel. What Facebook asks for
    is signed by it, about an account that it knows by a number of its own.
    """
    if request.channel is Channel.FACEBOOK:
        return False
    if request.right is Right.RECTIFICATION:
        return request.answers.get("category") in {None, Category.IDENTITY}
    return request.right in RIGHTS_SUBJECT_TO_PROOF


def _are_ready(check: IdentityCheck) -> bool:
    return all(document.status is DocumentStatus.READY for document in documents_of(check))


def _with_cure(reason: str | None, message: str, language: str) -> str:
    """Return what the person reads: what was wrong and what cures it, then the reviewer's own words."""
    cure = RejectReason(reason).hint(language) if reason else ""
    return "\n\n".join(part for part in (cure, message) if part)


def _confirm(request: RightsRequest, member: StaffMember) -> None:
    _go_on(request)
    add_event(request, EventKind.IDENTITY_CONFIRMED, staff=member)
    write_to_customer(request, "rights/identity_confirmed")


def _ask_again(request: RightsRequest, member: StaffMember, message: str) -> None:
    request.status = advance(request.status, Step.ASK_IDENTITY)
    running.pause(request, PauseReason.IDENTITY_DOUBT)
    checking.open_check(request.customer_id, request.id)
    add_event(request, EventKind.DOCUMENT_ASKED, staff=member, text=message)
    write_to_customer(request, "rights/identity_asked_again")


def _reject(request: RightsRequest, member: StaffMember, message: str) -> None:
    _go_on(request)
    add_event(request, EventKind.IDENTITY_REJECTED, staff=member, text=message, is_internal=True)


def _go_on(request: RightsRequest) -> None:
    """Have the clock run and the review go on, unless a question of ours to the customer waits for its answer."""
    if request.status is Status.CLARIFICATION_PENDING:
        return
    running.resume(request)
    if request.status is not Status.IN_REVIEW:
        request.status = advance(request.status, Step.START_REVIEW)
