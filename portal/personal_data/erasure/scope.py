"""How far an erasure goes: everything, categories, kinds, single records, or what came by Facebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Extent(StrEnum):
    WHOLE = "whole"
    "Account and file too: the person is erased."
    CATEGORIES = "categories"
    KINDS = "kinds"
    RECORDS = "records"
    FACEBOOK_LINK = "facebook_link"
    "The number that Facebook gave, and nothing else."
    FACEBOOK_ACCOUNT = "facebook_account"
    "What came by Facebook alone, and the account where Facebook was its only way in."


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a customer an erasure is about.

    Attributes:
        names: codes of categories or of kinds, as `extent` says; empty for the others.
        records: (kind, external id) of single records; empty for the others.
    """

    extent: Extent = Extent.WHOLE
    names: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.extent is Extent.WHOLE

    def covers(self, category: str | None, kind: str) -> bool:
        """Tell whether a kind of a category is concerned, wholly or by some of its records."""
        match self.extent:
            case Extent.WHOLE:
                return True
            case Extent.CATEGORIES:
                return category in self.names
            case Extent.KINDS:
                return kind in self.names
            case Extent.RECORDS:
                return any(kind == named for named, _external_id in self.records)
            case _:
                return False

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "extent": self.extent.value,
            "names": list(self.names),
            "records": [list(each) for each in self.records],
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `stored` wrote."""
        records = tuple((kind, external_id) for kind, external_id in stored.get("records", ()))
        return cls(Extent(stored["extent"]), tuple(stored.get("names", ())), records)
