"""What a portable copy holds of one thing, and a tally of what it leaves out, by kind and reason (GDPR art. 20)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.personal_data.uses.portability import LeftOut, is_portable_basis, left_out
from portal.records.data_map.kinds import DataMap, Kind


def portable(item: HeldItem, data_map: DataMap, language: str) -> HeldItem | LeftOut:
    """Return what the right to portability covers of an item, or why it covers nothing of it.

    Each field counts by itself: notes of staff inside what a person wrote stay behind. A record whose kind is no longer
    declared is left out: nobody can tell on what basis it is held.
    """
    kind = data_map.kinds.get(item.kind)
    if kind is None:
        if item.source != "portal":
            return LeftOut.OTHER_BASIS
        is_basis_portable = is_portable_basis(LawfulBasis(item.lawful_basis))
        return left_out(item.nature, is_basis_portable=is_basis_portable) or item
    if kind.left_out is not None:
        return kind.left_out
    kept = {"external_id", *kind.portable_fields}
    values = {name: value for name, value in item.values.items() if name in kept}
    return replace(
        item, values=values, lawful_basis=_basis(kind, data_map),
        describe=lambda is_masked: kind.facts(values, language, is_masked=is_masked),
    )  # fmt: skip


def _basis(kind: Kind, data_map: DataMap) -> str:
    """Return the basis on which a kind is portable: that of its first use that gives the right."""
    return next(str(use.lawful_basis) for use in data_map.purposes_of(kind) if use.code in kind.portable_purposes)


@dataclass(frozen=True, slots=True)
class Absence:
    """What is left out for one reason: a kind, or one field of a kind that is handed over."""

    category: str
    kind: str
    label: str
    reason: LeftOut
    field: str = ""


class Absences:
    """Counts what a copy leaves out while it is read: some sixty lines at any volume."""

    def __init__(self, data_map: DataMap, language: str) -> None:
        self._data_map, self._language = data_map, language
        self._counts: dict[Absence, int] = {}

    def note(self, item: HeldItem, reason: LeftOut) -> None:
        """Note a thing that is left out whole."""
        self.add(Absence(item.category, item.kind, item.label, reason))

    def note_fields(self, item: HeldItem, handed: HeldItem) -> None:
        """Note the fields that a thing loses on its way into the copy."""
        kind = self._data_map.kinds.get(item.kind)
        for name in item.values.keys() - handed.values.keys() if kind else ():
            field = kind.fields.get(name) if kind else None
            label = field.label.text(self._language) if field else name
            reason = (kind.why_left_out(field) if kind and field else None) or LeftOut.OTHER_BASIS
            self.add(Absence(item.category, item.kind, f"{item.label} – {label}", reason, name))

    def add(self, absence: Absence, number: int = 1) -> None:
        """Add to the count of one line."""
        self._counts[absence] = self._counts.get(absence, 0) + number

    def __iter__(self) -> Iterator[tuple[Absence, int]]:
        return iter(sorted(self._counts.items(), key=lambda line: (line[0].category, line[0].kind, line[0].field)))
