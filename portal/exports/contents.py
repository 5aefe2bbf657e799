"""What goes into an answer: the items of every holding, read in the same way as for the customer's own pages."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from portal import clock
from portal.exports.portability.covering import Absences, portable
from portal.exports.writing.spool import lines_of
from portal.personal_data.registry import HeldItem, read
from portal.personal_data.restrictions.door import Reader
from portal.personal_data.uses.portability import LeftOut
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.web.csv_files import csv_bytes, csv_lines

_EXACT = b" "
"""What a line begins with that only the exact reader may read."""
CSV_COLUMNS = ("kind", "recorded_at", "source", "nature", "lawful_basis")


def items_of(
    customer_id: int, category: str, language: str, purpose: str, absences: Absences | None = None
) -> Iterator[HeldItem]:
    """Yield what is handed over of a category, in bounded memory.

    For `portability` that is only what the person provided or what was observed, under consent or contract (GDPR
    art. 20, WP 242). What the company worked out, and what lies in the archive, goes into an access answer only.

    Args:
        purpose: `access` or `portability`.
        absences: counts what a portable copy leaves out.
    """
    data_map: DataMap = installed_data_map()
    absences = absences or Absences(data_map, language)
    for holding, held in read(customer_id, category, language, Reader.PACKAGE):
        for item in held:
            if purpose == "access":
                yield item
            else:
                yield from _handed(item, data_map, language, absences)
        if holding.copied is not None and purpose == "access":
            yield from holding.copied(customer_id, category, language)


def _handed(item: HeldItem, data_map: DataMap, language: str, absences: Absences) -> Iterator[HeldItem]:
    """Yield what portability covers of an item, and count what it does not."""
    covered = portable(item, data_map, language)
    if isinstance(covered, LeftOut):
        absences.note(item, covered)
    else:
        absences.note_fields(item, covered)
        yield covered


def as_json(items: Iterator[HeldItem], fields: dict[str, None], tally: list[int]) -> Iterator[bytes]:
    """Yield a JSON array of items.

    Args:
        fields: filled with the names of the items' fields, in the order in which they are met.
        tally: its one number is raised by the number of items.
    """
    separator = b"[\n"
    for item in items:
        written = _as_object(item)
        fields.update(dict.fromkeys(written["values"]))
        tally[0] += 1
        yield separator + _dumped(written)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def as_csv(written: Iterator[bytes], fields: list[str]) -> Iterator[bytes]:
    """Yield a CSV file of what `as_json` wrote, with a column for each name of `fields` after the fixed ones."""
    rows = (_cells(item, fields) for item in _objects(written))
    yield from csv_bytes(csv_lines([*CSV_COLUMNS, *fields], rows), for_people=True)


def _objects(written: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the objects of an array that `as_json` wrote: it gives each a line of its own."""
    for line in lines_of(written):
        if line.startswith(_EXACT):
            yield json.loads(line.removesuffix(b","))
        elif line.startswith(b"{"):
            yield orjson.loads(line.removesuffix(b","))


def _cells(item: dict[str, Any], fields: list[str]) -> list[Any]:
    values = item["values"]
    return [item[column] for column in CSV_COLUMNS] + [_as_text(values.get(field)) for field in fields]


def _as_object(item: HeldItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "label": item.label,
        "recorded_at": clock.written(item.at),
        "source": item.source,
        "nature": item.nature,
        "lawful_basis": item.lawful_basis,
        "values": item.written(),
    }


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        # A sign that no encoding can write would end the file there.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return _dumped(value).strip().decode() if isinstance(value, dict | list) else value


def _dumped(value: Any) -> bytes:
    """Return a value as JSON. What the quick way refuses begins with a space, and must not be read by it either."""
    try:
        return orjson.dumps(value)
    except TypeError:  # numbers beyond 64 bits and broken signs: a copy leaves nothing out
        return _EXACT + json.dumps(value).encode()
