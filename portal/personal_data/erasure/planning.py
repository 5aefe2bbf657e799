"""What an erasure would do to each part of what is held: one plan for the customer, the reviewer and the worker."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from portal.bilingual import Label
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.outcomes import ItemOutcome


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What becomes of one kind of a part, under one rule.

    Attributes:
        part: the code of the part.
        kind: a kind of record, or what the part is where it has no kinds.
        rule: the code of the rule that decides, such as the period that the data map gives; empty where there is one.
        category: of the nine, None for what belongs to none.
        count: how many there are now.
        outcome: `ERASED`, `ARCHIVED`, `KEPT` or `REFUSED`.
        ground: code of the reason where it is not erased.
        legal_reference: the law or the contract, for people; None where it is erased.
        until_on: the last day that it stays, where one is known.
        is_then_erased: it is erased when the reason ends, without a new request.
        systems: codes of the company's systems that sent some of the kind, where an erasure is sealed; else empty.
    """

    part: str
    kind: str
    rule: str
    category: str | None
    count: int
    outcome: ItemOutcome
    ground: str = ""
    legal_reference: Label | None = None
    until_on: date | None = None
    is_then_erased: bool = False
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: its items, and why it may not be carried out at all now (`stops`, codes with what to end first)."""

    items: tuple[PlannedItem, ...]
    stops: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over part, kind, rule, outcome and ground of each item.

        Counts and dates are left out: new rows and moved last days must not throw a decided erasure back.
        """
        lines = sorted([item.part, item.kind, item.rule, item.outcome.value, item.ground] for item in self.items)
        return hashlib.sha256(json.dumps(lines, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def stored(plan: Plan) -> list[dict[str, Any]]:
    """Return the items of a plan as JSON, as an erasure keeps them."""
    return [
        asdict(item)
        | {
            "outcome": item.outcome.value,
            "until_on": item.until_on.isoformat() if item.until_on else None,
        }
        for item in plan.items
    ]


def read_items(kept: Iterable[Mapping[str, Any]]) -> list[PlannedItem]:
    """Return what `stored` wrote."""
    return [
        PlannedItem(
            **dict(each)
            | {
                "outcome": ItemOutcome(each["outcome"]),
                "legal_reference": Label(**each["legal_reference"]) if each["legal_reference"] else None,
                "until_on": date.fromisoformat(each["until_on"]) if each["until_on"] else None,
            }
        )
        for each in kept
    ]


KEYS, RECORDS, ROWS, FILE = 0, 100, 200, 900
"""Where the orders of the steps begin: what has a key of its own, records, the portal's own rows, the person's file."""


class Erasing(Protocol):
    """How one part of what is held is erased on request."""

    @property
    def order(self) -> int:
        """Smaller first: what refers to something else goes before it. See `KEYS`, `RECORDS`, `ROWS`, `FILE`."""

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        """Yield what becomes of its kinds; reads only."""

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        """Erase at most `limit` rows of what the plan erases, in the current transaction; return how many."""

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        """Move at most `limit` rows of what the plan archives; return how many."""


_erasing: dict[str, Erasing] = {}


def erases(part: str, erasing: Erasing) -> None:
    """Register how a part is erased; a second one of the same code replaces it."""
    _erasing[part] = erasing


def all_erasing() -> list[tuple[str, Erasing]]:
    """Return (part, how it is erased) in the order in which they run."""
    return sorted(_erasing.items(), key=lambda each: (each[1].order, each[0]))


OPEN_COPY = "open_copy"
"""The one stop that only makes the start wait: a copy that the person asked for first is not with them yet."""

Stopper = Callable[[int, Scope, Iterable[PlannedItem]], Iterable[str]]
_stoppers: list[Stopper] = []


def stops_erasure(stopper: Stopper) -> Stopper:
    """Register a function that takes a customer, a scope and what is planned, and returns codes of what ends first."""
    _stoppers.append(stopper)
    return stopper


def hard_stops(plan: Plan) -> tuple[str, ...]:
    """Return the codes of what must end first, whatever the time."""
    return tuple(stop for stop in plan.stops if stop != OPEN_COPY)


def plan(customer_id: int, scope: Scope) -> Plan:
    """Return what an erasure of this scope would do now; reads only."""
    items = tuple(item for _code, erasing in all_erasing() for item in erasing.plan(customer_id, scope))
    return Plan(items, tuple(stop for stopper in _stoppers for stop in stopper(customer_id, scope, items)))
