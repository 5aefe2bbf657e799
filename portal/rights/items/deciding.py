"""Decide the items of a request: as proposed, one by one, or all refused; and single records apart from their kind.

Each function belongs to an act on the case that has begun: the case is held or locked, and its version was checked.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select

from portal.infrastructure.database import db
from portal.personal_data.outcomes import ItemOutcome
from portal.records.corrections.targets import is_on_their_word
from portal.records.models import Record
from portal.rights.asked import ReviewDecision
from portal.rights.deciding.refusals import RefusalGround, grounds_for
from portal.rights.items.models import ItemException, ItemState, RequestItem
from portal.rights.items.outcome import outcomes_for
from portal.rights.items.proposing import AS_WRITTEN, CORRECTIONS, PORTAL, STATEMENTS, USES
from portal.rights.items.telling.wording import has_records
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest

MOST_EXCEPTIONS: Final = 500
"""Records that one item may have decided apart; more are named by spans."""


class Way(StrEnum):
    """How all items are decided by one act."""

    PROPOSED = "proposed"
    "What is proposed as it stands, and what was decided one by one."
    REFUSED = "refused"
    "All refused, on one ground."


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided about one item, or about records of it.

    Attributes:
        ground: why not all is done; None for what grants.
        until_on: the last day of what stays; None where it stays as long as its reason lasts.
    """

    outcome: ItemOutcome
    ground: RefusalGround | None = None
    until_on: date | None = None


class NotForItem(Exception):
    """The outcome or the ground is not one of this item."""


class TooManyExceptions(Exception):
    """An item has as many records decided apart as it may: name a span instead."""


def decide_items(
    request: RightsRequest,
    items: Iterable[RequestItem],
    way: Way,
    *,
    by: int | None,
    ground: RefusalGround | None = None,
    until_on: date | None = None,
) -> None:
    """Decide in the current transaction every item that is still undecided; a whole refusal decides all of them.

    Args:
        by: the id of the member; None for the portal.
        ground: of a whole refusal, with the last day of what stays.
    """
    for item in items:
        if way is Way.REFUSED:
            _write(item, Choice(ItemOutcome.REFUSED, ground, until_on), by)
        elif item.state is ItemState.UNDECIDED:
            item.outcome, item.state, item.decided_by = item.proposed, ItemState.DECIDED, by
    if way is Way.REFUSED:
        _drop_exceptions(select(RequestItem.id).where(RequestItem.request_id == request.id))
    db.session.flush()


def decide_one(request: RightsRequest, item: RequestItem, choice: Choice, by: int) -> None:
    """Decide one item otherwise than all of them, in the current transaction. Raises `NotForItem`."""
    if choice.outcome not in choices_of(item, request):
        raise NotForItem(choice.outcome)
    if choice.outcome is item.proposed:
        item.outcome, item.state, item.decided_by = item.proposed, ItemState.DECIDED, by
    else:
        _check_ground(choice, grounds_of(item, request.right))
        _write(item, choice, by)
    db.session.flush()


def choices_of(item: RequestItem, request: RightsRequest) -> tuple[ItemOutcome, ...]:
    """Return what may be decided about an item, what is proposed first.

    What the law or a contract keeps cannot be granted against the plan, only a silent system is missing, and what
    makes up an account goes or stays as one. What becomes of a use comes of its weighing alone (`rights.weighing`).
    """
    if item.part == USES:
        return ()
    is_settled = item.proposed is not None and (item.proposed.is_negative or item.proposed is ItemOutcome.LEFT_OUT)
    if is_settled or item.part not in _BY_ITSELF:
        return (item.proposed,) if item.proposed else ()
    is_review = isinstance(request.asked, ReviewDecision)
    unfit = {ItemOutcome.MISSING, ItemOutcome.ARCHIVED, ItemOutcome.LEFT_OUT, ItemOutcome.OVERRIDDEN}
    unfit.add(ItemOutcome.STOPPED if is_review else ItemOutcome.REVIEWED)
    if item.part == STATEMENTS:
        unfit.add(ItemOutcome.STATEMENT)  # words beside it are what was asked for
    if request.asked.concerns_marketing:
        unfit |= {outcome for outcome in ItemOutcome if outcome.is_negative}
    fit = [outcome for outcome in outcomes_for(request.right) if outcome not in unfit]
    return tuple(sorted(fit, key=lambda outcome: outcome is not item.proposed))


