"""Review who asks: confirm, ask for another document, or reject. Each finding also destroys the document."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.audit.tags import declare
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.ladder import Means
from portal.identity_checks.proof.paper_checks import CheckItem, RejectReason, checklist, reject_reasons
from portal.identity_checks.proof.papers import Paper
from portal.identity_checks.proof.policy import RIGHTS_SUBJECT_TO_PROOF, DoubtSignal
from portal.identity_checks.queries import documents_of, given, pending_check
from portal.legal_time.clock_state import PauseReason
from portal.personal_data.categories import Category
from portal.rights import acting, emails
from portal.rights.acting import Act
from portal.rights.asked import Correct
from portal.rights.channels import Channel
from portal.rights.identity.lifting import doubts_of, go_on, liftable
from portal.rights.lifecycle import CaseMoved, Step
from portal.rights.models import EventKind, RightsRequest
from portal.staff.models import StaffMember

DOUBTED = declare("staff:identity:doubted", "reference", "is_paused")


class Unconfirmed(Exception):
    """Identity cannot be confirmed yet; everything that is in the way.

    Attributes:
        missing: points of the checklist that are not ticked.
        is_awaited: the document has not come whole, or the virus scanner has not passed it yet.
        is_unseen: the reviewer has not opened the document.
    """

    def __init__(self, missing: list[CheckItem], *, is_awaited: bool, is_unseen: bool) -> None:
        super().__init__(", ".join(missing))
        self.missing, self.is_awaited, self.is_unseen = missing, is_awaited, is_unseen


class DocumentNotAllowed(Exception):
    """This right never needs a document, whoever asks (GDPR art. 12(6); `identity_checks.proof.policy`)."""


class NothingToCheck(CaseMoved):
    """No such check is open on this case."""


@dataclass(frozen=True)
class Finding:
    """What the reviewer found.

    Attributes:
        reason: a code, when another document is asked for or the identity rejected.
        message: what the person reads with it.
        ticked: the points of the checklist that were ticked.
    """

    result: CheckResult
    reason: str | None = None
    message: str = ""
    ticked: frozenset[str] = frozenset()


def check_to_open(request: RightsRequest, *, of_value: bool = False) -> IdentityCheck:
    """Return the check of identity, or of a value to correct, that is open on a case. Raises `NothingToCheck`."""
    check = pending_check(request.id, of_value=of_value)
    if check is None:
        raise NothingToCheck
    return check


def points_of(request: RightsRequest, documents: list[IdentityDocument]) -> tuple[CheckItem, ...]:
    """Return the checklist for the paper that was given; empty without a paper."""
    if not documents:
        return ()
    return checklist(Paper(documents[0].kind), compares_birth_date=request.customer.birth is not None)


def reasons_of(documents: list[IdentityDocument]) -> tuple[RejectReason, ...]:
    """Return the reasons for which the paper that was given may be rejected; empty without a paper."""
    return reject_reasons(Paper(documents[0].kind)) if documents else ()


def review_identity(
    request: RightsRequest,
    member: StaffMember,
    finding: Finding,
    version: int,
    *,
    has_opened: Callable[[IdentityCheck], bool],
) -> None:
    """Record what the reviewer found, in the current transaction.

    Args:
        has_opened: tells whether the reviewer opened the document of a check.

    Raises:
        CaseMoved, OwnCase, Unconfirmed.
    """
    act = acting.hold(request, member, version)
    check, result = check_to_open(request), finding.result
    is_confirmed = result is CheckResult.CONFIRMED
    if is_confirmed:
        check_confirmable(request, check, finding.ticked, has_opened)
    try:
        lifted = liftable(request, Means.DOCUMENT) if is_confirmed else ()
        reason = None if is_confirmed else finding.reason
        checking.decide(check, result, reason=reason, lifted=map(str, lifted), member=member)
    except checking.AlreadyChecked:
        raise NothingToCheck from None
    match result:
        case CheckResult.CONFIRMED:
            _confirm(act, lifted)
        case CheckResult.ASKED_AGAIN:
            _ask_again(act, _with_cure(finding.reason, finding.message, request.language))
        case _:
            _reject(act, finding.message)


def ask_for_document(request: RightsRequest, member: StaffMember, doubt: str, *, version: int) -> IdentityCheck:
    """Ask for a document because of a doubt that the reviewer writes down; the clock pauses where the law lets it.

    A check may still be open, because its document was destroyed before anybody decided. The new one replaces it.

    Raises:
        DocumentNotAllowed: the law asks for no document for this request.
        CaseMoved, OwnCase: see `acting.hold`.
    """
    if not may_ask_for_document(request):
        raise DocumentNotAllowed
    act = acting.hold(request, member, version)
    open_one = pending_check(request.id)
    if open_one is not None:
        checking.abandon(open_one)
    is_paused = act.wait(Step.ASK_IDENTITY, PauseReason.IDENTITY_DOUBT)
    request.is_document_needed = True
    request.identity_signals = [*request.identity_signals, str(DoubtSignal.WRITTEN_DOUBT)]
    act.note(EventKind.DOCUMENT_ASKED, doubt)
    act.record(DOUBTED, is_paused=is_paused)
    emails.queue_document_asked(request)
    return checking.open_check(request.customer_id, request.id)


def may_ask_for_document(request: RightsRequest) -> bool:
    """Whether a document may be asked for: the request discloses or destroys data, or may correct an identity.

    A correction that came by another channel names no category, so it may concern identity. A request from Facebook
    never needs a document: Facebook's signature proves which account it is about.
    """
    if request.channel is Channel.FACEBOOK:
        return False
    match request.asked:
        case Correct(category=category):
            return category in {None, Category.IDENTITY}
        case _:
            return request.right in RIGHTS_SUBJECT_TO_PROOF


def check_confirmable(
    request: RightsRequest,
    check: IdentityCheck,
    ticked: frozenset[str],
    has_opened: Callable[[IdentityCheck], bool],
) -> None:
    """Check that a reviewer who ticked some points may confirm who asks. Raises `Unconfirmed`."""
    documents = documents_of(check)
    is_ready = all(document.status is DocumentStatus.READY for document in documents)
    is_awaited = not is_ready or not given(check_id=check.id).is_complete
    is_unseen = not is_awaited and not has_opened(check)
    missing = [point for point in points_of(request, documents) if point not in ticked]
    if is_awaited or is_unseen or missing:
        raise Unconfirmed(missing, is_awaited=is_awaited, is_unseen=is_unseen)


def _with_cure(reason: str | None, message: str, language: str) -> str:
    """Return what the person reads: what was wrong and what cures it, then the reviewer's own words."""
    cure = RejectReason(reason).hint(language) if reason else ""
    return "\n\n".join(part for part in (cure, message) if part)


def _confirm(act: Act, lifted: tuple[DoubtSignal, ...]) -> None:
    request = act.request
    request.identity_signals = [str(doubt) for doubt in doubts_of(request) if doubt not in lifted]
    request.is_document_needed = False
    go_on(act)
    act.note(EventKind.IDENTITY_CONFIRMED)
    emails.queue_identity_confirmed(act.request)


def _ask_again(act: Act, message: str) -> None:
    act.wait(Step.ASK_IDENTITY, PauseReason.IDENTITY_DOUBT)
    checking.open_check(act.request.customer_id, act.request.id)
    act.note(EventKind.DOCUMENT_ASKED, message)
    emails.queue_document_asked_again(act.request)


def _reject(act: Act, message: str) -> None:
    go_on(act)
    act.note(EventKind.IDENTITY_REJECTED, message, is_internal=True)
