"""Take in one side of a document: inspected, scanned, rebuilt from pixels, sealed; never in clear on a disk.

The bytes are stored first, and the row is committed after them. A process killed between the two leaves sealed bytes
without any key, which `reconciliation` removes after a day. A row without bytes cannot come about.
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.decoding.inspection import DocumentKind, DocumentRefused, UploadProblem, inspect
from portal.identity_checks.decoding.legibility import picture_doubt
from portal.identity_checks.decoding.rendition import RenditionBusy, RenditionPage, render
from portal.identity_checks.documents import previews
from portal.identity_checks.documents.shredding import FOLDER, forget_previews, limit_of, shred
from portal.identity_checks.models import DocumentStatus, IdentityDocument
from portal.identity_checks.proof.errands import Errand, errands
from portal.identity_checks.proof.papers import Paper, Side
from portal.identity_checks.queries import documents_for, given_for
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.scanner import Outcome, Scanner, Verdict
from portal.infrastructure.sealing.keys import OpeningKeys, SealingKey, SessionKey, keyed_hash, new_data_key
from portal.infrastructure.sealing.streams import open_whole, seal_stream
from portal.infrastructure.storage import Storage, StorageError

RECEIVED = declare("customer:identity_document:received", "document", "paper", "side", "pages", "verdict")

# A person waits for the answer with the page open, so both are shorter than a worker would take.
TURN_SECONDS = 8
RENDER_SECONDS = 12
AT_ONCE = 16
"""Documents that one process takes in at a time. Each holds a thread, mostly waiting, and pages need other threads."""

OF_ONE_PERSON = 2
"""How many of them may be one customer's: the two sides of a card. So nobody can take every place alone."""

_places = BoundedSemaphore(AT_ONCE)
_taken: Counter[int] = Counter()
_counting = Lock()


class Infected(Exception):
    """The scanner recognised something harmful; nothing was kept."""


class SentTwice(Exception):
    """The same file was sent for the other side already."""


class StillLooking(RenditionBusy):
    """This customer already has as many files being taken in as one person may have."""


class NoLongerNeeded(Exception):
    """The request was sent, answered or withdrawn meanwhile, or its document is complete already."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Bytes in the store, and their key: sealed to the staff side, or wrapped by the sender's session."""

    storage_key: str
    sealed_key: bytes
    digest: str


def take_in(
    errand: Errand, paper: Paper, side: Side, content: bytes, *, viewer: SessionKey | None = None,
    use_up: Callable[[], None] | None = None,
) -> bool:  # fmt: skip
    """Keep one side of a document for an errand; return whether the document is complete with it.

    Opens its own transaction, after the slow work.

    Args:
        content: the file as it was sent.
        viewer: the key of the session that sends it; with it a preview is kept until the request is sent.
        use_up: called in the transaction that keeps the side, to end the upload in parts that brought it. It raises
            `NoLongerNeeded` when the person cancelled or replaced that upload meanwhile.

    Raises:
        DocumentRefused: something is wrong with the file.
        Infected: the scanner refuses it.
        SentTwice: it is the same file as the other side.
        NoLongerNeeded: the errand waits for no document any more.
        StillLooking, RenditionBusy, RenditionUnavailable, StorageError: nothing was kept, the person may try again.
    """
    inspection = inspect(content)
    if paper is Paper.FRANCE_IDENTITE and inspection.kind is not DocumentKind.PDF:
        raise DocumentRefused(UploadProblem.NOT_THE_PDF)
    fingerprint = fingerprint_of(hashlib.sha256(content).hexdigest())
    _check_sent_once(errand, paper, side, fingerprint)
    db.session.rollback()
    with _place(errand.customer_id):
        verdict = _scan(content)
        pages = render(
            content, inspection.kind, slots=_slots(), wait_seconds=TURN_SECONDS, deadline_seconds=RENDER_SECONDS
        )
        parts = _by_side(errand, paper, side, inspection.kind, pages, fingerprint)
        made = [
            _seal_side(errand, paper, each, content, of_side, verdict, viewer, fingerprint)
            for each, of_side in parts.items()
        ]
    if inspection.kind is not DocumentKind.PDF:  # a drawn or empty page would look blurred
        made[0].picture_doubt = picture_doubt(pages[0].jpeg)
    try:
        with transaction():
            return _keep(errand, made, use_up)
    except (NoLongerNeeded, SentTwice):
        # After any other fault the commit may have succeeded, so the bytes are left to the comparison.
        for document in made:
            _forget_bytes(document)
        raise


