"""What identity checks need from requests: why a document is needed, and what follows when it comes or is lost."""

from typing import Final

from flask import url_for
from flask_babel import get_locale
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountSession
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.models import IdentityCheck
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.errands import Errand, plug_in
from portal.identity_checks.proof.known_address import address_that_lifts
from portal.identity_checks.queries import documents_given, pending_check
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.legal_time.clock_state import PauseReason
from portal.rights import acting, emails
from portal.rights.correcting.proof import draft_of_code, errand_of_proof, is_proof_code
from portal.rights.filing.drafts import DraftExpired, find_draft
from portal.rights.filing.progress import progress_of
from portal.rights.following.history import customer_history
from portal.rights.identity.lifting import doubts_of
from portal.rights.lifecycle import ALLOWED, Status, Step
from portal.rights.models import EventKind, RequestDraft, RightsRequest
from portal.rights.queue.claims import is_held_by, is_own
from portal.staff.models import StaffMember

RECEIVED = declare("customer:request:document_received", "reference", "due_on")
LOST = declare("customer:request:document_lost", "reference", "reason")


class RequestErrands:
    """The answers of this domain to `portal.identity_checks.proof.errands.Errands`."""

    def find(self, account: Account, session: AccountSession, code: str) -> Errand | None:
        if account.customer_id is None:
            return None
        try:
            draft, is_proof = find_draft(account.customer_id, draft_of_code(code)), is_proof_code(code)
        except DraftExpired:
            return None
        if draft is not None and draft.sent_at is None:
            return errand_of_proof(draft) if is_proof else _errand_of_draft(draft, account, session)
        if draft is not None:
            return None
        request = _own_request(account.customer_id, code)
        return _errand_of_request(request, account) if request else None

    def home(self, account: Account, code: str) -> str | None:
        if account.customer_id is None:
            return None
        try:
            if draft := find_draft(account.customer_id, draft_of_code(code)):
                return url_for("customer.rights.check", public_id=draft.public_id)
        except DraftExpired:
            return None
        request = _own_request(account.customer_id, code)
        return url_for("customer.rights.follow", reference=request.reference) if request else None

    def hold(self, errand: Errand) -> bool:
        if errand.draft_id is not None:
            lock_row(Customer, errand.customer_id)
            draft = db.session.get(RequestDraft, errand.draft_id, populate_existing=True)
            return draft is not None and draft.sent_at is None
        request = acting.of_customer(errand.customer_id, errand.code).request
        check = pending_check(request.id)
        return request.status is Status.IDENTITY_PENDING and check is not None and check.id == errand.check_id

    def lock(self, check: IdentityCheck) -> None:
        if check.request_id is not None:
            lock_row(Customer, check.customer_id)
            db.session.get_one(RightsRequest, check.request_id, with_for_update={"key_share": True})

    def complete(self, errand: Errand) -> None:
        if errand.is_of_value:
            return
        if errand.draft_id is not None:
            draft = db.session.get_one(RequestDraft, errand.draft_id)
            draft.is_document_later, draft.updated_at = False, clock.now()
            return
        act = acting.of_customer(errand.customer_id, errand.code)
        act.go_on(Step.RECEIVE_IDENTITY)
        end_all(errand.customer_id, errand.code)
        act.request.version += 1
        act.note(EventKind.DOCUMENT_RECEIVED)
        act.record(RECEIVED, due_on=act.request.sort_on.isoformat())
        emails.queue_document_received(act.request)

    def clear(self, errand: Errand, account: Account, session: AccountSession) -> None:
        # The person proved who they are, so the documents sent before have no use any more.
        end_all(errand.customer_id, errand.code)
        if errand.draft_id is None:
            _confirm(errand, account)
            return
        draft = db.session.get_one(RequestDraft, errand.draft_id)
        draft.identity_proven_at, draft.identity_proven_in = clock.now(), session.id
        draft.identity_lifted = sorted(errand.address.lifts) if errand.address else []
        shred(documents_given(draft_id=draft.id))

    def put_off(self, errand: Errand) -> None:
        if errand.draft_id is not None:
            draft = db.session.get_one(RequestDraft, errand.draft_id)
            draft.is_document_later, draft.updated_at = True, clock.now()

    def may_open(self, member: StaffMember, check: IdentityCheck) -> str | None:
        request = db.session.get(RightsRequest, check.request_id) if check.request_id else None
        may = request is not None and is_held_by(request, member) and not is_own(request, member)
        return request.reference if request and may else None

    def references(self, request_ids: list[int]) -> dict[int, str]:
        statement = select(RightsRequest.id, RightsRequest.reference).where(RightsRequest.id.in_(request_ids))
        return {row.id: row.reference for row in db.session.execute(statement)}

    def lose_document(self, check: IdentityCheck, reason: str) -> None:
        if check.request_id is None:
            return
        act = acting.of_portal(check.request_id)
        request = act.request
        act.record(LOST, reason=reason)
        request.version += 1
        is_asked_again = reason == "infected" and not check.is_of_value
        if is_asked_again and (request.status, Step.ASK_IDENTITY) in ALLOWED:
            # The clock pauses only from now on: the days while the scanner was down count as ours. A case that waits
            # for a second opinion asks for no document: whoever gives the opinion reads the note.
            act.wait(Step.ASK_IDENTITY, PauseReason.IDENTITY_DOUBT)
            emails.queue_document_lost(request)
        language = installed.organisation().languages[0]
        act.note(EventKind.NOTE, _NOTES[reason].text(language), is_internal=True)


