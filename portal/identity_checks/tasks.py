"""The jobs of identity documents: remove bytes, ask the scanner again.

The comparison of rows and stored bytes is a job too, in `reconciliation`.
"""

import logging
from datetime import timedelta

from portal.identity_checks.documents import intake, shredding
from portal.identity_checks.ends import tell_lost
from portal.identity_checks.models import DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof.errands import errands
from portal.identity_checks.queries import held_documents
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.scanner import Outcome, Verdict
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing
from portal.infrastructure.sealing.streams import SealBroken
from portal.infrastructure.storage import StorageError

logger = logging.getLogger("portal.identity_checks")

job("identity.remove_bytes")(shredding.remove_bytes)
job("identity.remove_preview")(shredding.remove_preview)


@job("identity.sweep", every=timedelta(hours=1))
def sweep(run: JobRun) -> None:
    """Ask again for removals that were given up."""
    with run.finish():
        shredding.repeat_removals()


@job("identity.rescan", every=timedelta(minutes=5))
def rescan(run: JobRun) -> None:
    """Ask the scanner again about held documents, while it answers. Only a process that may open documents can."""
    if installed.opening_keys() is None:
        return
    last_id = 0
    while found := held_documents(last_id, 20):
        last_id = found[-1].id
        for document_id in [document.id for document in found]:
            # A scanner that hangs would cost its whole time limit for each document, and the worker has other jobs.
            if not installed.scanner().state().is_working:
                return
            _rescan_one(document_id)
            run.renew()


def _rescan_one(document_id: int) -> None:
    verdict = _verdict_on(document_id)
    db.session.rollback()
    if verdict is None or verdict.outcome is Outcome.HELD:
        return
    leftover = None
    with transaction() as session:
        document = session.get(IdentityDocument, document_id)
        if document is not None and document.check_id is not None:
            errands().lock(session.get_one(IdentityCheck, document.check_id))
        # Locked: a decision may destroy the key at this moment, and must not be overwritten.
        document = session.get(IdentityDocument, document_id, with_for_update={"key_share": True})
        if document is None or document.status is not DocumentStatus.HELD:
            return
        if verdict.outcome is Outcome.INFECTED:
            shredding.shred([document])
            if document.check_id is not None:
                tell_lost(document.check_id, "infected")
        else:
            leftover = intake.release(document, verdict)
    if leftover:
        installed.storage().delete(leftover)


def _verdict_on(document_id: int) -> Verdict | None:
    """Return what the scanner says now; None when the document is no longer held, or cannot be opened."""
    document, keys = db.session.get(IdentityDocument, document_id), installed.opening_keys()
    if document is None or keys is None or document.status is not DocumentStatus.HELD:
        return None
    try:
        return intake.scan_again(document, keys)
    except intake.Infected:
        return Verdict(Outcome.INFECTED)
    except (SealBroken, KeyBroken, KeyMissing, StorageError) as fault:
        # This document stays held, and the next ones are scanned all the same.
        logger.error(
            "a held document cannot be opened", extra={"document": document.public_id, "fault": type(fault).__name__}
        )
        return None
