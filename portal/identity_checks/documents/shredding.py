"""Destroy a document as soon as it is of no more use: its key in the transaction that ends the use, its bytes by a job.

Without the key the sealed bytes are noise, so a crash between the two leaves nothing that anybody could read.
"""

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from sqlalchemy import exists, select, update

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRefused, JobRun, enqueue
from portal.infrastructure.storage import Storage
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays

DESTROYED = declare("customer:identity_document:destroyed", "document")

FOLDER = "identity"
DOCUMENT = "document"
"""What a line of the ledger about it says as its `what`."""
REPEATED = timedelta(hours=1)
_SLICE = 200
_MOMENTS, _MOMENT_MS, _PAUSE = 40, 20, 0.2


def shred(documents: Iterable[IdentityDocument]) -> None:
    """Destroy the keys of documents, in the current transaction; a job removes the bytes."""
    for document in documents:
        if document.status is DocumentStatus.SHREDDING:
            continue
        document.sealed_key = None
        document.original_sealed_key = None
        document.preview_key = None
        document.draft_id = None
        document.status, document.key_destroyed_at = DocumentStatus.SHREDDING, clock.now()
        note(EntryKind.SHREDDED, {"what": DOCUMENT, "document": document.public_id})
        enqueue("identity.remove_bytes", document_id=document.id)


@replays(EntryKind.SHREDDED, DOCUMENT)
def _shred_again(body: Body) -> None:
    """Destroy the key that a restored backup brought back. A backup of the store may hold the bytes as well."""
    document = select(IdentityDocument).where(IdentityDocument.public_id == body["document"])
    shred(db.session.execute(document).scalars().all())


def limit_of(received_at: datetime) -> datetime:
    """Return the instant by which a document is destroyed at the latest, whatever happens to its request.

    Args:
        received_at: when the document came.
    """
    period = installed.organisation().retention.identity_document_limit
    day = clock.local_date(received_at)
    limit: datetime = received_at + (period.after(day) - day)
    return limit


def limit_to(documents: Iterable[IdentityDocument], due_on: date | None) -> None:
    """Make documents end with the day in Paris on which their request is due, if that is before their own limit.

    Their own limit stays in any case. A due day in the past limits nothing: the answer is still owed, and a document
    asked for now must not be destroyed before anybody can look. The due day is unknown while the request waits for the
    customer; then it limits nothing either.

    Args:
        due_on: the due day of the request, or None while it is not known.
    """
    end = datetime.max.replace(tzinfo=UTC)
    if due_on is not None and due_on >= clock.today():
        end = datetime.combine(due_on + timedelta(days=1), time_of_day.min, clock.PARIS)
    for document in documents:
        document.shred_after = min(limit_of(document.created_at), end)


def forget_previews(documents: Iterable[IdentityDocument]) -> None:
    """Destroy the keys of documents' previews, in the current transaction; a job removes the bytes."""
    for document in documents:
        if document.preview_storage_key is not None:
            enqueue("identity.remove_preview", storage_key=document.preview_storage_key)
        document.preview_key = document.preview_storage_key = None


def remove_preview(run: JobRun, storage_key: str) -> None:
    """Remove the bytes of a preview whose key is destroyed."""
    _storage().delete(storage_key)
    forget_journal()


def remove_bytes(run: JobRun, document_id: int) -> None:
    """Remove the bytes of a document whose key is destroyed, then its row; note it on the check after the last side.

    Raises:
        JobRefused: the document still has its key.
    """
    document = db.session.get(IdentityDocument, document_id)
    if document is None:
        return
    if document.status is not DocumentStatus.SHREDDING:
        raise JobRefused("the document is in use")
    keys = [key for key in (document.storage_key, document.original_storage_key, document.preview_storage_key) if key]
    db.session.rollback()
    for key in keys:
        _storage().delete(key)
    with run.finish() as session:
        document = session.get_one(IdentityDocument, document_id)
        customer = session.get_one(Customer, document.customer_id)
        record(DESTROYED, actor="portal", subject=f"customer:{customer.public_id}", document=document.public_id)
        check_id, is_over = document.check_id, document.shred_after <= clock.now()
        if check_id is not None:
            # The jobs of two sides may end at once. Without the lock each would still see the other's row, and neither
            # would note on the check that the document is gone.
            session.get_one(IdentityCheck, check_id, with_for_update={"key_share": True})
        session.delete(document)
        session.flush()
        if check_id is not None:
            _stamp(check_id, is_over)
    forget_journal()


def _stamp(check_id: int, is_over: bool) -> None:
    """Note on the check when its document was destroyed, unless a side was merely replaced."""
    is_left = exists().where(IdentityDocument.check_id == check_id)
    statement = update(IdentityCheck).where(IdentityCheck.id == check_id, ~is_left)
    if not is_over:
        statement = statement.where(IdentityCheck.result != CheckResult.PENDING)
    db.session.execute(statement.values(destroyed_at=clock.now()))


def repeat_removals() -> None:
    """Ask again, in the current transaction, for the removal of bytes whose key has been gone for an hour.

    The first job may have been parked while the store was down for days.
    """
    is_late = IdentityDocument.key_destroyed_at <= clock.now() - REPEATED
    statement = select(IdentityDocument.id).where(IdentityDocument.status == DocumentStatus.SHREDDING, is_late)
    for document_id in db.session.execute(statement.order_by(IdentityDocument.id).limit(_SLICE)).scalars():
        once_an_hour = f"identity.remove_bytes:{document_id}:{clock.now():%Y%m%d%H}"
        enqueue("identity.remove_bytes", unique_key=once_an_hour, document_id=document_id)


def forget_journal() -> None:
    """Empty SQLite's write-ahead log, which keeps old pages, and with them the destroyed keys.

    The checkpoint waits for readers, and keeps every writer out meanwhile. A page that reads and then counts a try is a
    reader and a writer, so a long wait would block it. Hence many waits of a moment each. If the log cannot be emptied
    now, the next removal or comparison empties it.
    """
    if db.engine.dialect.name != "sqlite":
        return
    db.session.rollback()
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={_MOMENT_MS}")
        for _ in range(_MOMENTS):
            is_busy, *_pages = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                break
            time.sleep(_PAUSE)
        cursor.execute(f"PRAGMA busy_timeout={patience}")
    finally:
        connection.close()


def _storage() -> Storage:
    storage: Storage = installed.storage()
    return storage
