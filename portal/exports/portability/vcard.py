"""The contact details of a portable copy as a vCard 4.0 (RFC 6350), which address books read."""

from typing import Any, Final

from portal import clock
from portal.personal_data.registry import HeldItem
from portal.records.data_map.field_types import FieldType
from portal.records.data_map.kinds import DataMap

CATEGORIES_READ: Final = frozenset({"identity", "contact"})
MOST_LINES: Final = 500
"""Of each sort: an address book of more is of no use, and the JSON holds all of them."""
LONGEST_LINE: Final = 75
"""Octets before a line is folded (RFC 6350, 3.2)."""
_NAMES: Final = ("family_name", "given_name")


class Card:
    """Gathers a card from the things of a copy as they pass by."""

    def __init__(self, data_map: DataMap, language: str) -> None:
        self._data_map, self._language = data_map, language
        self._name: dict[str, str] = {}
        self._lines: dict[str, None] = {}

    def read(self, item: HeldItem) -> None:
        """Take from a thing what a card has a place for."""
        if item.category not in CATEGORIES_READ or len(self._lines) >= MOST_LINES:
            return
        for name in (*_NAMES, "birth_date", "company"):
            if value := item.values.get(name) or (name == "birth_date" and item.values.get("birth_known")):
                self._name.setdefault(name, str(value))
        if item.kind == "address_of_record":
            self._add("EMAIL;PREF=1", item.values.get("email"))
        if item.values.get("line1"):
            self._add("ADR", _address(item.values), is_escaped=True)
        kind = self._data_map.kinds.get(item.kind)
        for field in kind.declared if kind else ():
            value = item.values.get(field.name)
            if field.type is FieldType.EMAIL:
                self._add("EMAIL", value)
            elif field.type is FieldType.PHONE:
                self._add("TEL;VALUE=text", value)

    def _add(self, name: str, value: object, *, is_escaped: bool = False) -> None:
        if value:
            self._lines.setdefault(f"{name}:{value if is_escaped else _escaped(value)}")

    def written(self, fallback: str) -> bytes:
        """Return the card.

        Args:
            fallback: its name where no name is known: a card has one (RFC 6350, 6.2.1).
        """
        family, given = (_escaped(self._name.get(name, "")) for name in _NAMES)
        full = " ".join(filter(None, (given, family))) or _escaped(fallback)
        lines = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{full}", f"N:{family};{given};;;"]
        if birth := self._name.get("birth_date"):
            # RFC 6350 writes a whole day without hyphens, and a month with one (4.3.1).
            lines.append(f"BDAY:{birth.replace('-', '') if len(birth) > len('2026-11') else birth}")
        if company := self._name.get("company"):
            lines.append(f"ORG:{_escaped(company)}")
        lines += [*self._lines, f"LANG:{self._language}", f"REV:{clock.now():%Y%m%dT%H%M%SZ}", "END:VCARD"]
        return b"".join(_folded(line) for line in lines)


def _address(values: dict[str, Any]) -> str:
    """Return the seven parts of an address; the two that RFC 6350 advises to leave empty are (6.3.1)."""
    street = ",".join(_escaped(values[name]) for name in ("line1", "line2") if values.get(name))
    town, postcode, country = (_escaped(values.get(name) or "") for name in ("city", "postal_code", "country"))
    return f";;{street};{town};;{postcode};{country}"


def _escaped(value: object) -> str:
    """Return a value as text of a card (RFC 6350, 3.4)."""
    text = str(value).replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """Return a line with its end, folded between characters so that no part is longer than the standard allows."""
    parts: list[bytes] = []
    part = b""
    for sign in line:
        octets = sign.encode("utf-8", "replace")
        # Each part but the first begins with a space.
        if len(part) + len(octets) > LONGEST_LINE - bool(parts):
            parts.append(part)
            part = b""
        part += octets
    return b"\r\n ".join([*parts, part]) + b"\r\n"
