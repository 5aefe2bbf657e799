"""What this domain holds about a customer: the copies of records that the company's systems sent."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.registry import HeldItem, Holding, register
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.ends import PARTS
from portal.records.models import CategoryCount, Record, values_of

_KEPT = Label(
    fr="Chaque donnée venue de nos systèmes suit la règle de son type, écrite dans sa catégorie.",
    en="Each item that came from our systems follows the rule of its kind, written in its category.",
)
READ_AT_ONCE: Final = 500


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
    statement = (
        select(Record.kind, Record.external_id, Record.recorded_at, Record.source, Record.values)
        .where(Record.customer_id == customer_id, Record.category == category)
        .order_by(Record.recorded_at.desc(), Record.id.desc())
        .execution_options(yield_per=READ_AT_ONCE)
    )
    for row in db.session.execute(statement):
        yield held_item(row, category, data_map, language)


def held_item(row: Any, category: str, data_map: DataMap, language: str) -> HeldItem:
    """Return a record as it leaves the portal. A record whose kind is no longer declared shows no value."""
    kind = data_map.kinds.get(row.kind)
    held = values_of(row)
    values = {"external_id": row.external_id} | held
    if kind is None:
        return HeldItem(category, row.kind, row.kind, row.recorded_at, values, source=row.source)
    return HeldItem(
        category=category,
        kind=row.kind,
        label=kind.label.text(language),
        at=row.recorded_at,
        values=values,
        describe=lambda is_masked: kind.facts(held, language, is_masked=is_masked),
        nature=kind.nature.value,
        lawful_basis=kind.lawful_basis.value,
        source=row.source,
    )


def retention(language: str) -> str:
    """Return how long records are kept, in words."""
    return _KEPT.text(language)


register(
    Holding(
        code="records",
        parts=PARTS,
        retention=retention,
        summary=summary,
        items=items,
    )
)
