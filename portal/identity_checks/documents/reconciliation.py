"""Compare rows with stored bytes, both ways: every row has its bytes, unchanged, and there are no other bytes.

The comparison locks nothing while people upload, so it looks a second time before it reports a fault. A row may have
gone meanwhile with its bytes, and bytes that have just arrived do not have their row yet.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.identity_checks.documents.intake import original_id
from portal.identity_checks.documents.shredding import FOLDER, forget_journal
from portal.identity_checks.models import DocumentStatus, IdentityDocument, StoreFault, StoreFinding
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing, sealing_version
from portal.infrastructure.storage import NotStored, Storage

FOUND = declare("portal:identity_store:found_wrong", "fault", "document", "storage_key")
REMOVED = declare("portal:identity_store:orphan_removed", "storage_key")

JOB = "identity.reconcile"
SETTLED = timedelta(hours=1)
"""Younger objects are not judged: normally a row, or the removal of bytes, follows much sooner."""
ORPHAN_AGE = timedelta(hours=24)
"""How long bytes without a row are shown before they are removed: an operator who restores a backup may bring the rows
after the bytes."""
_SLICE = 200

logger = logging.getLogger("portal.identity_checks")


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement. `document` is the public id of its row, empty where there is no row."""

    fault: StoreFault
    storage_key: str
    document: str = ""


def compare(renew: Callable[[], None] = lambda: None) -> Iterator[Finding]:
    """Yield every disagreement between rows and store. It only reads, and keeps a slice in memory at a time.

    Args:
        renew: called between the slices, to keep the lease of a job.

    Raises:
        StorageError: the store does not answer; that says nothing about what it holds.
    """
    for document_id in _document_ids():
        renew()
        yield from _look_at(document_id)
    for objects in _settled_objects():
        renew()
        for key in sorted(objects - _known(objects)):
            # A document's bytes are removed before its row, so bytes that are still here without a row belong to none.
            if _storage().exists(key):
                yield Finding(StoreFault.FILE_UNKNOWN, key)


@job(JOB, every=timedelta(hours=6), at_start=True)
def reconcile(run: JobRun) -> None:
    """Keep what `compare` finds for the staff page, and remove bytes without a row once they were shown for a day.

    While the clock is not trusted, no day is known to have passed.
    """
    began = clock.now()
    for finding in compare(run.renew):
        with transaction():
            _note(finding)
    if may_destroy():
        _remove_orphans(run)
    is_over = StoreFinding.last_found_at < began
    if installed.opening_keys() is None:
        is_over &= StoreFinding.fault != StoreFault.KEY_UNUSABLE  # this process could not have found it again
    with run.finish() as session:
        session.execute(delete(StoreFinding).where(is_over))
    forget_journal()


def ask_now() -> None:
    """Ask a worker, in the current transaction, to compare now. Two calls in the same minute are one comparison."""
    enqueue(JOB, unique_key=f"{JOB}:asked:{clock.now():%Y%m%d%H%M}")


def last_compared() -> datetime | None:
    """Return when a comparison last ended, or None."""
    done = select(Job.done_at).where(Job.name == JOB, Job.status == JobStatus.DONE).order_by(Job.id.desc()).limit(1)
    return db.session.execute(done).scalar_one_or_none()


def is_under_way() -> bool:
    """Whether a comparison is due or running."""
    unfinished = Job.status.in_([JobStatus.WAITING, JobStatus.RUNNING])
    return db.session.execute(select(Job.id).where(unfinished, Job.name == JOB)).first() is not None


def versions_in_use() -> dict[int, int]:
    """Return how many sealed keys need each version of the opening keys."""
    found: dict[int, int] = {}
    columns = (IdentityDocument.sealed_key, IdentityDocument.original_sealed_key)
    for row in db.session.execute(select(*columns).execution_options(yield_per=_SLICE)):
        for sealed in filter(None, row):
            version = sealing_version(sealed)
            found[version] = found.get(version, 0) + 1
    return found


def _document_ids() -> Iterator[int]:
    after = 0
    while ids := list(db.session.execute(
        select(IdentityDocument.id).where(IdentityDocument.id > after).order_by(IdentityDocument.id).limit(_SLICE)
    ).scalars()):  # fmt: skip
        db.session.rollback()
        yield from ids
        after = ids[-1]


def _look_at(document_id: int) -> list[Finding]:
    """Return what is wrong with one document. It is looked at twice: it may be destroyed during the first look."""
    found = _faults_of(document_id)
    return [finding for finding in found if finding in _faults_of(document_id)]


