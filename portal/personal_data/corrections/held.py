"""The person's own words beside values that stayed as they are, as things that are held about them."""

from collections.abc import Iterator

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import ValueStatement
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.purposes import REQUESTS

_STATEMENT = Label(fr="Vos mots à côté d'une donnée", en="Your words beside a value")
_WORDS = Label(fr="Vos mots", en="Your words")
_ENDED = Label(fr="Retirés le", en="Withdrawn on")


def statements_held(customer_id: int, language: str) -> Iterator[HeldItem]:
    """Yield the statements of a customer, newest first, those that were withdrawn included."""
    theirs = select(ValueStatement).where(ValueStatement.customer_id == customer_id)
    for statement in db.session.execute(theirs.order_by(ValueStatement.id.desc())).scalars():
        ended = long_date(statement.ended_at, language, weekday=False) if statement.ended_at else ""
        facts = [(_WORDS.text(language), statement.text), (_ENDED.text(language), ended)]
        yield HeldItem(
            category="profile",
            kind="value_statement",
            label=_STATEMENT.text(language),
            at=statement.made_at,
            values={
                "part": statement.part,
                "kind": statement.kind,
                "external_id": statement.external_id,
                "field": statement.field,
                "text": statement.text,
                "made_at": clock.written(statement.made_at),
                "ended_at": clock.written(statement.ended_at),
            },
            facts=[fact for fact in facts if fact[1]],
            lawful_basis=REQUESTS.lawful_basis,
        )
