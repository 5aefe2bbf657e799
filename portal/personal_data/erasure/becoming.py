"""What an erasure of everything leaves of each part, and why: docs/keeping.md prints it, the recount asks it.

A part that is not named here leaves nothing: a row of it that still reaches the person halts the erasure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from portal.bilingual import Label


@dataclass(frozen=True)
class Becoming:
    """What becomes of a part.

    Attributes:
        becomes: in a few words.
        ground: the article or the law.
        leaves: by table, the columns that may hold something in a row that stays; what is not named must be empty.
    """

    becomes: Label
    ground: Label
    leaves: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))


GONE = Label(fr="supprimé", en="deleted")
ERASURE = Label(fr="article 17, paragraphe 1", en="art. 17(1)")

_becomings: dict[str, Becoming] = {}


def becomes(part: str, becoming: Becoming) -> None:
    """Register what becomes of a part; a second one of the same code replaces it."""
    _becomings[part] = becoming


def deleted(*parts: str, ground: Label = ERASURE) -> None:
    """Register parts that go whole."""
    for part in parts:
        becomes(part, Becoming(GONE, ground))


def becomings() -> dict[str, Becoming]:
    """Return what becomes of each part, by its code in their order."""
    return {part: _becomings[part] for part in sorted(_becomings)}


def leaves() -> dict[str, frozenset[str]]:
    """Return the columns that may hold something after an erasure of everything, by table."""
    return {table: columns for each in _becomings.values() for table, columns in each.leaves.items()}
