"""Weigh the company's interest in one use against the person's situation (GDPR art. 21(1)).

The company has to prove that its grounds are compelling, so that is written down, whatever comes of it. A use goes on
only when the officer agrees to the answer; a stop needs nobody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select

from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.stops.models import StopState, Weighing
from portal.rights import acting
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.items.handling import find_item
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.items.proposing import USES
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember

WEIGHED = declare("staff:use:weighed", "reference", "purpose", "result")


Result = StopState
"""What may come of a weighing: a state of the stop, `WEIGHING` excepted."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the team weighed, as typed; every text is needed.

    Attributes:
        result: stopped or overridden.
        interest: what the company pursues. `necessity`: why it cannot without these data. `grounds`: what is
            compelling, or why nothing is. `safeguards`: what protects the person.
        summary: what the answer says of it, in the language of the request.
    """

    result: StopState
    interest: str
    necessity: str
    grounds: str
    safeguards: str
    summary: str


class NotWeighable(Exception):
    """The item is no use that is weighed, or a text of the weighing is missing."""


def weigh(request: RightsRequest, member: StaffMember, item_id: int, balance: Balance, version: int) -> Weighing:
    """Decide one use by its weighing, in the current transaction. Weighed again, the newest one counts.

    Raises:
        NoSuchItem, NotWeighable, CaseMoved, OwnCase.
    """
    act = acting.hold(request, member, version)
    item = check_use(request, item_id)
    texts = {field.name: getattr(balance, field.name).strip() for field in fields(balance) if field.name != "result"}
    if balance.result is StopState.WEIGHING or not all(texts.values()):
        raise NotWeighable
    weighing = Weighing(
        request_id=request.id, customer_id=request.customer_id, purpose=item.kind, result=balance.result,
        author_id=member.id, **texts,
    )  # fmt: skip
    db.session.add(weighing)
    item.outcome, item.ground = _OUTCOMES[balance.result]
    item.state, item.decided_by = ItemState.DECIDED, member.id
    act.record(WEIGHED, purpose=item.kind, result=balance.result)
    db.session.flush()
    return weighing


_OUTCOMES = {
    StopState.STOPPED: (ItemOutcome.STOPPED, ""),
    StopState.OVERRIDDEN: (ItemOutcome.OVERRIDDEN, str(RefusalGround.COMPELLING_GROUNDS)),
}


def check_use(request: RightsRequest, item_id: int) -> RequestItem:
    """Return an item of a case that is a use. Raises `NoSuchItem`, `NotWeighable`."""
    item = find_item(request, item_id)
    if item.part != USES:
        raise NotWeighable
    return item


def weighings_of(request_id: int) -> dict[str, Weighing]:
    """Return the newest weighing of each use of a request, by the code of its purpose: one query."""
    theirs = select(Weighing).where(Weighing.request_id == request_id).order_by(Weighing.id)
    return {weighing.purpose: weighing for weighing in db.session.execute(theirs).scalars()}


def uses_in(items: Iterable[RequestItem]) -> list[RequestItem]:
    """Return the items that are uses to be weighed."""
    return [item for item in items if item.part == USES]


def unweighed(items: Iterable[RequestItem]) -> list[RequestItem]:
    """Return the uses that nobody has weighed yet."""
    return [item for item in uses_in(items) if item.state is ItemState.UNDECIDED]


def typed_before(weighing: Weighing | None) -> dict[str, Any]:
    """Return what the form of a use shows first: its newest weighing, so that it can be corrected."""
    names = Balance.__dataclass_fields__
    return {name: getattr(weighing, name) for name in names} if weighing else {}
