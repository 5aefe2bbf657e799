"""Receive a request: its row, due date, check of identity, history, audit and mail, or nothing of it.

A draft makes one request, however often and from however many tabs it is sent: the customer's row is held
while it is filed, and the draft remembers that it was sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountSession
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.documents.shredding import forget_previews, limit_to, shred
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.models import DocumentStatus, IdentityDocument
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.doubts import assess_other_channel
from portal.identity_checks.proof.policy import RIGHTS_SUBJECT_TO_PROOF, IdentityDecision
from portal.identity_checks.queries import documents_given, given
from portal.infrastructure.counters import next_number
from portal.infrastructure.database import db
from portal.infrastructure.references import write_reference
from portal.legal_time.deadline import PauseReason
from portal.preferences.choices.states import read_state
from portal.preferences.purposes import MARKETING_FLAG_CODES
from portal.rights import emails
from portal.rights.acting import Act, of_staff
from portal.rights.asked import Asked, Erase, Limit, StopUse, Use
from portal.rights.carrying_out.answering import PACKAGED, fulfil
from portal.rights.channels import Channel
from portal.rights.clock import running
from portal.rights.filing.drafts import find_draft, lock_customer
from portal.rights.filing.progress import DraftStep, progress_of
from portal.rights.intents import Intent, default_intent
from portal.rights.lifecycle import Outcome, Right, Step, advance
from portal.rights.models import EventKind, RequestDraft, RightsRequest
from portal.staff.models import StaffMember

FILED = declare("customer:request:filed", "reference", "right", "channel", "due_on", "needs_document")

MOST_OPEN = 5
FILINGS_A_DAY = "20 per day"
# As long as one press may arrive again: a double click, a page sent once more.
SAME_PRESS = timedelta(minutes=1)


class NoSuchDraft(Exception):
    """The customer has no such draft."""


class StepMissing(Exception):
    """The draft is not ready to be sent; `step` is the page to go to."""

    def __init__(self, step: DraftStep) -> None:
        super().__init__(step)
        self.step = step


class AlreadyOpen(Exception):
    """A request of this kind is open; `reference` says which."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class TooManyOpen(Exception):
    """Five requests are open: each must be answered or withdrawn before another."""


@dataclass(frozen=True)
class _Proof:
    """How identity was settled when the request was filed."""

    decision: IdentityDecision
    method: str | None = None
    draft_id: int | None = None


def file_request(account: Account, session: AccountSession, draft_public_id: str) -> RightsRequest:
    """Send a draft, in the current transaction; a draft that was sent before gives the same request.

    Raises:
        NoSuchDraft, DraftExpired, StepMissing, AlreadyOpen, TooManyOpen.
    """
    customer = _customer_of(account)
    lock_customer(customer.id)
    draft = find_draft(customer.id, draft_public_id)
    if draft is None:
        raise NoSuchDraft
    if draft.sent_at is not None:
        return sent_request(draft)
    progress = progress_of(draft, account, session)
    if progress.missing is not DraftStep.CHECK:
        raise StepMissing(progress.missing)
    check_room(customer.id, draft.intent)
    request = _new_request(customer, draft.intent, dict(draft.answers), account.language)
    request.draft_id = draft.id
    method = None
    if is_subject_to_check(request) and not progress.decision.needed:
        method = checking.KNOWN_ADDRESS if progress.decision.cleared else checking.SESSION
    _receive(Act(request, f"customer:{customer.public_id}"), _Proof(progress.decision, method, draft.id))
    draft.sent_at, draft.answers = clock.now(), {}
    end_all(customer.id, draft.public_id)
    return request


def object_to_marketing(account: Account) -> RightsRequest:
    """File an objection to marketing and grant it in the same transaction: no reason, no identity, no wait.

    The request is the proof (GDPR art. 21(2) and (3)). No limit applies: the right is absolute. A button pressed
    twice files one.
    """
    customer = _customer_of(account)
    lock_customer(customer.id)
    already = _objected_just_now(customer)
    if already is not None:
        return already
    asked = StopUse(use=Use.MARKETING)
    request = _new_request(customer, Intent.STOP_USE, asked.stored(), account.language)
    db.session.add(request)
    running.start_clock(request, clock.now())
    _note_filed(Act(request, f"customer:{customer.public_id}"))
    fulfil(Act(request, "portal"), Outcome.GRANTED, "")
    return request


def _objected_just_now(customer: Customer) -> RightsRequest | None:
    """Return the objection that the same press filed, unless something was accepted since."""
    state = read_state(customer.id)
    if state is not None and any(state.flags.get(code) for code in MARKETING_FLAG_CODES):
        return None
    is_theirs = (RightsRequest.customer_id == customer.id, RightsRequest.intent == Intent.STOP_USE)
    is_fresh = RightsRequest.received_at > clock.now() - SAME_PRESS
    statement = select(RightsRequest).where(*is_theirs, is_fresh, RightsRequest.outcome == Outcome.GRANTED)
    found = db.session.execute(statement.order_by(RightsRequest.id)).scalars()
    return next((request for request in found if request.asked.concerns_marketing), None)


