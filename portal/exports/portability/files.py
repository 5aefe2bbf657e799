"""The files that only a portable copy has: what it leaves out and why, the schema of its data, and a vCard."""

from collections.abc import Iterator
from typing import Any

import orjson

from portal.exports.portability.covering import Absences
from portal.exports.portability.schema import schema_of
from portal.exports.portability.vcard import CATEGORIES_READ, Card
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.portability import NO_DIRECT_TRANSFER, LeftOut
from portal.records.data_map.kinds import installed_data_map


class PortableFiles:
    """Gathered while the categories of a portable copy are read, and written after them.

    Attributes:
        absences: what is left out; filled by whoever reads the categories.
    """

    def __init__(self, categories: list[Category], language: str, name: str) -> None:
        self._categories, self._language, self._name = categories, language, name
        data_map = installed_data_map()
        self.absences = Absences(data_map, language)
        self._card = Card(data_map, language)

    def read(self, item: HeldItem) -> None:
        """Take what the vCard has a place for."""
        self._card.read(item)

    def withhold(self, item: HeldItem, reason: LeftOut) -> None:
        """Note a thing that was decided apart."""
        self.absences.note(item, reason)

    def left_out(self) -> list[dict[str, Any]]:
        """Return what the copy leaves out, by kind or field and by reason, in words."""
        return [
            {
                "category": absence.category,
                "kind": absence.kind,
                "field": absence.field,
                "label": absence.label,
                "items": number,
                "reason": str(absence.reason),
                "why": absence.reason.sentence(self._language),
            }
            for absence, number in self.absences
        ]

    @property
    def direct_transfer(self) -> str:
        """That we send the copy to nobody else, and why."""
        return NO_DIRECT_TRANSFER.text(self._language)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield each file with its name."""
        schema = schema_of(self._categories, installed_data_map(), self._language)
        yield "schema.json", orjson.dumps(schema, option=orjson.OPT_INDENT_2)
        if CATEGORIES_READ.intersection(self._categories):
            yield "contact.vcf", self._card.written(self._name)
        transfer = {"offered": False, "why": self.direct_transfer}
        told = {"left_out": self.left_out(), "direct_transfer": transfer}
        yield "portability.json", orjson.dumps(told, option=orjson.OPT_INDENT_2)
