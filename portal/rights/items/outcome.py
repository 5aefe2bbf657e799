"""The outcome of a request, computed from what was decided about each item; nobody chooses it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from portal.personal_data.outcomes import ItemOutcome
from portal.rights.items.grounds import reached
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.lifecycle import Outcome, Right


class ItemUndecided(Exception):
    """An item waits for its decision, so no answer may leave."""


def outcome_of(items: Iterable[RequestItem], exceptions: Iterable[ItemException] = ()) -> Outcome:
    """Return the outcome of a request: no negative item is granted, only negative ones refused, all else partial.

    What moves to the archive, or goes by itself when a contract or a hold ends, was not refused: it is partial too.

    Raises:
        ItemUndecided: an item is not decided, or there is none.
    """
    items = list(items)
    check_decided(items)
    found = outcome_if_taken(items, exceptions)
    assert found is not None
    return found


def outcome_if_taken(items: Iterable[RequestItem], exceptions: Iterable[ItemException] = ()) -> Outcome | None:
    """Return the outcome that a request would have if what is proposed were taken as it stands; None without items."""
    decided: list[RequestItem | ItemException] = [*items, *exceptions]
    outcomes = [outcome for each in decided if (outcome := reached(each))]
    is_negative = {outcome.is_negative for outcome in outcomes}
    if not is_negative:
        return None
    if is_negative == {True} and not any(_is_carried_out(each) for each in decided):
        return Outcome.REFUSED
    return Outcome.PARTIAL if True in is_negative else Outcome.GRANTED


def _is_carried_out(decided: RequestItem | ItemException) -> bool:
    """Tell whether something is done about what is not granted: now to the archive, or gone when its reason ends."""
    is_left = isinstance(decided, RequestItem) and decided.is_then_erased
    return is_left or reached(decided) is ItemOutcome.ARCHIVED


def check_decided(items: Iterable[RequestItem]) -> None:
    """Raise `ItemUndecided` unless there are items, and each of them is decided."""
    items = list(items)
    if not items or any(item.state is ItemState.UNDECIDED or item.outcome is None for item in items):
        raise ItemUndecided


def outcomes_for(right: Right) -> tuple[ItemOutcome, ...]:
    """Return what may be decided about an item of a request under a right, what grants it first."""
    return _OF_RIGHT[right]


_OF_RIGHT: Final[Mapping[Right, tuple[ItemOutcome, ...]]] = MappingProxyType(
    {
        Right.ACCESS: (ItemOutcome.HANDED, ItemOutcome.WITHHELD, ItemOutcome.REFUSED, ItemOutcome.MISSING),
        Right.RECTIFICATION: (ItemOutcome.CORRECTED, ItemOutcome.STATEMENT, ItemOutcome.REFUSED),
        Right.ERASURE: (ItemOutcome.ERASED, ItemOutcome.ARCHIVED, ItemOutcome.KEPT, ItemOutcome.REFUSED),
        Right.RESTRICTION: (ItemOutcome.RESTRICTED, ItemOutcome.REFUSED),
        Right.PORTABILITY: (ItemOutcome.HANDED, ItemOutcome.LEFT_OUT, ItemOutcome.REFUSED),
        Right.OBJECTION: (ItemOutcome.STOPPED, ItemOutcome.REVIEWED, ItemOutcome.OVERRIDDEN, ItemOutcome.REFUSED),
        Right.DIRECTIVES: (ItemOutcome.RECORDED, ItemOutcome.REFUSED),
    }
)
"""Each right with its outcomes: those of GDPR art. 15 to 21, and two that change no data: recorded and reviewed."""
