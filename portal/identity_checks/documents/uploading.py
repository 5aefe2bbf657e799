"""One side of a document in parts, so that a broken line costs a part and not the whole.

Each part is sealed on arrival, under a key of the upload that only the sender's session can unwrap: a part is never on
a disk in clear, and a process that was broken into finds nothing to open once the person has gone. What a part is
sealed as names the customer, the upload, its size and the part's place, so a part that was swapped, moved or taken
from somebody else's upload does not open. All of it ends with the upload, after two hours at the latest.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.decoding.inspection import MAX_BYTES, DocumentRefused, UploadProblem
from portal.identity_checks.documents.intake import NoLongerNeeded, fingerprint_of
from portal.identity_checks.models import IdentityDocument, IdentityUpload
from portal.identity_checks.proof.errands import Errand, errands
from portal.identity_checks.proof.papers import Paper, Side
from portal.identity_checks.queries import documents_given
from portal.infrastructure import installed
from portal.infrastructure.database import after_commit, db, transaction
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.sealing.keys import KeyBroken, SessionKey, new_data_key
from portal.infrastructure.sealing.streams import SealBroken, open_whole, seal_stream
from portal.infrastructure.storage import NotStored, Storage, StorageError
from portal.web.incoming.request_limits import LARGEST_PART

DAMAGED = declare("portal:identity_upload:found_damaged", "upload")

PART_SIZE = LARGEST_PART
LIFE = timedelta(hours=2)
MOST_OPEN = 4
"""Uploads that one person may have under way: two sides in two windows. One more ends the oldest."""
FOLDER = "uploads"
_SLICE = 200


class UploadGone(NoLongerNeeded):
    """The upload ended, was begun anew elsewhere, or belongs to another session: begin again."""


class OffsetDiffers(Exception):
    """The part is not the one that is wanted next; `offset` is where to go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the next part begins at {offset}")
        self.offset = offset


class PartIncomplete(Exception):
    """Fewer or more bytes came than the part has; nothing of it was kept."""


def has_arrived(errand: Errand, paper: Paper, side: Side, fingerprint: str) -> IdentityDocument | None:
    """Return the document of this very file for this side, if its last answer was lost on the way."""
    for row in documents_given(draft_id=errand.draft_id, check_id=errand.check_id):
        if (row.kind, row.side, row.fingerprint) == (paper, side, fingerprint):
            return row
    return None


def open_upload(
    errand: Errand, paper: Paper, side: Side, size: int, fingerprint: str, sender: SessionKey
) -> IdentityUpload | None:
    """Return the upload of this very file that this session has begun and can go on with."""
    row = _of_side(errand, side)
    if row is None or (row.kind, row.size, row.fingerprint) != (paper, size, fingerprint):
        return None
    return row if row.expires_at > clock.now() and _key(row, sender) else None


def begin(errand: Errand, paper: Paper, side: Side, size: int, fingerprint: str, sender: SessionKey) -> IdentityUpload:
    """Add an upload, in a transaction of its own; one that was under way for the side ends.

    Raises `DocumentRefused` for a size that cannot be, `NoLongerNeeded`.
    """
    if size <= 0:
        raise DocumentRefused(UploadProblem.EMPTY)
    if size > MAX_BYTES:
        raise DocumentRefused(UploadProblem.TOO_BIG, size=size, limit=MAX_BYTES)
    public_id = new_public_id()
    with transaction():
        if not errands().hold(errand):
            raise NoLongerNeeded
        theirs = _of_customer(errand.customer_id)
        end([row for row in theirs if (row.code, row.side) == (errand.code, side)])
        end([row for row in theirs if row.code != errand.code or row.side != side][: 1 - MOST_OPEN])
        row = IdentityUpload(
            public_id=public_id,
            customer_id=errand.customer_id,
            code=errand.code,
            kind=paper,
            side=side,
            size=size,
            received=0,
            fingerprint=fingerprint,
            parts=[],
            wrapped_key=sender.wrap(new_data_key(), _context(errand.customer_id, public_id)),
            expires_at=clock.now() + LIFE,
        )
        db.session.add(row)
    return row


def find(errand: Errand, public_id: str) -> IdentityUpload:
    """Return the errand's own upload. Raises `UploadGone`."""
    statement = select(IdentityUpload).where(
        IdentityUpload.public_id == public_id,
        IdentityUpload.customer_id == errand.customer_id,
        IdentityUpload.code == errand.code,
        IdentityUpload.expires_at > clock.now(),
    )
    row = db.session.execute(statement).scalar_one_or_none()
    if row is None:
        raise UploadGone
    return row


