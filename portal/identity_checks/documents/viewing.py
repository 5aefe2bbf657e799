"""Show one page of a document to the staff member who holds the case.

They state a purpose first. Each look is logged and audited before anything is opened, and a damaged document is not
shown even in part.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.decoding.watermark import plain_letters, watermarked
from portal.identity_checks.documents.intake import unpack
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof.errands import errands
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing
from portal.infrastructure.sealing.streams import SealBroken, open_whole
from portal.infrastructure.storage import NotStored
from portal.lookups import drawing
from portal.lookups.access_log import IDENTITY_DOCUMENT, PROOF
from portal.lookups.drawing import note_looks
from portal.lookups.watching.counting import looking
from portal.staff.models import StaffMember

OPENED = declare("staff:identity_document:opened", "reference", "reason")
SEEN = declare("staff:identity_document:seen", "document", "page", "reference")
DENIED = declare("staff:identity_document:denied", "document")
DAMAGED = declare("portal:identity_document:found_damaged", "document")

LOOK_LASTS: Final = timedelta(minutes=10)
"""How long a document stays open; then its purpose is asked for again."""
_LOOK: Final = "look"


@dataclass(frozen=True)
class Look:
    """A document opened for a purpose, until an instant."""

    reason: str
    ends_at: datetime


class NotOpened(Exception):
    """The member has not said why they look, or the ten minutes of the look are over."""


class NotTheirs(Exception):
    """The member does not hold the case that the document belongs to."""


class DocumentHeld(Exception):
    """The document waits for the virus scanner's verdict, or for its request to be sent."""


class DocumentGone(Exception):
    """The document is destroyed."""


class DocumentDamaged(Exception):
    """The stored bytes are not what was sealed; none of them is given out."""


def begin_look(session: MutableMapping[str, Any], member: StaffMember, check: IdentityCheck, reason: str) -> None:
    """Open the document of a check for this member in this browser, in the current transaction.

    Args:
        session: what this browser keeps while it is signed in.
        reason: one of `LOOK_REASONS` or `PROOF_REASONS`; the customer reads it in their access log at each look.

    Raises:
        NotTheirs: the member does not hold the case.
    """
    reference = errands().may_open(member, check)
    if reference is None:
        raise NotTheirs
    customer = db.session.get_one(Customer, check.customer_id)
    subject = f"customer:{customer.public_id}"
    record(OPENED, actor=f"staff:{member.public_id}", subject=subject, reference=reference, reason=reason)
    ends_at = clock.now() + LOOK_LASTS
    # One document at a time: opening another closes this one. The cookie names the member, since a colleague might get
    # it, and the check, since another document that comes for the same case needs a purpose of its own.
    session[_LOOK] = [member.public_id, check.id, reason, ends_at.isoformat()]


def has_opened(session: MutableMapping[str, Any], member: StaffMember, check: IdentityCheck) -> bool:
    """Tell whether the document of a check was the last that a member opened, in this browser."""
    return list(session.get(_LOOK) or ())[:2] == [member.public_id, check.id]


def current_look(session: MutableMapping[str, Any], member: StaffMember, check: IdentityCheck | None) -> Look | None:
    """Return the look that a member has at the document of a check while it lasts, else None."""
    if check is None or not has_opened(session, member, check):
        return None
    *_opened, reason, ends_at = session[_LOOK]
    look = Look(reason, datetime.fromisoformat(ends_at))
    # The lower bound: a clock that was put back must not make the look longer.
    return look if look.ends_at - LOOK_LASTS <= clock.now() < look.ends_at else None


def open_page(
    session: MutableMapping[str, Any], member: StaffMember, public_id: str, page: int, *, turn: int = 0
) -> bytes | None:
    """Return a page of a rendition as a JPEG file marked with who looks, or None when there is no such page.

    Opens its own transaction: access log and audit are committed before anything is opened.

    Args:
        page: from 1.
        turn: degrees clockwise, one of `watermark.TURNS`.

    Raises:
        NotTheirs: the member does not hold the case.
        NotOpened: they have not said why they look, or too long ago.
        ReadingBraked: they looked at too many people in this hour.
        DocumentHeld: the scanner has not found it clean yet.
        DocumentGone: it is destroyed, or its check has a result.
        DocumentDamaged: it cannot be opened as it was sealed.
        StorageError: the store does not answer.
    """
    with looking(member):
        document = _find(public_id)
        if document is None or not 1 <= page <= document.pages:
            return None
        check, reference = _check(document, member)
        look = current_look(session, member, check)
        if look is None:
            raise NotOpened
        customer = db.session.get_one(Customer, document.customer_id)
        category = PROOF if check.is_of_value else IDENTITY_DOCUMENT
        note_looks(member, [drawing.Look(customer.id, category, look.reason, reference)], each_time=True)
        record(
            SEEN,
            actor=f"staff:{member.public_id}",
            subject=f"customer:{customer.public_id}",
            document=public_id,
            page=page,
            reference=reference,
        )
        storage_key, sealed_key = document.storage_key, document.sealed_key or b""
    keys = installed.opening_keys()
    assert keys, "the view asks first whether this process may open documents"
    try:
        key = keys.open(sealed_key, public_id.encode())
        packed = open_whole(key, installed.storage().open(storage_key), public_id)
    except (SealBroken, KeyBroken, KeyMissing, NotStored) as fault:
        _note_damage(public_id)
        raise DocumentDamaged from fault
    return watermarked(unpack(packed)[page - 1], mark_of(member, reference), turn=turn)


def mark_of(member: StaffMember, reference: str) -> str:
    """Return the text across a picture: the case, who looks, and the time in Paris.

    A name that has no plain letters is replaced by the beginning of the member's public id.
    """
    name = plain_letters(member.short_name) or f"staff {member.public_id[:12]}"
    return f"{reference} - {name} - {clock.now().astimezone(clock.PARIS):%d/%m/%Y %H:%M}"


def note_denied(member: StaffMember, public_id: str) -> None:
    """Note, in a transaction of its own, that a member asked for a document of a case that they do not hold."""
    with transaction():
        document = _find(public_id)
        if document is not None:
            customer = db.session.get_one(Customer, document.customer_id)
            subject = f"customer:{customer.public_id}"
            record(DENIED, actor=f"staff:{member.public_id}", subject=subject, document=public_id)


def _find(public_id: str) -> IdentityDocument | None:
    statement = select(IdentityDocument).where(IdentityDocument.public_id == public_id)
    return db.session.execute(statement).scalar_one_or_none()


def _check(document: IdentityDocument, member: StaffMember) -> tuple[IdentityCheck, str]:
    """Return the check that a document is for, and the reference of its case, which the member holds.

    Raises `NotTheirs`, `DocumentGone`, `DocumentHeld`.
    """
    check = db.session.get(IdentityCheck, document.check_id) if document.check_id else None
    if check is None:
        raise NotTheirs
    reference = errands().may_open(member, check)
    if reference is None:
        raise NotTheirs
    if document.status is DocumentStatus.SHREDDING or check.result is not CheckResult.PENDING:
        raise DocumentGone
    if document.status is not DocumentStatus.READY:
        raise DocumentHeld
    return check, reference


def _note_damage(public_id: str) -> None:
    with transaction():
        document = _find(public_id)
        if document is not None:
            customer = db.session.get_one(Customer, document.customer_id)
            subject = f"customer:{customer.public_id}"
            record(DAMAGED, actor="portal", subject=subject, document=public_id)