_BY_ITSELF: Final = frozenset({Record.__tablename__, PORTAL, AS_WRITTEN, CORRECTIONS, STATEMENTS})


def grounds_of(item: RequestItem, right: Right) -> tuple[RefusalGround, ...]:
    """Return the grounds on which an item may be answered otherwise than asked."""
    return grounds_for(right, is_on_their_word=item.part == CORRECTIONS and is_on_their_word(item.kind, item.rule))


def grounds_of_whole(items: Iterable[RequestItem], right: Right) -> tuple[RefusalGround, ...]:
    """Return the grounds on which all items of a request may be refused at once: those of each of them."""
    of_each = [grounds_of(item, right) for item in items]
    return tuple(ground for ground in grounds_for(right) if all(ground in grounds for grounds in of_each))


def _check_ground(choice: Choice, grounds: tuple[RefusalGround, ...]) -> None:
    if choice.outcome.is_negative and choice.ground not in grounds:
        raise NotForItem(choice.ground)


def _write(item: RequestItem, choice: Choice, by: int | None) -> None:
    item.outcome, item.state, item.decided_by = choice.outcome, ItemState.DECIDED, by
    item.ground, item.legal_reference = (str(choice.ground) if choice.ground else ""), ""
    item.until_on = choice.until_on
    item.is_then_erased = False  # nothing tells when the reason of a person ends, so nothing is promised


def divide(request: RightsRequest, item: RequestItem, words: str) -> RequestItem:
    """Take a part out of what only words describe, named by words, so that it is decided apart. Raises `NotForItem`."""
    if item.part != AS_WRITTEN:
        raise NotForItem(item.part)
    taken = select(func.count()).select_from(RequestItem).where(RequestItem.request_id == request.id)
    number = db.session.execute(taken).scalar_one() + 1
    part = RequestItem(
        request_id=request.id, part=item.part, kind=item.kind, rule=str(number), category=item.category, planned=1,
        proposed=item.proposed, state=ItemState.UNDECIDED, systems=list(item.systems), words=words, ground="",
    )  # fmt: skip
    db.session.add(part)
    db.session.flush()
    return part


def except_records(
    request: RightsRequest,
    item: RequestItem,
    choice: Choice,
    *,
    external_id: str | None = None,
    span: tuple[datetime, datetime] | None = None,
) -> ItemException:
    """Decide one record of an item, or those of a span, otherwise than the rest, in the current transaction.

    Raises:
        NotForItem: the item has no records, or may not be decided so.
        TooManyExceptions.
    """
    if not has_records(item) or choice.outcome not in choices_of(item, request):
        raise NotForItem(choice.outcome)
    _check_ground(choice, grounds_of(item, request.right))
    of_item = ItemException.item_id == item.id
    if external_id is not None:
        db.session.execute(delete(ItemException).where(of_item, ItemException.external_id == external_id))
    count = db.session.execute(select(func.count()).select_from(ItemException).where(of_item)).scalar_one()
    if count >= MOST_EXCEPTIONS:
        raise TooManyExceptions
    exception = ItemException(
        item_id=item.id, external_id=external_id, from_at=span[0] if span else None, to_at=span[1] if span else None,
        outcome=choice.outcome, ground=str(choice.ground) if choice.ground else "", until_on=choice.until_on,
    )  # fmt: skip
    db.session.add(exception)
    db.session.flush()
    return exception


def take_back(item: RequestItem, exception_id: int) -> None:
    """Decide records as their kind again, in the current transaction; an exception of another item stays."""
    db.session.execute(delete(ItemException).where(ItemException.item_id == item.id, ItemException.id == exception_id))


def _drop_exceptions(items: object) -> None:
    db.session.execute(delete(ItemException).where(ItemException.item_id.in_(items)))  # type: ignore[arg-type]


def digest_of(items: Iterable[RequestItem]) -> str:
    """Return the SHA-256 of what was decided: part, kind, rule, outcome and ground of each item."""
    lines = sorted([item.part, item.kind, item.rule, str(item.outcome), item.ground] for item in items)
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