_NOTES: Final = {
    "infected": Label(
        fr="L'antivirus a reconnu quelque chose dans la pièce : elle est détruite.",
        en="The virus scanner recognised something in the document: it is destroyed.",
    ),
    "limit": Label(
        fr="La pièce a atteint sa limite de conservation sans décision : elle est détruite.",
        en="The document reached the limit of its keeping without a decision: it is destroyed.",
    ),
}


def _errand_of_draft(draft: RequestDraft, account: Account, session: AccountSession) -> Errand | None:
    progress = progress_of(draft, account, session)
    if draft.described_at is None or not progress.decision.wants_proof:
        return None
    return Errand(
        code=draft.public_id,
        title=draft.intent.label(get_locale()),
        customer_id=draft.customer_id,
        reasons=progress.decision.reasons(get_locale()),
        next_url=url_for("customer.rights.check", public_id=draft.public_id),
        back_url=url_for("customer.rights.details", public_id=draft.public_id),
        draft_id=draft.id,
        address=address_that_lifts(account, progress.decision.remaining) if progress.decision.may_clear else None,
        takes_document=progress.decision.needed,
        steps=len(progress.steps),
    )


def _errand_of_request(request: RightsRequest, account: Account) -> Errand | None:
    check = pending_check(request.id)
    if check is None or request.status is not Status.IDENTITY_PENDING:
        return None
    page = url_for("customer.rights.follow", reference=request.reference)
    return Errand(
        code=request.reference,
        title=request.intent.label(get_locale()),
        customer_id=request.customer_id,
        reasons=_reasons(request),
        next_url=page,
        back_url=page,
        check_id=check.id,
        address=address_that_lifts(account, doubts_of(request)) if request.identity_signals else None,
    )


def _confirm(errand: Errand, account: Account) -> None:
    """Let a request that was sent go on: a code took the place of the document that it waited for."""
    act = acting.of_customer(errand.customer_id, errand.code)
    request = act.request
    checking.abandon(db.session.get_one(IdentityCheck, errand.check_id))
    checking.note_check(request.customer_id, request.id, checking.code_method(account), lifted=request.identity_signals)
    request.identity_signals, request.is_document_needed = [], False
    act.go_on(Step.RECEIVE_IDENTITY)
    request.version += 1
    act.note(EventKind.IDENTITY_CONFIRMED)


def _reasons(request: RightsRequest) -> tuple[str, ...]:
    """Return why we ask: the reviewer's own words when one asked, else the doubts found at filing."""
    asked = [event.text for event in customer_history(request.id) if event.kind is EventKind.DOCUMENT_ASKED]
    if asked and asked[-1]:
        return (asked[-1],)
    return tuple(doubt.reason(get_locale()) for doubt in doubts_of(request))


def _own_request(customer_id: int, reference: str) -> RightsRequest | None:
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.reference == reference)
    return db.session.execute(select(RightsRequest).where(*is_theirs)).scalar_one_or_none()


plug_in(RequestErrands())
