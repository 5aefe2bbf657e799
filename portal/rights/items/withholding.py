"""What the copy of a request leaves out: the items and records that were withheld or refused."""

from collections.abc import Iterable

from portal.exports.requesting import Withheld, withholds
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.portability import LeftOut
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.items.carrying import note_done, numbers_of
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.outcome import ground_of
from portal.rights.items.proposing import PORTAL

_OUT = frozenset({ItemOutcome.WITHHELD, ItemOutcome.REFUSED})


@withholds
def withheld_of(request_id: int) -> Withheld:
    """Return what tells of a thing why the copy of a request leaves it out. What was decided apart comes first."""
    items, exceptions = {item.id: item for item in items_of(request_id)}, exceptions_of(request_id)

    def withheld_because(held: HeldItem) -> LeftOut | None:
        apart = next((each for each in exceptions if _names(items[each.item_id], each, held)), None)
        if apart is not None:
            return _because(apart)
        covering = (_because(item) for item in items.values() if _covers(item, held))
        return next(filter(None, covering), None)

    return withheld_because


def _because(decided: RequestItem | ItemException) -> LeftOut | None:
    if decided.outcome not in _OUT:
        return None
    return LeftOut.RIGHTS_OF_OTHERS if ground_of(decided) is RefusalGround.RIGHTS_OF_OTHERS else LeftOut.DECIDED


def _covers(item: RequestItem, held: HeldItem) -> bool:
    if item.part == PORTAL:
        return held.source == PORTAL and held.category == item.kind
    return held.kind == item.kind and item.rule in {"", held.source}


def _names(item: RequestItem, apart: ItemException, held: HeldItem) -> bool:
    if not _covers(item, held):
        return False
    if apart.external_id is not None:
        return bool(held.values.get("external_id") == apart.external_id)
    return bool(held.at and apart.from_at and apart.to_at and apart.from_at <= held.at <= apart.to_at)


def note_handed(request_id: int, customer_id: int) -> None:
    """Note in the current transaction how much of each item the copy holds, without what was decided apart."""
    exceptions = exceptions_of(request_id)
    for item in items_of(request_id):
        if item.outcome is ItemOutcome.HANDED and item.done_at is None:
            out = [each for each in exceptions if each.item_id == item.id and each.outcome in _OUT]
            left_out = _count(customer_id, item.kind, out)
            note_done(request_id, item.part, item.kind, item.rule, item.planned - left_out)


def _count(customer_id: int, kind: str, exceptions: Iterable[ItemException]) -> int:
    return len({number for each in exceptions for number in numbers_of(customer_id, kind, each)})
