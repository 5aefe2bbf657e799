"""What was decided about each item, on what ground, and the outcome computed from that: nobody chooses it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from portal.personal_data.outcomes import ItemOutcome
from portal.rights.deciding.refusals import RefusalGround
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


def reached(decided: RequestItem | ItemException) -> ItemOutcome | None:
    """Return what was decided about an item or a record apart; what is proposed, while nobody has decided."""
    return decided.outcome or (decided.proposed if isinstance(decided, RequestItem) else None)


def ground_of(decided: RequestItem | ItemException) -> RefusalGround | None:
    """Return the ground on which an item, or a record apart, is not granted; None where it is, or none was given."""
    outcome = reached(decided)
    if outcome is None or not outcome.is_negative:
        return None
    if decided.ground in list(RefusalGround):
        return RefusalGround(decided.ground)
    return _OF_PLAN.get(decided.ground) or _OF_OUTCOME.get(outcome)


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
_OF_PLAN: Final = {
    "law": RefusalGround.LEGAL_OBLIGATION,
    "contract": RefusalGround.STILL_NEEDED,
    "hold": RefusalGround.STILL_NEEDED,
    "restriction": RefusalGround.STILL_NEEDED,
}
"""The codes of plans that are no ground of the list. Whoever placed a hold has proven it; the reviewer need not."""
_OF_OUTCOME: Final = {
    ItemOutcome.ARCHIVED: RefusalGround.LEGAL_OBLIGATION,
    ItemOutcome.KEPT: RefusalGround.STILL_NEEDED,
}
