"""When identity documents, uploads and previews end, and why. Nothing keeps them: they are lent for one use."""

from datetime import timedelta

from sqlalchemy import select

from portal.bilingual import Label
from portal.identity_checks.documents import previews, shredding, uploading
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument, IdentityUpload
from portal.identity_checks.proof.errands import errands
from portal.infrastructure.database import after_commit, db
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.objects import Objects
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Fixed, OwnEnd
from portal.web.sessions import CUSTOMER_RULES

OFTEN, HOURLY = timedelta(minutes=10), timedelta(hours=1)
_UPLOAD_LIFE = Fixed(uploading.LIFE, Label(fr="deux heures", en="two hours"))
_SESSION_LIFE = Fixed(CUSTOMER_RULES.absolute, Label(fr="une session", en="one session"))
_NO_LONGER = Label(
    fr="pas plus longtemps que son usage (article 5, paragraphe 1, point e))",
    en="no longer than its use (art. 5(1)(e))",
)
_KILLED = Label(
    fr="reste d'un processus interrompu, que rien ne peut ouvrir", en="left by a killed process; nothing can open it"
)


def _shred(ids: list[int]) -> None:
    for check_id in _checks_of(ids):
        errands().lock(db.session.get_one(IdentityCheck, check_id))
    # Read again: somebody may have decided while we waited for the lock.
    documents = [document for document in _documents(ids) if document.status is not DocumentStatus.SHREDDING]
    shredding.shred(documents)
    for check_id in sorted({document.check_id for document in documents if document.check_id is not None}):
        tell_lost(check_id, "limit")


def tell_lost(check_id: int, reason: str) -> None:
    """Tell whoever waits for a check that its document is gone, in the current transaction, unless it is decided.

    Args:
        reason: `limit` or `infected`.
    """
    check = db.session.get_one(IdentityCheck, check_id, populate_existing=True)
    if check.result is CheckResult.PENDING:
        errands().lose_document(check, reason)


def _checks_of(ids: list[int]) -> list[int]:
    return sorted({document.check_id for document in _documents(ids) if document.check_id is not None})


def _documents(ids: list[int]) -> list[IdentityDocument]:
    statement = select(IdentityDocument).where(IdentityDocument.id.in_(ids)).order_by(IdentityDocument.id)
    return list(db.session.execute(statement.execution_options(populate_existing=True)).scalars())


def _end_uploads(ids: list[int]) -> None:
    rows = select(IdentityUpload).where(IdentityUpload.id.in_(ids)).order_by(IdentityUpload.id)
    uploading.end(list(db.session.execute(rows).scalars()))
    after_commit(shredding.forget_journal)


DOCUMENTS = Ending(
    code="identity_documents",
    label=Label(fr="Pièces d'identité sans décision", en="Identity documents without a decision"),
    source=Rows(
        IdentityDocument,
        age=IdentityDocument.shred_after,
        only=lambda over_before: (IdentityDocument.status != DocumentStatus.SHREDDING,),
        remove_rows=_shred,
    ),
    term=OwnEnd(Label(fr="la limite de chaque pièce", en="the limit of each document")),
    starts=Label(
        fr="sa réception, et au plus tard l'échéance de la demande ; une décision la détruit aussitôt",
        en="its arrival, and the due date of the request at the latest; a decision destroys it at once",
    ),
    ground=Label(
        fr="une pièce ne survit pas à son usage (article 5, paragraphe 1, point e), CNIL SAN-2020-008)",
        en="no document outlives its use (art. 5(1)(e), CNIL SAN-2020-008)",
    ),
    every=HOURLY,
    goes_freely=True,
)
UPLOADS = Ending(
    code="uploads",
    label=Label(fr="Envois de pièces inachevés", en="Uploads never finished"),
    source=Rows(IdentityUpload, age=IdentityUpload.expires_at, remove_rows=_end_uploads),
    term=OwnEnd(Label(fr="deux heures", en="two hours")),
    starts=Label(fr="le début de l'envoi", en="the beginning of the upload"),
    ground=_NO_LONGER,
    every=OFTEN,
    goes_freely=True,
)
PREVIEWS = Ending(
    code="previews",
    label=Label(fr="Aperçus de pièces dont la session est finie", en="Previews of documents whose session is over"),
    source=Rows(
        IdentityDocument,
        age=IdentityDocument.created_at,
        only=lambda over_before: (
            IdentityDocument.preview_storage_key.is_not(None),
            IdentityDocument.status != DocumentStatus.SHREDDING,
        ),
        remove_rows=lambda ids: shredding.forget_previews(_documents(ids)),
    ),
    term=_SESSION_LIFE,
    starts=Label(fr="l'arrivée de la pièce", en="the arrival of the document"),
    ground=_NO_LONGER,
    every=OFTEN,
    goes_freely=True,
)
UPLOAD_LEFTOVERS = Ending(
    code="upload_leftovers",
    label=Label(fr="Fragments d'envois sans propriétaire", en="Parts of uploads that no row names"),
    source=Objects(uploading.FOLDER),
    term=_UPLOAD_LIFE,
    starts=Label(fr="l'écriture du fragment", en="when the part was written"),
    ground=_KILLED,
    every=OFTEN,
    goes_freely=True,
)
PREVIEW_LEFTOVERS = Ending(
    code="preview_leftovers",
    label=Label(fr="Aperçus sans propriétaire", en="Previews that no row names"),
    source=Objects(previews.FOLDER),
    term=_SESSION_LIFE,
    starts=Label(fr="l'écriture de l'aperçu", en="when the preview was written"),
    ground=_KILLED,
    every=OFTEN,
    goes_freely=True,
)

PARTS = declare(
    Part("identity_checks", frozenset({"identity_checks"}), Reach.REQUEST, ends_with="request_files"),
    Part(
        "identity_documents",
        frozenset({"identity_documents"}),
        Reach.CUSTOMER,
        (DOCUMENTS, PREVIEWS, PREVIEW_LEFTOVERS),
    ),
    Part("uploads", frozenset({"identity_uploads"}), Reach.CUSTOMER, (UPLOADS, UPLOAD_LEFTOVERS)),
)
