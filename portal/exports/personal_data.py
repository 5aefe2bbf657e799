"""What exports hold about a customer: that a package was made and downloaded, never its content."""

from collections.abc import Iterator
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Select, func, literal, select

from portal import clock
from portal.bilingual import Label
from portal.exports.ends import PARTS
from portal.exports.models import AnswerPackage
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.uses.purposes import REQUESTS

_KEPT = Label(
    fr="Le fichier d'une copie est gardé {period} ; le fait qu'elle a existé reste avec la demande"
    " à laquelle elle répond.",
    en="The file of a copy is kept for {period}; that it was made is kept with the request it answers.",
)


def _summary(customer_id: int) -> Select[Any]:
    columns: tuple[Any, ...] = (func.count(AnswerPackage.id), func.max(AnswerPackage.created_at))
    return select(literal(str(Category.PROFILE)), *columns).where(AnswerPackage.customer_id == customer_id)


def _items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    if category != Category.PROFILE:
        return
    statement = select(AnswerPackage).where(AnswerPackage.customer_id == customer_id)
    for package in db.session.execute(statement.order_by(AnswerPackage.id.desc())).scalars():
        values = {
            "status": package.status,
            "categories": list(package.categories),
            "size": package.size,
            "downloads": package.downloads,
            "ready_at": clock.written(package.ready_at),
            "expires_at": clock.written(package.expires_at),
        }
        with force_locale(language):
            facts = [(_("Downloads"), str(package.downloads))]
            label = _("Copy of your data, made for you")
        yield HeldItem(
            category, "answer_package", label, package.created_at, values, facts, "observed", REQUESTS.lawful_basis
        )


def _retention(language: str) -> str:
    return _KEPT.filled(language, period=installed.organisation().retention.answer_files.text(language))


register(
    Holding(
        code="exports",
        parts=PARTS,
        retention=_retention,
        purposes={Category.PROFILE: (REQUESTS.code,)},
        summary=_summary,
        items=_items,
    )
)
