"""Drafts: a request being written is saved at each step, and kept for thirty days. There is one for each intent."""

import hashlib
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.durations import Period
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.queries import documents_given
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.rights.correcting.proof import end_uploads
from portal.rights.intents import Intent
from portal.rights.models import RequestDraft


class DraftExpired(Exception):
    """The draft is past its thirty days; what was typed is gone or about to be."""


def drafts_of(customer_id: int) -> list[RequestDraft]:
    """Return the drafts a customer can go on with, the latest touched first."""
    statement = select(RequestDraft).where(RequestDraft.customer_id == customer_id, *_is_usable())
    return list(db.session.execute(statement.order_by(RequestDraft.updated_at.desc())).scalars())


def draft_of_intent(customer_id: int, intent: Intent) -> RequestDraft | None:
    """Return the customer's draft of an intent, or None."""
    is_theirs = (RequestDraft.customer_id == customer_id, RequestDraft.intent == intent)
    statement = select(RequestDraft).where(*is_theirs, *_is_usable()).order_by(RequestDraft.id).limit(1)
    return db.session.execute(statement).scalar_one_or_none()


def find_draft(customer_id: int, public_id: str) -> RequestDraft | None:
    """Return the customer's own draft by its public id, a sent one too, or None. Raises `DraftExpired`."""
    is_theirs = (RequestDraft.customer_id == customer_id, RequestDraft.public_id == public_id)
    draft = db.session.execute(select(RequestDraft).where(*is_theirs)).scalar_one_or_none()
    if draft is not None and draft.sent_at is None and draft.expires_at <= clock.now():
        raise DraftExpired
    return draft


def save_answers(customer: Customer, intent: Intent, answers: dict[str, Any], *, is_complete: bool) -> RequestDraft:
    """Keep what was typed, in the current transaction, in the one draft of this intent.

    Args:
        is_complete: whether the answers passed the form; else the draft cannot go on to the next step.
    """
    lock_row(Customer, customer.id)
    draft = draft_of_intent(customer.id, intent)
    if draft is None:
        draft = RequestDraft(customer_id=customer.id, right=intent.right, intent=intent)
        db.session.add(draft)
    draft.answers = answers
    draft.updated_at = clock.now()
    draft.expires_at = _expiry()
    draft.described_at = clock.now() if is_complete else None
    db.session.flush()
    return draft


def digest_of(draft: RequestDraft) -> str:
    """Return by what a page tells which answers it showed: another window may have changed the draft since."""
    return hashlib.sha256(orjson.dumps(draft.answers, option=orjson.OPT_SORT_KEYS)).hexdigest()


def discard(draft: RequestDraft) -> None:
    """Delete a draft that was not sent, in the current transaction; documents given for it are destroyed."""
    shred([*documents_given(draft_id=draft.id), *documents_given(draft_id=draft.id, of_value=True)])
    end_uploads(draft)
    db.session.flush()
    db.session.delete(draft)


def _expiry() -> datetime:
    period: Period = installed.organisation().retention.drafts
    return clock.now() + (period.after(clock.today()) - clock.today())


def _is_usable() -> tuple[Any, Any]:
    return RequestDraft.sent_at.is_(None), RequestDraft.expires_at > clock.now()
