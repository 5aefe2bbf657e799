"""When something ends, and why: each domain declares it in its `ends.py`, as parts of what is held.

A part is some tables that are about the same thing. Each of its endings says what its time counts from, how long it
lasts, on what ground, what keeps it longer, and how it goes. One loop ends them all (`loop`); the table of
docs/keeping.md, `flask purge --dry-run` and the page of the officer are printed from here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from portal.bilingual import Label
from portal.personal_data.expiry.terms import Term

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tally:
    """How much of a class is past its time.

    Attributes:
        due: how much may go.
        kept: by reason (`KeepReason`), how much stays though its time is over.
    """

    due: int
    kept: dict[str, int]


@dataclass(frozen=True)
class Place:
    """Where a slice ends, so that the next one begins behind it.

    Attributes:
        named: what is in the slice, as its source names it: ids, or a stretch.
    """

    named: Any
    after: Any


class Source(Protocol):
    """Where the things of a class are: rows of a table, or objects of the store."""

    def tally(self, over_before: datetime) -> Tally:
        """Count what is past its time."""

    def overdue(self, over_before: datetime) -> int:
        """Count what is kept though its time was over before an instant."""

    def total(self, over_before: datetime) -> int:
        """Count the whole class, past its time or not."""

    def slice(self, over_before: datetime, after: Any, size: int) -> Place | None:
        """Return the next things that may go, or None behind the last."""

    def remove(self, over_before: datetime, named: Any) -> int:
        """Remove things in the current transaction, unless something keeps them by now; return how many."""


@dataclass(frozen=True)
class Ending:
    """One class of what ends by time.

    Attributes:
        label: what it is, for people.
        source: where it is.
        term: until when.
        starts: what its time counts from, in words.
        ground: why so long: the law, or the company's choice.
        every: how often it is looked for.
        goes_freely: no officer is asked, however much is due (`share`): each end was fixed when the thing was made,
            and to keep them longer would break a promise; or strangers make them by the thousand.
        is_guarded: whether the machine's clock must be trusted; see `clock_guard`.
    """

    code: str
    label: Label
    source: Source
    term: Term
    starts: Label
    ground: Label
    every: timedelta = DAY
    goes_freely: bool = False
    is_guarded: bool = True


class Reach(StrEnum):
    """By what a part is tied to a person."""

    CUSTOMER = "customer"
    ACCOUNT = "account"
    REQUEST = "request"
    ADDRESS = "address"
    """By an address alone: nobody has proven yet whose it is."""
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Part:
    """Tables about the same thing, and how they end.

    Attributes:
        endings: what ends by time.
        ends_with: the code of the part that takes the rest with it when it goes.
        stays: why the rest has no end by time.
    """

    code: str
    tables: frozenset[str]
    reach: Reach
    endings: tuple[Ending, ...] = ()
    ends_with: str | None = None
    stays: Label | None = None


_parts: dict[str, Part] = {}


def add(*parts: Part) -> tuple[Part, ...]:
    """Add parts to what is held, and return them.

    Raises:
        ValueError: a part or a class of this code is declared already.
    """
    for part in parts:
        known = {ending.code for ending in endings()}
        if part.code in _parts or known & {ending.code for ending in part.endings}:
            raise ValueError(f"{part.code}, or one of its endings, is declared twice")
        _parts[part.code] = part
    return parts


def parts() -> list[Part]:
    """Return every part, in the order of their codes."""
    return [_parts[code] for code in sorted(_parts)]


def endings() -> list[Ending]:
    """Return every class of what ends by time, in the order of their codes."""
    return sorted((ending for part in _parts.values() for ending in part.endings), key=lambda ending: ending.code)


def ending_of(code: str) -> Ending:
    """Return a class by its code. Raises `KeyError`."""
    return {ending.code: ending for ending in endings()}[code]
