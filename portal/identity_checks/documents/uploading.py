"""Receive one side of a document in parts, so that a broken connection costs a part and not the whole.

Each part is sealed on arrival, under a key of the upload that only the sender's session can unwrap. So no part is in
clear on a disk, and an intruder finds nothing to open once the person has gone. The object id of a part names the
customer, the upload, its size and the part's place: a part that was swapped, moved or taken from somebody else's upload
does not open. Everything ends with the upload, after two hours at the latest.
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
from portal.identity_checks.queries import documents_for
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
"""Uploads that one person may have under way: two sides in two windows. A further one ends the oldest."""
FOLDER = "uploads"


class UploadGone(NoLongerNeeded):
    """The upload ended, was begun again elsewhere, or belongs to another session: the sender begins again."""


class OffsetDiffers(Exception):
    """The part is not the next one; `offset` is the byte at which to go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the next part begins at {offset}")
        self.offset = offset


class PartIncomplete(Exception):
    """The part has fewer or more bytes than it should; nothing of it was kept."""


def has_arrived(errand: Errand, paper: Paper, side: Side, fingerprint: str) -> IdentityDocument | None:
    """Return the document of this file for this side if it has arrived already: our answer may have been lost."""
    for row in documents_for(errand):
        if (row.kind, row.side, row.fingerprint) == (paper, side, fingerprint):
            return row
    return None


def open_upload(
    errand: Errand, paper: Paper, side: Side, size: int, fingerprint: str, sender: SessionKey
) -> IdentityUpload | None:
    """Return the upload of this file that this session began and can go on with, or None."""
    row = _of_side(errand, side)
    if row is None or (row.kind, row.size, row.fingerprint) != (paper, size, fingerprint):
        return None
    return row if row.expires_at > clock.now() and _key(row, sender) else None


def begin(errand: Errand, paper: Paper, side: Side, size: int, fingerprint: str, sender: SessionKey) -> IdentityUpload:
    """Add an upload and return it, in a transaction of its own. An upload under way for the same side ends.

    Args:
        size: of the whole file, in bytes.
        fingerprint: of the whole file, as `intake.fingerprint_of` makes it.
        sender: the key of the session that sends it.

    Raises:
        DocumentRefused: the size is zero or too large.
        NoLongerNeeded: the errand waits for no document any more.
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
    """Keep the part that begins at an offset, in bytes; return the offset of the next part.

    Raises:
        UploadGone: the upload ended meanwhile, or belongs to another session.
        OffsetDiffers: another part is the next one. A part that is sent twice is kept once, and raises this.
        PartIncomplete: the part has not its full size.
        StorageError: the store could not keep it.
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
            locked = select(IdentityUpload).where(IdentityUpload.id == row_id).with_for_update(key_share=True)
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

    Raises:
        OffsetDiffers: parts are missing.
        UploadGone: the upload ended meanwhile, or belongs to another session.
        StorageError: the store does not answer.
        DocumentRefused: the parts are not what was sent.
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
    locked = select(IdentityUpload).where(IdentityUpload.id == row_id).with_for_update(key_share=True)
    row = db.session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise UploadGone
    end([row])


def end(rows: Iterable[IdentityUpload]) -> None:
    """Destroy uploads: the key goes with the row in the current transaction, the bytes after the commit."""
    for row in rows:
        parts = list(row.parts)
        after_commit(lambda parts=parts: _remove(parts))  # type: ignore[misc]
        db.session.delete(row)
    db.session.flush()


def end_all(customer_id: int, code: str) -> None:
    """Destroy every upload under way for a draft or a request, in the current transaction."""
    end([row for row in _of_customer(customer_id) if row.code == code])


def under_way(errand: Errand, paper: Paper, sender: SessionKey) -> dict[Side, int]:
    """Return the sides that this session has sent in part, each with the percentage that has arrived."""
    rows = [row for row in _of_customer(errand.customer_id) if (row.code, row.kind) == (errand.code, paper)]
    live = [row for row in rows if row.received and row.expires_at > clock.now() and _key(row, sender)]
    return {Side(row.side): 100 * row.received // row.size for row in live}


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
    """Audit that an upload is damaged. Raises `UploadGone` if it ended meanwhile: then its parts are rightly gone."""
    with transaction():
        row = db.session.get(IdentityUpload, row_id)
        if row is None:
            raise UploadGone
        customer = db.session.get_one(Customer, row.customer_id)
        record(DAMAGED, actor="portal", subject=f"customer:{customer.public_id}", upload=row.public_id)


def _remove(parts: list[str]) -> None:
    # The key is gone with the row. Bytes that cannot be removed now are noise, and `upload_leftovers` ends them.
    with suppress(StorageError):
        for part in parts:
            _storage().delete(part)


def _storage() -> Storage:
    storage: Storage = installed.storage()
    return storage