def receive(row: IdentityUpload, offset: int, part: bytes, sender: SessionKey) -> int:
    """Keep the part that begins at an offset; return where the next one begins.

    A part that was sent twice is kept once: the second answer says where to go on.

    Raises `UploadGone`, `OffsetDiffers`, `PartIncomplete`, `StorageError`.
    """
    if offset != row.received or offset >= row.size:
        raise OffsetDiffers(row.received)
    if len(part) != min(PART_SIZE, row.size - offset):
        raise PartIncomplete
    key = _key(row, sender)
    if key is None:
        raise UploadGone
    row_id, storage_key, object_id = row.id, f"{FOLDER}/{new_public_id()}", _object_id(row, len(row.parts))
    db.session.rollback()
    _storage().put(storage_key, seal_stream(key, [part], object_id))
    try:
        with transaction() as session:
            locked = select(IdentityUpload).where(IdentityUpload.id == row_id).with_for_update()
            fresh = session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
            if fresh is None:
                raise UploadGone
            if fresh.received != offset:
                raise OffsetDiffers(fresh.received)
            fresh.parts = [*fresh.parts, storage_key]
            fresh.received = offset + len(part)
            return fresh.received
    except (UploadGone, OffsetDiffers):
        _remove([storage_key])
        raise


def content_of(row: IdentityUpload, sender: SessionKey) -> bytes:
    """Return the whole file, every byte of it verified.

    Raises `OffsetDiffers` while parts are missing, `UploadGone`, `StorageError`; `DocumentRefused` when the parts are
    not what was sent.
    """
    if row.received != row.size:
        raise OffsetDiffers(row.received)
    key = _key(row, sender)
    if key is None:
        raise UploadGone
    row_id = row.id
    try:
        parts = [open_whole(key, _storage().open(at), _object_id(row, number)) for number, at in enumerate(row.parts)]
    except (SealBroken, NotStored) as fault:
        _note_damage(row_id)
        raise DocumentRefused(UploadProblem.TRUNCATED) from fault
    content = b"".join(parts)
    if fingerprint_of(hashlib.sha256(content).hexdigest()) != row.fingerprint:
        raise DocumentRefused(UploadProblem.TRUNCATED)
    return content


def use_up(row_id: int) -> None:
    """End an upload in the transaction that keeps its side. Raises `UploadGone` when it was ended meanwhile."""
    locked = select(IdentityUpload).where(IdentityUpload.id == row_id).with_for_update()
    row = db.session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise UploadGone
    end([row])


def end(rows: Iterable[IdentityUpload]) -> None:
    """Destroy uploads, in the current transaction: the key with the row, the bytes after the commit."""
    for row in rows:
        parts = list(row.parts)
        after_commit(lambda parts=parts: _remove(parts))  # type: ignore[misc]
        db.session.delete(row)
    db.session.flush()


def end_all(customer_id: int, code: str) -> None:
    """Destroy what is under way for a draft or a request, in the current transaction."""
    end([row for row in _of_customer(customer_id) if row.code == code])


def under_way(errand: Errand, paper: Paper, sender: SessionKey) -> dict[Side, int]:
    """Return the sides that this session has sent in part, each with its percentage."""
    rows = [row for row in _of_customer(errand.customer_id) if (row.code, row.kind) == (errand.code, paper)]
    live = [row for row in rows if row.received and row.expires_at > clock.now() and _key(row, sender)]
    return {Side(row.side): 100 * row.received // row.size for row in live}


def expired() -> list[IdentityUpload]:
    """Return uploads past their time, a slice at a time."""
    statement = select(IdentityUpload).where(IdentityUpload.expires_at <= clock.now())
    return list(db.session.execute(statement.order_by(IdentityUpload.id).limit(_SLICE)).scalars())


def remove_leftovers(folder: str, life: timedelta) -> int:
    """Remove what lies in a folder for longer than anything there lives, such as after a kill; return how many."""
    limit, removed = clock.now() - life, 0
    for item in _storage().list(folder):
        if item.modified_at < limit:
            _storage().delete(item.key)
            removed += 1
    return removed


def _of_customer(customer_id: int) -> list[IdentityUpload]:
    statement = select(IdentityUpload).where(IdentityUpload.customer_id == customer_id)
    return list(db.session.execute(statement.order_by(IdentityUpload.id)).scalars())


def _of_side(errand: Errand, side: Side) -> IdentityUpload | None:
    rows = [row for row in _of_customer(errand.customer_id) if (row.code, row.side) == (errand.code, side)]
    return rows[-1] if rows else None


def _key(row: IdentityUpload, sender: SessionKey) -> bytes | None:
    try:
        return sender.unwrap(row.wrapped_key, _context(row.customer_id, row.public_id))
    except KeyBroken:
        return None


def _context(customer_id: int, public_id: str) -> bytes:
    return f"upload:{customer_id}:{public_id}".encode()


def _object_id(row: IdentityUpload, number: int) -> str:
    return f"upload:{row.customer_id}:{row.public_id}:{row.size}:{number}"


def _note_damage(row_id: int) -> None:
    """Raise the alarm, unless the upload was ended meanwhile: its parts go with it. Raises `UploadGone` then."""
    with transaction():
        row = db.session.get(IdentityUpload, row_id)
        if row is None:
            raise UploadGone
        customer = db.session.get_one(Customer, row.customer_id)
        record(DAMAGED, actor="portal", subject=f"customer:{customer.public_id}", upload=row.public_id)


def _remove(parts: list[str]) -> None:
    # The key is gone with the row, so what cannot be removed now is noise that the sweep removes.
    with suppress(StorageError):
        for part in parts:
            _storage().delete(part)


def _storage() -> Storage:
    storage: Storage = installed.storage()
    return storage
