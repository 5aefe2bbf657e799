"""The registry of what is held about a customer: each domain registers its holding here.

The customer's own pages and the access package read only this registry, so neither can forget what the other shows.
Whoever reads says who they are: restricted data are for the person, their copy and their case (GDPR art. 18).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from portal.personal_data.corrections.beside import Beside
from portal.personal_data.expiry.endings import Part
from portal.personal_data.restrictions.door import Reader, check
from portal.personal_data.restrictions.grounds import UseReason
from portal.personal_data.uses.purposes import Purpose


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One thing held about a customer, as it leaves the portal.

    Attributes:
        category: one of the nine codes.
        kind: what it is, a code unique within the portal; `label` is its name for people.
        at: when it was recorded.
        values: field code to JSON value, complete (the person's own copy).
        facts: (label, value) pairs in the reader's language.
        nature: `provided`, `observed` or `inferred`: portability covers the first two only.
        lawful_basis: code of the basis of its main purpose; portability covers `consent` and `contract` only.
        source: the system that the item came from; `portal` for the portal's own.
        describe: takes whether to mask, and returns the pairs in place of `facts`, for an item that says them itself.
            Called only when they are shown.
        say_note: returns what must be said beside it, in the reader's language, such as the agreement with which it was
            collected. Called only when it is shown.
        complete: returns more values, by their code, that only the person's own copy holds, such as the text of
            a mail. Called only when they are written.
        masked: by their label, the values that a screen masks, as it shows them.
        say_beside: returns what the person says about it, which stands wherever it is shown (art. 16).
    """

    category: str
    kind: str
    label: str
    at: datetime | None
    values: dict[str, Any]
    facts: list[tuple[str, str]] = field(default_factory=list)
    nature: str = "provided"
    lawful_basis: str = "contract"
    source: str = "portal"
    describe: Callable[[bool], list[tuple[str, str]]] | None = None
    say_note: Callable[[], str] | None = None
    masked: Mapping[str, str] = field(default_factory=dict)
    complete: Callable[[], dict[str, Any]] | None = None
    say_beside: Callable[[], Sequence[Beside]] | None = None

    @property
    def note(self) -> str:
        """What must be said beside it; empty where nothing must."""
        return self.say_note() if self.say_note else ""

    def shown(self, *, is_masked: bool = True) -> list[tuple[str, str]]:
        """Return the (label, value) pairs, the person's own words last: masked for a screen, whole for their copy."""
        words = [(each.label, each.text) for each in self.say_beside()] if self.say_beside else []
        if self.describe:
            return [*self.describe(is_masked), *words]
        facts = [(label, self.masked.get(label, value) if is_masked else value) for label, value in self.facts]
        return [*facts, *words]

    def written(self) -> dict[str, Any]:
        """Return the values as the person's own copy holds them: complete, with the person's own words beside them."""
        words = [each.stored() for each in self.say_beside()] if self.say_beside else []
        more = self.complete() if self.complete else {}
        return {**self.values, **more, **({"statements": words} if words else {})}


@dataclass(frozen=True)
class Holding:
    """What one domain holds.

    Attributes:
        code: the holding's name.
        parts: what it holds, and how each part ends; every table that reaches a customer belongs to one part.
        summary: takes a customer's id and returns a select of (category, count, latest instant); None when the
            tables hold nothing to show, such as a tally.
        purposes: category to the codes of what the items there are used for; each item has the basis of one of them.
        choices: category to the choices that the items there record: they also serve the purposes that depend on them.
        items: takes a customer's id, a category and a language, and yields what is held, newest first, in bounded
            memory; None when `summary` is None.
        copied: takes the same as `items`, and yields what goes into the person's own copy (art. 15) and nowhere else:
            out of use, it is shown by no page, look-up or portable file.
        retention: takes a language and returns how long it is kept, in words.
    """

    code: str
    parts: tuple[Part, ...]
    retention: Callable[[str], str]
    purposes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summary: Callable[[int], Select[Any]] | None = None
    items: Callable[[int, str, str], Iterator[HeldItem]] | None = None
    copied: Callable[[int, str, str], Iterator[HeldItem]] | None = None

    @property
    def tables(self) -> frozenset[str]:
        """The tables of its parts."""
        return frozenset().union(*(part.tables for part in self.parts))


def uses_of(own: Iterable[Holding], category: str, purposes: Iterable[Purpose]) -> list[Purpose]:
    """Return which of some purposes what a few holdings keep in a category serves, in their order."""
    own = list(own)
    codes = {code for holding in own for code in holding.purposes.get(category, ())}
    choices = {choice for holding in own for choice in holding.choices.get(category, ())}
    return [purpose for purpose in purposes if purpose.code in codes or choices.intersection(purpose.choices)]


_holdings: dict[str, Holding] = {}


def register(holding: Holding) -> None:
    """Add a domain's holding; a second one of the same code replaces it."""
    _holdings[holding.code] = holding


def holdings() -> list[Holding]:
    """Return every holding, in the order of their codes."""
    return [_holdings[code] for code in sorted(_holdings)]


def read(
    customer_id: int, category: str, language: str, reader: Reader, *, because: UseReason | None = None
) -> list[tuple[Holding, Iterator[HeldItem]]]:
    """Return what each holding has of a customer in a category, newest first; nothing is read before it is taken.

    Args:
        reader: who reads.
        because: why restricted data are read all the same, which the caller logs for the person.

    Raises:
        Locked: the category is restricted, and the reader neither passes nor gives a reason.
    """
    check(customer_id, [category], reader, because)
    return [(each, each.items(customer_id, category, language)) for each in holdings() if each.items is not None]
