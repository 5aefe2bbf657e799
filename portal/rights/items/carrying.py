"""What was done about each item: noted by whoever did it, after counting what is left."""

from sqlalchemy import select, update

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.keeping.keeps import end_keep, keep
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.outcomes import ItemOutcome
from portal.records.models import Record
from portal.rights.items.making import exceptions_of, items_of, make_items
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.telling.wording import has_records
from portal.rights.models import RightsRequest


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


def note_erased(erasure: Erasure) -> None:
    """Note in the current transaction what an erasure did to the items of its request, by its certificate."""
    certificate = certificate_of(erasure)
    if certificate is None or erasure.request_id is None:
        return
    # By kind: what was in use when it was decided may have gone to the archive by its time before the erasure began.
    counts: dict[tuple[str, str], int] = {}
    for line in (*certificate.erased, *certificate.archived):
        counts[line["kind"], line["rule"]] = counts.get((line["kind"], line["rule"]), 0) + line["count"]
    for item in items_of(erasure.request_id):
        if item.outcome in {ItemOutcome.ERASED, ItemOutcome.ARCHIVED}:
            done = counts.pop((item.kind, item.rule), 0)
            note_done(erasure.request_id, item.part, item.kind, item.rule, done)


def spares_something(request: RightsRequest) -> bool:
    """Tell whether it was decided that the erasure of a request leaves records in place which the plan would erase."""
    apart = (exception.outcome is not ItemOutcome.ERASED for exception in exceptions_of(request.id))
    return any(_is_spared(item) for item in items_of(request.id)) or any(apart)


def _is_spared(item: RequestItem) -> bool:
    return item.proposed is ItemOutcome.ERASED and item.outcome is not ItemOutcome.ERASED and has_records(item)


def spare(request: RightsRequest) -> None:
    """Keep in the current transaction what the erasure of a request leaves in place: items and records apart."""
    items = {item.id: item for item in items_of(request.id)}
    for item in items.values():
        if _is_spared(item):
            keep(request.customer_id, KeepReason.DECIDED, request.id, kind=item.kind)
    for exception in exceptions_of(request.id):
        if exception.outcome is ItemOutcome.ERASED:
            continue
        for external_id in numbers_of(request.customer_id, items[exception.item_id].kind, exception):
            of_record = {"kind": items[exception.item_id].kind, "external_id": external_id}
            keep(request.customer_id, KeepReason.DECIDED, request.id, **of_record)


def spare_no_more(request_id: int) -> None:
    """End in the current transaction what was kept from an erasure that is over, or will not come."""
    end_keep(KeepReason.DECIDED, request_id)


def numbers_of(customer_id: int, kind: str, exception: ItemException) -> list[str]:
    """Return the numbers of the records that an exception is about."""
    if exception.external_id is not None:
        return [exception.external_id]
    theirs = select(Record.external_id).where(Record.customer_id == customer_id, Record.kind == kind)
    within = theirs.where(Record.recorded_at >= exception.from_at, Record.recorded_at <= exception.to_at)
    return list(db.session.execute(within.order_by(Record.id)).scalars())


def reconsider(request: RightsRequest) -> None:
    """Put every item back to what is proposed now, in the current transaction: it is decided once more."""
    for item in items_of(request.id):
        item.state, item.outcome, item.decided_by = ItemState.UNDECIDED, None, None
    make_items(request)
