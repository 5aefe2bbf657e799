"""Receive a request: its row, due date, identity check, history, audit and mail are written together or not at all.

A draft makes one request, however often and from however many tabs it is sent: the customer's row is locked while
the request is filed, and the draft remembers that it was sent.
"""

from dataclasses import dataclass

from portal import clock
from portal.access.reauthentication import has_proved_lately
from portal.accounts.models import Account, AccountSession
from portal.customers.models import Customer
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.models import IdentityDocument
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.policy import RIGHTS_SUBJECT_TO_PROOF, DoubtSignal, IdentityDecision
from portal.identity_checks.queries import documents_given, given
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.legal_time.clock_state import PauseReason
from portal.rights import emails
from portal.rights.acting import Act
from portal.rights.carrying_out.answering import PACKAGED, answer_by_itself, stop_at_receipt
from portal.rights.carrying_out.copies import waits_for
from portal.rights.clock import running
from portal.rights.correcting.noting import needs_nobody
from portal.rights.correcting.proof import end_uploads, file_proof
from portal.rights.filing.beginning import NoSuchDraft, customer_of, new_request, note_filed
from portal.rights.filing.drafts import digest_of, find_draft
from portal.rights.filing.open_requests import sent_request
from portal.rights.filing.progress import DraftStep, Progress, progress_of
from portal.rights.lifecycle import Right, Step
from portal.rights.models import RightsRequest

FILINGS_A_DAY = "20 per day"


class DraftChanged(Exception):
    """Another window changed the draft since the page with the button was read."""


class StepMissing(Exception):
    """The draft is not ready to be sent; `step` is the page to go to."""

    def __init__(self, step: DraftStep) -> None:
        super().__init__(step)
        self.step = step


@dataclass(frozen=True)
class _Proof:
    """How identity was settled when the request was filed: each way, with the doubts that it lifted.

    `is_fresh` tells whether the person proved themselves within the last minutes.
    """

    decision: IdentityDecision
    ways: dict[str, list[DoubtSignal]]
    draft_id: int
    is_fresh: bool


def file_request(
    account: Account, session: AccountSession, draft_public_id: str, shown: str | None = None
) -> RightsRequest:
    """Send a draft, in the current transaction, and return its request. Sent again, it gives the same request.

    Args:
        shown: the digest of the answers that the person read when they pressed the button; None where it is not known.

    Raises:
        DraftChanged: the draft holds other answers by now.
        NoSuchDraft: the customer has no such draft.
        DraftExpired: the draft is past its thirty days.
        StepMissing: the draft is not complete.
    """
    customer = customer_of(account)
    lock_row(Customer, customer.id)
    draft = find_draft(customer.id, draft_public_id)
    if draft is None:
        raise NoSuchDraft
    if draft.sent_at is not None:
        return sent_request(draft)
    if shown is not None and shown != digest_of(draft):
        raise DraftChanged
    progress = progress_of(draft, account, session)
    if progress.missing is not DraftStep.CHECK:
        raise StepMissing(progress.missing)
    request = new_request(customer, draft.intent, dict(draft.answers), account.language)
    request.draft_id = draft.id
    ways = _ways(progress, account) if is_subject_to_check(request) else {}
    is_fresh = has_proved_lately(session.reauthenticated_at)
    _receive(Act(request, f"customer:{customer.public_id}"), _Proof(progress.decision, ways, draft.id, is_fresh))
    draft.sent_at, draft.answers = clock.now(), {}
    end_uploads(draft)
    return request


def _ways(progress: Progress, account: Account) -> dict[str, list[DoubtSignal]]:
    """Return by which ways the person proved who they are; none while they proved nothing and a doubt remains."""
    decision = progress.decision
    by_code = [signal for signal in decision.cleared if signal in progress.lifted]
    by_step = [signal for signal in decision.cleared if signal not in progress.lifted]
    ways = {checking.SECOND_STEP: by_step, checking.code_method(account): by_code}
    taken = {method: lifted for method, lifted in ways.items() if lifted}
    return taken or ({} if decision.remaining or decision.needed else {checking.SESSION: []})


def is_subject_to_check(request: RightsRequest) -> bool:
    """Whether it matters who asks: the request discloses or destroys data, or corrects an identity."""
    if request.right is Right.RECTIFICATION:
        return request.asked.rectifies_identity
    return request.right in RIGHTS_SUBJECT_TO_PROOF


def _receive(act: Act, proof: _Proof) -> None:
    request = act.request
    db.session.add(request)
    running.start_clock(request, clock.now())
    request.identity_signals = [str(signal) for signal in proof.decision.remaining]
    request.is_document_needed = proof.decision.needed
    note_filed(act)
    if request.asked.concerns_marketing:
        # Nobody is asked who they are, and nobody looks at it first, whatever page it was sent from.
        shred(documents_given(draft_id=proof.draft_id))
        answer_by_itself(request)
        return
    stop_at_receipt(request)
    file_proof(request, proof.draft_id)
    for method, lifted in proof.ways.items():
        checking.note_check(request.customer_id, request.id, method, lifted=lifted)
    staged = documents_given(draft_id=proof.draft_id)
    if not proof.decision.needed:
        # The doubt ended after the document was given, so nobody may look at the document any more.
        shred(staged)
        emails.queue_received(request)
        if _needs_nobody(request, proof):
            answer_by_itself(request)
    elif _hand_over(request, staged):
        emails.queue_received(request)
    else:
        act.wait(Step.ASK_IDENTITY, PauseReason.IDENTITY_DOUBT)
        emails.queue_document_awaited(request)


def _needs_nobody(request: RightsRequest, proof: _Proof) -> bool:
    """Whether the portal can answer by itself now: it can make the file, no doubt is left, no words are to be read.

    A value for which the person's word is enough is corrected. A copy that lacks a system of the company waits for it
    (`carrying_out.copies`).
    """
    if proof.decision.remaining:
        return False
    if request.right is Right.RECTIFICATION:
        return needs_nobody(request, is_fresh=proof.is_fresh)
    return request.right in PACKAGED and not request.asked.needs_a_reader and not waits_for(request)


def _hand_over(request: RightsRequest, staged: list[IdentityDocument]) -> bool:
    """Open the identity check of a request with the draft's documents; return whether they are complete."""
    check = checking.open_check(request.customer_id, request.id)
    checking.hand_over(check, staged, request.due_on)
    return given(check_id=check.id).is_complete
