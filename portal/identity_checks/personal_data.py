"""What this domain holds about a customer: the result of a check, and for a short time its document.

An answer says that identity was checked, when and how. It never holds the document: that is the person's own, and it
leaves this portal only by being destroyed.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, literal, select

from portal import clock
from portal.bilingual import Label, long_date
from portal.identity_checks.ends import PARTS
from portal.identity_checks.models import IdentityCheck
from portal.identity_checks.proof.attestation import checker_label, lifted_labels, method_label, result_label
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.uses.purposes import REQUESTS

_LIFTED = Label(fr="Doutes levés", en="Doubts lifted")
_CHECK = Label(fr="Vérification de votre identité", en="Check of your identity")
_PROOF = Label(fr="Justificatif d'une valeur à corriger", en="Proof of a value to correct")
_METHOD = Label(fr="Moyen", en="Means")
_PLACE = Label(fr="Numéro ou adresse", en="Number or address")
_RESULT = Label(fr="Résultat", en="Outcome")
_CHECKER = Label(fr="Vérifiée par", en="Checked by")
_CHECKED = Label(fr="Vérifiée le", en="Checked on")
_DESTROYED = Label(fr="Pièce détruite le", en="Document destroyed on")
_KEPT = Label(
    fr="La pièce est détruite dès la décision, et au plus tard après {document}."
    " Le résultat de la vérification est gardé {period}.",
    en="The document is destroyed at the decision, and after {document} at the latest."
    " The result of the check is kept for {period}.",
)


def summary(customer_id: int) -> Any:
    """Return the select of (category, count, latest instant)."""
    count = func.count(IdentityCheck.id)
    category = literal(Category.IDENTITY.value).label("category")
    latest = func.max(IdentityCheck.created_at).label("latest")
    is_theirs = IdentityCheck.customer_id == customer_id
    return select(category, count.label("count"), latest).where(is_theirs).having(count > 0)


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the checks of a customer's identity, newest first."""
    if category != Category.IDENTITY:
        return
    statement = select(IdentityCheck).where(IdentityCheck.customer_id == customer_id)
    for check in db.session.execute(statement.order_by(IdentityCheck.id.desc())).scalars():
        yield _held_check(check, language)


def _held_check(check: IdentityCheck, language: str) -> HeldItem:
    facts = [
        (_METHOD.text(language), method_label(check, language)),
        (_RESULT.text(language), result_label(check, language)),
    ]
    if check.place:
        facts.append((_PLACE.text(language), check.place))
    if check.lifted:
        facts.append((_LIFTED.text(language), lifted_labels(check, language)))
    if check.checked_by:
        facts.append((_CHECKER.text(language), checker_label(check, language)))
    for label, at in ((_CHECKED, check.checked_at), (_DESTROYED, check.destroyed_at)):
        if at is not None:
            facts.append((label.text(language), long_date(at, language, weekday=False)))
    return HeldItem(
        category=Category.IDENTITY,
        kind="identity_check",
        label=(_PROOF if check.is_of_value else _CHECK).text(language),
        at=check.created_at,
        values={
            "method": check.method,
            "result": str(check.result),
            "place": check.place,
            "doubts_lifted": check.lifted,
            "checked_by": check.checked_by,
            "checked_at": clock.written(check.checked_at),
            "document_destroyed_at": clock.written(check.destroyed_at),
        },
        facts=facts,
        nature="observed",
        lawful_basis=REQUESTS.lawful_basis,
    )


def retention(language: str) -> str:
    """Return in words how long a check and its document are kept."""
    periods = installed.organisation().retention
    return _KEPT.filled(
        language,
        document=periods.identity_document_limit.text(language),
        period=periods.request_files.text(language),
    )


register(
    Holding(
        code="identity_checks",
        parts=PARTS,
        retention=retention,
        purposes={Category.IDENTITY: (REQUESTS.code,)},
        summary=summary,
        items=items,
    )
)