def _by_side(
    errand: Errand, paper: Paper, side: Side, kind: DocumentKind, pages: list[RenditionPage], fingerprint: str
) -> dict[Side, list[RenditionPage]]:
    """Return the pages of each side that a file gives: a PDF of several gives both, unless the other came apart."""
    came_apart = any(
        row.kind == paper and row.side != side and row.fingerprint != fingerprint for row in documents_for(errand)
    )
    if kind is not DocumentKind.PDF or len(pages) < 2 or len(paper.sides) < 2 or came_apart:
        return {side: pages}
    first, second = paper.sides
    return {first: pages[:1], second: pages[1:]}


def _seal_side(
    errand: Errand, paper: Paper, side: Side, content: bytes, pages: list[RenditionPage], verdict: Verdict,
    viewer: SessionKey | None, fingerprint: str,
) -> IdentityDocument:  # fmt: skip
    """Store what is kept of one side, and return its row, which no transaction has yet."""
    public_id = new_public_id()
    rendition = _seal(pack([page.jpeg for page in pages]), public_id)
    original = _seal(content, original_id(public_id)) if verdict.outcome is Outcome.HELD else None
    preview = _seal_preview(pages, public_id, viewer) if viewer else None
    return IdentityDocument(
        public_id=public_id,
        customer_id=errand.customer_id,
        draft_id=errand.draft_id,
        check_id=errand.check_id,
        kind=paper,
        side=side,
        status=_first_status(errand, verdict),
        pages=len(pages),
        fingerprint=fingerprint,
        storage_key=rendition.storage_key,
        sealed_key=rendition.sealed_key,
        digest=rendition.digest,
        original_storage_key=original and original.storage_key,
        original_sealed_key=original and original.sealed_key,
        original_digest=original and original.digest,
        preview_storage_key=preview and preview.storage_key,
        preview_key=preview and preview.sealed_key,
        verdict=verdict.outcome,
        verdict_detail=verdict.detail,
        shred_after=limit_of(clock.now()),
    )


def _forget_bytes(document: IdentityDocument) -> None:
    for name in (document.storage_key, document.original_storage_key, document.preview_storage_key):
        with suppress(StorageError):
            if name:
                _storage().delete(name)


def take_back(errand: Errand, public_id: str) -> bool:
    """Destroy one side that was given, in the current transaction; return whether it was there.

    Raises:
        NoLongerNeeded: the errand waits for no document any more.
    """
    if not errands().hold(errand):
        raise NoLongerNeeded
    found = [row for row in documents_for(errand) if row.public_id == public_id]
    shred(found)
    return bool(found)


def release(document: IdentityDocument, verdict: Verdict) -> str | None:
    """Let staff look at a held document from now on, in the current transaction.

    Returns:
        The storage key of the original, whose bytes the caller removes; None if none was kept.
    """
    storage_key = document.original_storage_key
    document.status = DocumentStatus.STAGED if document.draft_id else DocumentStatus.READY
    document.original_sealed_key = document.original_storage_key = document.original_digest = None
    document.verdict, document.verdict_detail = verdict.outcome, verdict.detail
    return storage_key


def scan_again(document: IdentityDocument, opening_keys: OpeningKeys) -> Verdict:
    """Return the scanner's new verdict on a held document's original.

    Raises:
        Infected: the scanner refuses it.
        LookupError: the document has no original, so it is not held.
        KeyMissing, KeyBroken, SealBroken, StorageError: the original cannot be opened.
    """
    storage_key, sealed_key = document.original_storage_key, document.original_sealed_key
    if storage_key is None or sealed_key is None:
        raise LookupError("a document without original has its verdict")
    object_id = original_id(document.public_id)
    key = opening_keys.open(sealed_key, object_id.encode())
    return _scan(open_whole(key, _storage().open(storage_key), object_id))


def original_id(public_id: str) -> str:
    """Return the object id that an original is sealed under.

    It differs from its rendition's, so that neither can be put in the place of the other.
    """
    return f"{public_id}:original"


def fingerprint_of(digest: str) -> str:
    """Return the keyed hash by which a file is recognised when it is sent again.

    Without the portal's secret nobody can compare it with the hash of a file that they have.

    Args:
        digest: SHA-256 of the file, in hexadecimal.
    """
    return keyed_hash(installed.settings().secret_key, digest)