def _faults_of(document_id: int) -> list[Finding]:
    document = db.session.get(IdentityDocument, document_id, populate_existing=True)
    if document is not None:
        db.session.expunge(document)
    db.session.rollback()
    if document is None:
        return []
    if document.status is DocumentStatus.SHREDDING:
        is_late = document.key_destroyed_at is not None and document.key_destroyed_at < clock.now() - SETTLED
        return [Finding(StoreFault.BYTES_LEFT, document.storage_key, document.public_id)] if is_late else []
    found = _faults_of_object(document.storage_key, document.digest, document.sealed_key, document.public_id)
    if document.original_storage_key:
        found += _faults_of_object(
            document.original_storage_key, document.original_digest, document.original_sealed_key,
            original_id(document.public_id),
        )  # fmt: skip
    return [Finding(fault, key, document.public_id) for fault, key in found]


def _faults_of_object(
    key: str, digest: str | None, sealed_key: bytes | None, object_id: str
) -> list[tuple[StoreFault, str]]:
    found = [] if _opens(sealed_key, object_id) else [(StoreFault.KEY_UNUSABLE, key)]
    try:
        stored = hashlib.sha256()
        for chunk in _storage().open(key):
            stored.update(chunk)
    except NotStored:
        return [*found, (StoreFault.FILE_MISSING, key)]
    return found if stored.hexdigest() == digest else [*found, (StoreFault.FILE_ALTERED, key)]


def _opens(sealed_key: bytes | None, object_id: str) -> bool:
    """Whether a sealed key opens here. A process without opening keys can only judge the key's form."""
    opening_keys = installed.opening_keys()
    try:
        if opening_keys is None:
            sealing_version(sealed_key or b"")
        else:
            opening_keys.open(sealed_key or b"", object_id.encode())
    except (KeyBroken, KeyMissing):
        return False
    return True


def _settled_objects() -> Iterator[set[str]]:
    limit = clock.now() - SETTLED
    keys: set[str] = set()
    for item in _storage().list(FOLDER):
        if item.modified_at < limit:
            keys.add(item.key)
        if len(keys) == _SLICE:
            yield keys
            keys = set()
    yield keys


def _known(keys: Iterable[str]) -> set[str]:
    rendition, original = IdentityDocument.storage_key, IdentityDocument.original_storage_key
    statement = select(rendition, original).where(or_(rendition.in_(keys), original.in_(keys)))
    known = {key for row in db.session.execute(statement) for key in row if key}
    db.session.rollback()
    return known


def _note(finding: Finding) -> None:
    is_same = (StoreFinding.storage_key == finding.storage_key, StoreFinding.fault == finding.fault)
    known = db.session.execute(select(StoreFinding).where(*is_same)).scalar_one_or_none()
    if known is not None:
        known.last_found_at = clock.now()
        return
    db.session.add(StoreFinding(fault=finding.fault, storage_key=finding.storage_key, document=finding.document))
    record(
        FOUND, actor="portal", subject="portal", fault=finding.fault, document=finding.document,
        storage_key=finding.storage_key,
    )  # fmt: skip
    # Bytes without a row are only a warning: a killed upload leaves them, sealed and without a key, and they are
    # removed.
    level = logging.WARNING if finding.fault is StoreFault.FILE_UNKNOWN else logging.ERROR
    logger.log(level, "identity documents and the store disagree", extra={"fault": finding.fault})


def _remove_orphans(run: JobRun) -> None:
    """Remove bytes without a row that were shown for a day, and objects that a killed process left half written."""
    limit = clock.now() - ORPHAN_AGE
    _storage().clear_unfinished(before=limit)
    while keys := _orphans(limit):
        still = set(keys) - _known(keys)
        for key in still:
            _storage().delete(key)
        with transaction() as session:
            for key in sorted(still):
                record(REMOVED, actor="portal", subject="portal", storage_key=key)
            session.execute(delete(StoreFinding).where(StoreFinding.storage_key.in_(keys)))
        run.renew()


def _orphans(limit: datetime) -> list[str]:
    is_due = (StoreFinding.fault == StoreFault.FILE_UNKNOWN, StoreFinding.first_found_at <= limit)
    return list(db.session.execute(select(StoreFinding.storage_key).where(*is_due).limit(_SLICE)).scalars())


def _storage() -> Storage:
    storage: Storage = installed.storage()
    return storage
