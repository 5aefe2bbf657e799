"""A record as it leaves the portal, whether it is in use or in the archive."""

from typing import Any

from portal.personal_data.registry import HeldItem
from portal.records.data_map.kinds import DataMap
from portal.records.models import values_of


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
