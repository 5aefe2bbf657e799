"""A record as it leaves the portal, whether it is in use or in the archive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.bilingual import Label
from portal.personal_data.corrections.statements import Statements
from portal.personal_data.registry import HeldItem
from portal.records.data_map.kinds import DataMap
from portal.records.models import as_object

Maker = Callable[[str, datetime, str, Any], HeldItem]
"""Takes the external id, the instant, the source and the values of a record."""


def held_item(row: Any, category: str, data_map: DataMap, language: str, statements: Statements) -> HeldItem:
    """Return a record as it leaves the portal. A record whose kind is no longer declared shows no value."""
    make = maker_of(row.kind, category, data_map, language)
    item = make(row.external_id, row.recorded_at, row.source, row.values)
    return with_words(item, row.external_id, statements, data_map, language)


def with_words(item: HeldItem, external_id: str, statements: Statements, data_map: DataMap, language: str) -> HeldItem:
    """Return a record with what its person says about it."""
    words = statements.beside(item.kind, external_id, names_of(item.kind, data_map), language)
    return replace(item, say_beside=lambda: words) if words else item


def names_of(code: str, data_map: DataMap) -> dict[str, Label]:
    """Return the names of the fields of a kind; none of one that is no longer declared."""
    kind = data_map.kinds.get(code)
    return {name: field.label for name, field in kind.fields.items()} if kind else {}


def maker_of(
    code: str,
    category: str,
    data_map: DataMap,
    language: str,
    say_note: Callable[[datetime, object], str] | None = None,
) -> Maker:
    """Return what makes items of the records of a kind: all that they have in common is looked up once.

    Args:
        say_note: takes the instant of a record and a language, and returns what must be said beside it.
    """
    kind = data_map.kinds.get(code)
    if kind is None:
        return lambda external_id, at, source, values: HeldItem(
            category, code, code, at, {"external_id": external_id} | as_object(values), source=source
        )
    label, nature, basis = kind.label.text(language), kind.nature.value, kind.lawful_basis.value

    def make(external_id: str, at: datetime, source: str, values: Any) -> HeldItem:
        held = as_object(values)
        return HeldItem(
            category, code, label, at, {"external_id": external_id} | held, [], nature, basis, source,
            lambda is_masked: kind.facts(held, language, is_masked=is_masked),
            (lambda: say_note(at, language)) if say_note else None,
        )  # fmt: skip

    return make
