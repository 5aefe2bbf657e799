"""A record as it leaves the portal, whether it is in use or in the archive."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.personal_data.registry import HeldItem
from portal.records.data_map.kinds import DataMap
from portal.records.models import as_object

Maker = Callable[[str, datetime, str, Any], HeldItem]
"""Takes the external id, the instant, the source and the values of a record."""


def held_item(row: Any, category: str, data_map: DataMap, language: str) -> HeldItem:
    """Return a record as it leaves the portal. A record whose kind is no longer declared shows no value."""
    make = maker_of(row.kind, category, data_map, language)
    return make(row.external_id, row.recorded_at, row.source, row.values)


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
