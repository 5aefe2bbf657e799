"""Restrictions of a person's data, in force and lifted, as things that are held about them."""

from collections.abc import Iterator

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.uses.purposes import REQUESTS

_RESTRICTION = Label(fr="Mise en pause de vos données", en="Hold on the use of your data")
_WHAT = Label(fr="Données en pause", en="Data on hold")
_EVERYTHING = Label(fr="toutes", en="all")
_LIFTED = Label(fr="Levée le", en="Lifted on")
_DATES = ("since", "told_at", "notice_at", "lifts_on", "halted_at", "lifted_at")


def restrictions_held(customer_id: int, language: str) -> Iterator[HeldItem]:
    """Yield the restrictions of a customer, newest first."""
    theirs = select(Restriction).where(Restriction.customer_id == customer_id)
    for restriction in db.session.execute(theirs.order_by(Restriction.id.desc())).scalars():
        names = ", ".join(Category(code).label(language) for code in restriction.categories)
        lifted = long_date(restriction.lifted_at, language, weekday=False) if restriction.lifted_at else ""
        facts = [
            (_WHAT.text(language), names or _EVERYTHING.text(language)),
            (_LIFTED.text(language), lifted),
        ]
        yield HeldItem(
            category="profile",
            kind="restriction",
            label=_RESTRICTION.text(language),
            at=restriction.since,
            values={name: clock.written(getattr(restriction, name)) for name in _DATES}
            | {
                "ground": restriction.ground_18,
                "categories": restriction.categories,
                "is_provisional": restriction.is_provisional,
                "reply": restriction.reply,
            },
            facts=[fact for fact in facts if fact[1]],
            nature="inferred",
            lawful_basis=REQUESTS.lawful_basis,
        )
