"""What goes into an answer: every holding's items, read the same way as the customer's own pages."""

from collections.abc import Iterator
from typing import Any

import orjson

from portal.personal_data.lawful_bases import LawfulBasis, availability, Availability
from portal.personal_data.registry import HeldItem, holdings
from portal.web.csv_files import csv_lines

CSV_COLUMNS = ("kind", "recorded_at", "source", "nature", "lawful_basis")


def items_of(customer_id: int, category: str, language: str, purpose: str) -> Iterator[HeldItem]:
    """Yield what is held in a category, in bounded memory.

    For `portability` only what the person provided or what was observed, under consent or contract (GDPR art. 20,
    WP 242): what the company worked out goes into an access answer instead.
    """
    for holding in holdings():
        if holding.items is None:
            continue
        for item in holding.items(customer_id, category, language):
            if purpose == "access" or is_portable(item):
                yield item


def is_portable(item: HeldItem) -> bool:
    """Tell whether the right to portability covers an item."""
    is_basis_portable = availability(LawfulBasis(item.lawful_basis), "portability") is Availability.YES
    return is_basis_portable and item.nature in {"provided", "observed"}


def as_json(items: Iterator[HeldItem], fields: dict[str, None], tally: list[int]) -> Iterator[bytes]:
    """Yield a JSON array of items, noting the field names met, in order, and their number."""
    separator = b"[\n"
    for item in items:
        fields.update(dict.fromkeys(item.values))
        tally[0] += 1
        yield separator + orjson.dumps(_as_object(item))
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def as_csv(items: Iterator[HeldItem], fields: list[str]) -> Iterator[bytes]:
    """Yield a CSV file of items with one column for each field name, in UTF-8."""
    rows = (
        [item.kind, _instant(item), item.source, item.nature, item.lawful_basis]
        + [_as_text(item.values.get(field)) for field in fields]
        for item in items
    )
    for line in csv_lines([*CSV_COLUMNS, *fields], rows):
        yield line.encode()


def _as_object(item: HeldItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "label": item.label,
        "recorded_at": _instant(item),
        "source": item.source,
        "nature": item.nature,
        "lawful_basis": item.lawful_basis,
        "values": item.values,
    }


def _instant(item: HeldItem) -> str | None:
    return item.at.isoformat() if item.at else None


def _as_text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value
