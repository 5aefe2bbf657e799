"""Make the items of a request, and bring them up to date: one row for each kind under one rule, at any volume."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, select

from portal.infrastructure.database import db
from portal.personal_data.erasure.planning import Plan, PlannedItem
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.proposing import AS_WRITTEN, USES, proposals, systems_behind, use_key
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest

Key = tuple[str, str, str]
TOLD_LATER: Final = frozenset({"erasure", "rectification", "restriction", "objection"})
"""Rights that the company's systems have to carry out too."""


def make_items(request: RightsRequest, plan: Plan | None = None) -> bool:
    """Make the items of a request, or bring them up to date, in the current transaction.

    Counts and days follow what is held. A proposal follows the plan while nobody has decided the item. An undecided
    item that nothing stands behind any more goes.

    Args:
        plan: of an erasure, where the caller has it already.

    Returns:
        Whether the page that somebody read is no longer right: something that it did not show is not granted, or would
        be erased. More to hand over is no news.
    """
    db.session.flush()
    held = {_key(item): item for item in items_of(request.id)}
    proposed = {_key(item): item for item in proposals(request, plan)}
    behind = systems_behind(request) if request.right in TOLD_LATER else {}
    changed = [item for key, item in proposed.items() if _bring(request, held.get(key), item, behind)]
    gone = [item for key, item in held.items() if key not in proposed and not item.words]
    is_other = bool(changed) or any(item.state is ItemState.UNDECIDED for item in gone)
    _settle_gone(gone)
    db.session.flush()
    return is_other if request.right is Right.ERASURE else any(item.outcome.is_negative for item in changed)


def is_planned_otherwise(request: RightsRequest) -> bool:
    """Tell whether something is proposed now that nobody decided about: it is new, or has another fate than then."""
    decided = {_key(item): item.proposed for item in items_of(request.id)}
    return any(decided.get(_key(item)) is not item.outcome for item in proposals(request))


def items_of(request_id: int) -> list[RequestItem]:
    """Return the items of a request in the order in which they were made: one query."""
    theirs = select(RequestItem).where(RequestItem.request_id == request_id)
    return list(db.session.execute(theirs.order_by(RequestItem.id)).scalars())


def exceptions_of(request_id: int) -> list[ItemException]:
    """Return the records of a request that are decided otherwise than their kind: one query."""
    theirs = select(ItemException).join(RequestItem, RequestItem.id == ItemException.item_id)
    return list(
        db.session.execute(theirs.where(RequestItem.request_id == request_id).order_by(ItemException.id)).scalars()
    )


def has_items(request_id: int) -> bool:
    """Tell whether the items of a request were made."""
    return (
        db.session.execute(select(RequestItem.id).where(RequestItem.request_id == request_id).limit(1)).first()
        is not None
    )


def _key(item: RequestItem | PlannedItem) -> Key:
    return item.part, item.kind, item.rule


def _bring(request: RightsRequest, row: RequestItem | None, item: PlannedItem, behind: dict[str, list[str]]) -> bool:
    """Bring one row up to date, or add it; return whether it proposes something else than before."""
    is_new = row is None
    if row is None:
        row = RequestItem(request_id=request.id, part=item.part, kind=item.kind, rule=item.rule, ground="")
        row.state = ItemState.UNDECIDED
        db.session.add(row)
    row.category, row.planned = item.category, item.count
    row.systems = behind.get(_behind_key(item), row.systems or [])
    if row.state is not ItemState.UNDECIDED:
        return False
    is_same = (row.proposed, row.ground) == (item.outcome, item.ground)
    row.proposed, row.ground = item.outcome, item.ground
    row.legal_reference = item.legal_reference.text(request.language) if item.legal_reference else ""
    row.until_on, row.is_then_erased = item.until_on, item.is_then_erased
    return is_new or not is_same


def _behind_key(item: PlannedItem) -> str:
    if item.part == USES:
        return use_key(item.kind)
    return AS_WRITTEN if item.part == AS_WRITTEN else item.kind


def _settle_gone(gone: Iterable[RequestItem]) -> None:
    """Take away what nobody decided and nothing stands behind any more; what was decided stays, with nothing in it."""
    ids = []
    for item in gone:
        if item.state is ItemState.UNDECIDED:
            ids.append(item.id)
        else:
            item.planned = 0
    if ids:
        db.session.execute(delete(ItemException).where(ItemException.item_id.in_(ids)))
        db.session.execute(delete(RequestItem).where(RequestItem.id.in_(ids)))