def pack(pages: list[bytes]) -> bytes:
    """Return the JPEG pages of a rendition as one run of bytes, each after its length on four bytes."""
    return b"".join(struct.pack(">I", len(page)) + page for page in pages)


def unpack(packed: bytes) -> list[bytes]:
    """Return the JPEG pages of a packed rendition."""
    pages, at = [], 0
    while at < len(packed):
        (length,) = struct.unpack_from(">I", packed, at)
        pages.append(packed[at + 4 : at + 4 + length])
        at += 4 + length
    return pages


def _keep(errand: Errand, documents: list[IdentityDocument], use_up: Callable[[], None] | None) -> bool:
    if not errands().hold(errand):
        raise NoLongerNeeded
    first, sides = documents[0], {document.side for document in documents}
    # Checked again: the other side may have come meanwhile.
    if len(documents) == 1:
        _check_sent_once(errand, first.kind, first.side, first.fingerprint)
    if use_up is not None:
        use_up()
    shred(row for row in documents_for(errand) if row.kind != first.kind or row.side in sides)
    db.session.add_all(documents)
    db.session.flush()
    who = f"customer:{db.session.get_one(Customer, errand.customer_id).public_id}"
    for document in documents:
        record(
            RECEIVED, actor=who, subject=who, document=document.public_id, paper=document.kind, side=document.side,
            pages=document.pages, verdict=document.verdict,
        )  # fmt: skip
    is_complete = given_for(errand).is_complete
    if is_complete:
        errands().complete(errand)
    if is_complete and errand.check_id is not None:
        # With this side the request goes to review. Nothing can be replaced any more, so previews are of no use.
        forget_previews(documents_for(errand))
    return is_complete


def _check_sent_once(errand: Errand, paper: str, side: str, fingerprint: str) -> None:
    """Raise `SentTwice` when the file came for the paper's other side alone. Sides of another paper do not count."""
    sides = {row.side for row in documents_for(errand) if row.fingerprint == fingerprint and row.kind == paper}
    if sides and side not in sides:
        raise SentTwice


@contextmanager
def _place(customer_id: int) -> Iterator[None]:
    # A place is taken at once or refused. If people waited for one, decompression bombs sent by the dozen would hold
    # every thread, and no other page would answer.
    with _own_place(customer_id):
        if not _places.acquire(blocking=False):
            raise RenditionBusy("this process takes in as many documents as it may")
        try:
            yield
        finally:
            _places.release()


@contextmanager
def _own_place(customer_id: int) -> Iterator[None]:
    with _counting:
        if _taken[customer_id] >= OF_ONE_PERSON:
            raise StillLooking("this customer has as many documents looked at as one person may")
        _taken[customer_id] += 1
    try:
        yield
    finally:
        with _counting:
            _taken[customer_id] -= 1
            if not _taken[customer_id]:
                del _taken[customer_id]


def _first_status(errand: Errand, verdict: Verdict) -> DocumentStatus:
    if verdict.outcome is Outcome.HELD:
        return DocumentStatus.HELD
    return DocumentStatus.STAGED if errand.draft_id else DocumentStatus.READY


def _scan(content: bytes) -> Verdict:
    scanner: Scanner = installed.scanner()
    verdict = scanner.scan(content)
    if verdict.outcome is Outcome.INFECTED:
        raise Infected
    return verdict


def _seal(content: bytes, object_id: str) -> _Sealed:
    key, storage_key = new_data_key(), f"{FOLDER}/{new_public_id()}"
    sealing_key: SealingKey = installed.sealing_key()
    digest = hashlib.sha256()
    _storage().put(storage_key, _digested(seal_stream(key, [content], object_id), digest))
    return _Sealed(storage_key, sealing_key.seal(key, object_id.encode()), digest.hexdigest())


def _digested(chunks: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _seal_preview(pages: list[RenditionPage], public_id: str, viewer: SessionKey) -> _Sealed:
    key, storage_key = new_data_key(), f"{previews.FOLDER}/{new_public_id()}"
    object_id = previews.preview_id(public_id)
    packed, digest = pack([previews.preview_of(page) for page in pages]), hashlib.sha256()
    _storage().put(storage_key, _digested(seal_stream(key, [packed], object_id), digest))
    return _Sealed(storage_key, viewer.wrap(key, object_id.encode()), digest.hexdigest())


def _slots() -> Path:
    folder: Path = installed.settings().instance / "rendering"
    return folder


def _storage() -> Storage:
    storage: Storage = installed.storage()
    return storage
