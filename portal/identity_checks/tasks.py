"""The jobs of identity documents: remove bytes, ask the scanner again, sweep what has outlived its use."""

import logging
from datetime import timedelta

from flask import current_app

from portal.identity_checks import intake, shredding
from portal.identity_checks.errands import errands
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.queries import held_documents
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.scanner import Outcome, Verdict

logger = logging.getLogger("portal.identity_checks")

job("identity.remove_bytes")(shredding.remove_bytes)


@job("identity.sweep", every=timedelta(days=1))
def sweep(run: JobRun) -> None:
    """Shred documents past their limit, and remove bytes that no row knows."""
    while True:
        with transaction():
            expired = shredding.expired_documents()
            shredding.shred(expired)
            for check_id in sorted({row.check_id for row in expired if row.check_id is not None}):
                _tell_lost(check_id, "limit")
        if not expired:
            break
        run.renew()
    shredding.remove_orphans(run)


@job("identity.rescan", every=timedelta(minutes=5))
def rescan(run: JobRun) -> None:
    """Ask the scanner again about every held document. Only a process that may open documents can."""
    if current_app.extensions["opening_keys"] is None:
        return
    last_id = 0
    while found := held_documents(last_id, 20):
        last_id = found[-1].id
        for document_id in [document.id for document in found]:
            _rescan_one(document_id)
            run.renew()


def _rescan_one(document_id: int) -> None:
    document = db.session.get_one(IdentityDocument, document_id)
    try:
        verdict = intake.scan_again(document, current_app.extensions["opening_keys"])
    except intake.Infected:
        verdict = Verdict(Outcome.INFECTED)
    db.session.rollback()
    if verdict.outcome is Outcome.HELD:
        return
    leftover = None
    with transaction():
        document = db.session.get_one(IdentityDocument, document_id)
        if document.status is not DocumentStatus.HELD:
            return
        if verdict.outcome is Outcome.INFECTED:
            shredding.shred([document])
            if document.check_id is not None:
                _tell_lost(document.check_id, "infected")
        else:
            leftover = intake.release(document, verdict)
    if leftover:
        current_app.extensions["storage"].delete(leftover)


def _tell_lost(check_id: int, reason: str) -> None:
    check = db.session.get_one(IdentityCheck, check_id)
    if check.result is CheckResult.PENDING:
        errands().lose_document(check, reason)
