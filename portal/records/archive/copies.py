"""What lies in the archive, as it goes into the person's own copy: each thing says so, until when, and why."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure.database import db
from portal.personal_data.corrections.statements import Statements, statements_of
from portal.personal_data.registry import HeldItem
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.held_items import held_item

READ_AT_ONCE: Final = 500
_NOTE: Final = Label(
    fr="En archive, au plus tard jusqu’au {day}. Référence : {reference}.",
    en="In the archive, until {day} at the latest. Reference: {reference}.",
)


def archived_items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the archived records of a category, newest first, each marked with its last day and the reason."""
    data_map: DataMap = installed_data_map()
    statements = statements_of(customer_id)
    statement = (
        select(ArchivedRecord)
        .where(ArchivedRecord.customer_id == customer_id, ArchivedRecord.category == category)
        .order_by(ArchivedRecord.recorded_at.desc(), ArchivedRecord.id.desc())
        .execution_options(yield_per=READ_AT_ONCE)
    )
    for row in db.session.execute(statement).scalars():
        yield archived_item(row, data_map, language, statements)


def archived_item(row: ArchivedRecord, data_map: DataMap, language: str, statements: Statements) -> HeldItem:
    """Return an archived record, marked with its last day and the reason."""
    item = held_item(row, row.category, data_map, language, statements)
    reference = _reference(row, data_map, language)
    marks = {"archived_until": clock.written(row.expires_on), "archived_because": reference}
    note = _NOTE.filled(language, day=long_date(row.expires_on, language, weekday=False), reference=reference)
    return replace(item, values=item.values | marks, say_note=lambda: note)


def _reference(row: ArchivedRecord, data_map: DataMap, language: str) -> str:
    """Return the law or the rule that keeps an archived record, in a language where the data map still declares it."""
    kind = data_map.kinds.get(row.kind)
    rule = kind.retention.rule_named(row.rule) if kind else None
    if rule is not None and rule.legal_reference.fr == row.legal_reference:
        return rule.legal_reference.text(language)
    return row.legal_reference
