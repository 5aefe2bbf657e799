"""What this domain holds about a customer: who was told of what, and to whom data went."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import func, literal, select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.instructions.ends import PARTS
from portal.instructions.models import Disclosure, Operation
from portal.instructions.targets import target_name
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.uses.purposes import REQUESTS
from portal.records.data_map.kinds import installed_data_map

_KEPT = Label(
    fr="Qui a été prévenu, et à qui des données sont allées : aussi longtemps que le dossier de la demande.",
    en="Who was told, and to whom data went, is kept as long as the file of the request.",
)
_DISCLOSED: Final = Label(fr="Communication à un destinataire", en="Disclosure to a recipient")
_TO: Final = Label(fr="Destinataire", en="Recipient")
_WHAT: Final = Label(fr="Sortes de données", en="Kinds of data")
_WHY: Final = Label(fr="Pour", en="For")


def summary(customer_id: int) -> Any:
    """Return the select of (category, count, latest instant) of what went to recipients."""
    category = literal(Category.PROFILE.value).label("category")
    count, latest = func.count(Disclosure.id), func.max(Disclosure.at)
    counted = select(category, count.label("count"), latest.label("latest"))
    return counted.where(Disclosure.customer_id == customer_id).having(count > 0)


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield what went to recipients, newest first."""
    if category != Category.PROFILE:
        return
    theirs = select(Disclosure).where(Disclosure.customer_id == customer_id)
    for row in db.session.execute(theirs.order_by(Disclosure.at.desc(), Disclosure.id.desc())).scalars():
        yield _held(row, language)


def _held(row: Disclosure, language: str) -> HeldItem:
    declared = installed_data_map().kinds
    kinds = [declared[kind].label.text(language) if kind in declared else kind for kind in row.kinds]
    # As it was called then: the company may tell nobody of that name today (art. 15(1)(c), CJEU C-154/21).
    name = row.name.get(language) or target_name(row.recipient, language)
    return HeldItem(
        category=Category.PROFILE,
        kind="disclosure",
        label=_DISCLOSED.text(language),
        at=row.at,
        values={"recipient": row.recipient, "name": name, "kinds": row.kinds, "count": row.count, "why": row.why},
        facts=[
            (_TO.text(language), name),
            (_WHAT.text(language), ", ".join(kinds)),
            (_WHY.text(language), Operation(row.why).label(language) if row.why in set(Operation) else row.why),
        ],
        lawful_basis=REQUESTS.lawful_basis,
    )


def retention(language: str) -> str:
    """Return how long it is kept, in words."""
    return _KEPT.text(language)


register(
    Holding(
        code="instructions",
        parts=PARTS,
        retention=retention,
        purposes={Category.PROFILE: (REQUESTS.code,)},
        summary=summary,
        items=items,
    )
)
