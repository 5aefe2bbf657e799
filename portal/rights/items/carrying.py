"""What was done about each item: noted by whoever did it, after counting what is left."""

from sqlalchemy import select, update

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.erasure.sparing import Spared, spares
from portal.personal_data.outcomes import ItemOutcome
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import ItemException, ItemState, RequestItem


def note_done(request_id: int, part: str, kind: str, rule: str, done: int) -> None:
    """Note in the current transaction that an item is done, exceptions included: a recount confirmed it.

    Args:
        done: how many were done.
    """
    db.session.flush()
    this = (RequestItem.request_id == request_id, RequestItem.part == part, RequestItem.kind == kind)
    items = list(db.session.execute(select(RequestItem).where(*this, RequestItem.rule == rule)).scalars())
    for item in items:
        item.state, item.done, item.done_at = ItemState.DONE, done, clock.now()
    exceptions = update(ItemException).where(ItemException.item_id.in_([item.id for item in items]))
    db.session.execute(exceptions.values(done_at=clock.now()))


def note_all_done(request_id: int, *outcomes: ItemOutcome) -> None:
    """Note in the current transaction that every item with one of some outcomes is done, as many as were planned."""
    for item in items_of(request_id):
        if item.outcome in outcomes and item.done_at is None:
            note_done(request_id, item.part, item.kind, item.rule, item.planned)


@spares
def spared_of(request_id: int) -> list[Spared]:
    """Return what the erasure of a request leaves in place: items that are not erased, and single records."""
    items = {item.id: item for item in items_of(request_id)}
    spared = [
        Spared(item.part, item.kind, item.rule)
        for item in items.values()
        if item.proposed is ItemOutcome.ERASED and item.outcome is not ItemOutcome.ERASED
    ]
    for exception in exceptions_of(request_id):
        item = items[exception.item_id]
        if exception.outcome is not ItemOutcome.ERASED:
            spared.append(
                Spared(item.part, item.kind, item.rule, exception.external_id, exception.from_at, exception.to_at)
            )
    return spared
