"""What this domain holds about a customer: the copies of records that the company's systems sent."""

from collections.abc import Collection, Iterator
from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, select

from portal import clock
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.agreements import Agreements, Answer, read_agreements, say_collected
from portal.personal_data.corrections.statements import statements_of
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.sentences import row as behind_row
from portal.records.archive.copies import archived_items
from portal.records.archive.ends import PARTS as ARCHIVE
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.ends import PARTS
from portal.records.held_items import Maker, maker_of, with_words
from portal.records.imports.models import CompleteDelivery as CompleteDelivery
from portal.records.models import CategoryCount, Record

_KEPT = Label(
    fr="Chaque donnée venue de nos systèmes suit la règle de son type, écrite dans sa catégorie.",
    en="Each item that came from our systems follows the rule of its kind, written in its category.",
)
READ_AT_ONCE: Final = 500
TITLE: Final = "civil_identity.title"


@read_agreements([TITLE])
def titles_given(customer_ids: Collection[int], choices: Collection[str]) -> list[Answer]:
    """Return when customers gave a title of their own accord, as far as a system of the company says the day.

    A title is never part of a contract (CJEU C-394/23): without that day nothing shows that giving it was free.
    """
    statement = select(Record.customer_id, Record.id, Record.values).where(
        Record.customer_id.in_(customer_ids), Record.kind == "civil_identity"
    )
    found = []
    for customer_id, number, values in db.session.execute(statement):
        given_on = values.get("title_given_on") if isinstance(values, dict) and values.get("title") else None
        # A day known in part proves no day.
        if isinstance(given_on, str) and len(given_on) == len("2026-11-22"):
            at = clock.start_of(date.fromisoformat(given_on))
            found.append(
                Answer(customer_id, TITLE, is_yes=True, at=at, behind=behind_row(Record.__tablename__, number))
            )
    return found


def summary(customer_id: int) -> Select[Any]:
    """Return the select of (category, count, latest instant)."""
    columns: tuple[Any, ...] = (
        CategoryCount.category,
        CategoryCount.count,
        CategoryCount.last_recorded_at,
    )
    return select(*columns).where(CategoryCount.customer_id == customer_id, CategoryCount.count > 0)


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the records of a category, newest first."""
    data_map: DataMap = installed_data_map()
    needed = data_map.choices_needed()
    agreements = Agreements.of(customer_id, {choice for choices in needed.values() for choice in choices})
    statement = (
        select(Record.kind, Record.external_id, Record.recorded_at, Record.source, Record.values)
        .where(Record.customer_id == customer_id, Record.category == category)
        .order_by(Record.recorded_at.desc(), Record.id.desc())
        .execution_options(yield_per=READ_AT_ONCE)
    )
    makers: dict[str, Maker] = {}
    statements = statements_of(customer_id)
    for kind, external_id, at, source, values in db.session.execute(statement):
        make = makers.get(kind)
        if make is None:
            said = partial(say_collected, agreements, needed[kind]) if kind in needed else None
            make = makers[kind] = maker_of(kind, category, data_map, language, said)
        item = make(external_id, at, source, values)
        yield with_words(item, external_id, statements, data_map, language) if statements else item


def retention(language: str) -> str:
    """Return how long records are kept, in words."""
    return _KEPT.text(language)


register(
    Holding(
        code="records",
        parts=PARTS + ARCHIVE,
        retention=retention,
        summary=summary,
        items=items,
        copied=archived_items,
    )
)
