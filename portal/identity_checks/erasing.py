"""How an erasure ends identity documents and uploads: their keys first, their bytes by jobs.

What remains of a check (method, result, role, times) stays with the file of its request.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.bilingual import Label
from portal.identity_checks.documents import shredding, uploading
from portal.identity_checks.models import DocumentStatus, IdentityCheck, IdentityDocument, IdentityUpload
from portal.infrastructure.database import after_commit, db
from portal.personal_data.erasure.becoming import GONE, Becoming, becomes
from portal.personal_data.erasure.listeners import waits_for
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import KEYS, ROWS, PlannedItem, erases
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.outcomes import ItemOutcome

_GROUND = Label(fr="article 32", en="art. 32")


@dataclass(frozen=True)
class _Documents:
    order: int = KEYS

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        if scope.is_whole:
            yield _item("identity_documents", IdentityDocument, customer_id)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        if not scope.is_whole:
            return 0
        held = select(IdentityDocument).where(
            IdentityDocument.customer_id == customer_id, IdentityDocument.status != DocumentStatus.SHREDDING
        )
        documents = list(db.session.execute(held.order_by(IdentityDocument.id).limit(limit)).scalars())
        shredding.shred(documents)
        return len(documents)

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        return 0


@dataclass(frozen=True)
class _Uploads:
    order: int = KEYS

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        if scope.is_whole:
            yield _item("uploads", IdentityUpload, customer_id)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        if not scope.is_whole:
            return 0
        theirs = select(IdentityUpload).where(IdentityUpload.customer_id == customer_id)
        rows = list(db.session.execute(theirs.order_by(IdentityUpload.id).limit(limit)).scalars())
        uploading.end(rows)
        if rows:
            after_commit(shredding.forget_journal)
        return len(rows)

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        return 0


@dataclass(frozen=True)
class _Places(OwnPart):
    """Where a person was reached for a check, such as a masked number: no item of its own, so that no plan changes."""

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        return ()


def _item(code: str, model: type[IdentityDocument | IdentityUpload], customer_id: int) -> PlannedItem:
    statement = select(func.count()).select_from(model).where(model.customer_id == customer_id)
    return PlannedItem(code, code, "", None, int(db.session.execute(statement).scalar_one()), ItemOutcome.ERASED)


@waits_for
def has_documents(customer_id: int) -> bool:
    """Tell whether the bytes of a document whose key is gone still lie in the store: its row goes with them."""
    theirs = (IdentityDocument.customer_id == customer_id, IdentityDocument.status == DocumentStatus.SHREDDING)
    return db.session.execute(select(IdentityDocument.id).where(*theirs).limit(1)).first() is not None


erases("identity_documents", _Documents())
erases("uploads", _Uploads())
_CHECKS = Rows(IdentityCheck, lambda customer_id: IdentityCheck.customer_id == customer_id, {"place": ""})
erases("identity_checks", _Places("identity_checks", ROWS, (_CHECKS,)))
becomes("identity_documents", Becoming(GONE, _GROUND))
becomes("uploads", Becoming(GONE, _GROUND))
becomes(
    "identity_checks",
    Becoming(
        Label(
            fr="méthode, résultat, rôle, dates, avec le dossier ; numéro ou adresse vidés",
            en="method, result, role, times, with the file; number or address emptied",
        ),
        Label(fr="article 17, paragraphe 3, point e)", en="art. 17(3)(e)"),
        {
            "identity_checks": frozenset(
                {"method", "result", "reason", "checked_by", "lifted", "created_at", "checked_at", "destroyed_at"}
            )
        },
    ),
)