def take_in(
    customer: Customer,
    right: Right,
    channel: Channel,
    received_at: datetime,
    words: str,
    staff: StaffMember,
    *,
    is_on_behalf: bool = False,
) -> RightsRequest:
    """Receive a request that came by another way than the portal, in the current transaction.

    The clock starts at its true receipt. Identity is doubtful by the channel alone, but nobody is asked for a
    document before a reviewer says so: the clock runs until then.

    Args:
        received_at: when it reached the company, aware.
        words: what the person said or wrote.
        is_on_behalf: whether somebody else asked in the customer's name.
    """
    lock_customer(customer.id)
    request = _new_request(customer, default_intent(right), Asked(words).stored(), customer.language)
    request.channel = channel
    decision = assess_other_channel(right, customer, is_on_behalf=is_on_behalf)
    db.session.add(request)
    running.start_clock(request, received_at)
    request.identity_signals = [str(signal) for signal in decision.remaining]
    _note_filed(of_staff(request, staff))
    emails.queue_received(request)
    return request


def file_for_facebook(customer: Customer, limit: Limit, code: str) -> RightsRequest:
    """Receive the erasure that Facebook asks for in a person's name, in the current transaction.

    Its signature settles who asks, so nobody is asked for more; the limit on open requests is for people.

    Args:
        code: under which Facebook and the person follow it.
    """
    lock_customer(customer.id)
    request = _new_request(customer, Intent.ERASE, Erase(limited_to=limit).stored(), customer.language)
    request.channel, request.confirmation_code = Channel.FACEBOOK, code
    db.session.add(request)
    running.start_clock(request, clock.now())
    _note_filed(Act(request, "portal"))
    checking.note_check(customer.id, request.id, checking.FACEBOOK_SIGNATURE)
    emails.queue_received(request)
    return request


def sent_request(draft: RequestDraft) -> RightsRequest:
    """Return the request that a sent draft became."""
    statement = select(RightsRequest).where(RightsRequest.draft_id == draft.id)
    return db.session.execute(statement).scalar_one()


def open_requests(customer_id: int) -> list[RightsRequest]:
    """Return a customer's open requests, the most urgent first."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.is_open.is_(True))
    statement = select(RightsRequest).where(*is_theirs).order_by(RightsRequest.sort_on, RightsRequest.id)
    return list(db.session.execute(statement.limit(50)).scalars())


def open_request_of(customer_id: int, intent: Intent) -> RightsRequest | None:
    """Return the customer's open request of a kind, or None."""
    return next((item for item in open_requests(customer_id) if item.intent == intent), None)


def check_room(customer_id: int, intent: Intent) -> None:
    """Raise `AlreadyOpen` or `TooManyOpen` when another request of this kind cannot be filed now."""
    open_ones = open_requests(customer_id)
    for request in open_ones:
        if request.intent == intent:
            raise AlreadyOpen(request.reference)
    if len(open_ones) >= MOST_OPEN:
        raise TooManyOpen


def is_subject_to_check(request: RightsRequest) -> bool:
    """Whether who is asking matters: for what discloses or destroys, and for a correction of identity."""
    if request.right is Right.RECTIFICATION:
        return request.asked.rectifies_identity
    return request.right in RIGHTS_SUBJECT_TO_PROOF


def _new_request(customer: Customer, intent: Intent, answers: dict[str, Any], language: str) -> RightsRequest:
    year = clock.today().year
    return RightsRequest(
        reference=write_reference(year, next_number(f"request-{year}")),
        customer_id=customer.id,
        customer=customer,
        right=intent.right,
        intent=intent,
        channel=Channel.PORTAL,
        language=language,
        answers=answers,
        status=advance(None, Step.FILE),
    )


def _receive(act: Act, proof: _Proof) -> None:
    request = act.request
    db.session.add(request)
    running.start_clock(request, clock.now())
    request.identity_signals = [str(signal) for signal in proof.decision.remaining]
    request.is_document_needed = proof.decision.needed
    _note_filed(act)
    if proof.method:
        checking.note_check(request.customer_id, request.id, proof.method)
    staged = documents_given(draft_id=proof.draft_id) if proof.draft_id else []
    if not proof.decision.needed:
        # The doubt went away since the document was given, so nobody may look at it any more.
        shred(staged)
        emails.queue_received(request)
        if _needs_nobody(request, proof.decision):
            fulfil(Act(request, "portal"), Outcome.GRANTED, "")
    elif _hand_over(request, staged):
        emails.queue_received(request)
    else:
        act.wait(Step.ASK_IDENTITY, PauseReason.IDENTITY_DOUBT)
        emails.queue_document_awaited(request)


def _needs_nobody(request: RightsRequest, decision: IdentityDecision) -> bool:
    """Whether the portal can answer by itself: a file it can make, no doubt left, and no words to be read."""
    return request.right in PACKAGED and not decision.remaining and not request.asked.needs_a_reader


def _hand_over(request: RightsRequest, staged: list[IdentityDocument]) -> bool:
    """Open the check of a request and give it what was staged; return whether the document is complete."""
    check = checking.open_check(request.customer_id, request.id)
    for document in staged:
        document.draft_id, document.check_id = None, check.id
        if document.status is DocumentStatus.STAGED:
            document.status = DocumentStatus.READY
    forget_previews(staged)
    limit_to(staged, request.due_on)
    db.session.flush()
    return given(check_id=check.id).is_complete


def _note_filed(act: Act) -> None:
    request = act.request
    db.session.flush()
    act.note(EventKind.FILED)
    act.record(
        FILED,
        right=request.right,
        channel=request.channel,
        due_on=request.initial_due_on.isoformat(),
        needs_document=request.is_document_needed,
    )


def _customer_of(account: Account) -> Customer:
    if account.customer is None:
        raise NoSuchDraft
    return account.customer
