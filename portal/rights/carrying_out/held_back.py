"""A legal hold that is placed on what somebody asked to erase is told to them, unless the officer wrote why not.

Until the decision the letter of the answer tells it: it names each thing that a hold keeps, with the law. Afterwards
the person is told here, in the transaction of the hold.
"""

from dataclasses import dataclass

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import on_place
from portal.records.erasing.left import left_under
from portal.records.erasing.planning import HOLD
from portal.rights import acting
from portal.rights.carrying_out.deferred import kinds_left, with_something_left
from portal.rights.erasing.emails import queue_held
from portal.rights.erasing.names import name_of
from portal.rights.models import EventKind


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What waits of an erasure: some kinds, as (part, kind), or everything."""

    kinds: tuple[tuple[str, str], ...]
    is_all: bool = False


@on_place
def tell_the_person(hold: LegalHold) -> None:
    """Note in each case and tell by mail, in the current transaction, that a hold keeps what was to be erased."""
    if hold.is_secret:
        return
    decided = (ErasureState.COOLING, ErasureState.WAITING, ErasureState.DONE)
    theirs = select(Erasure).where(Erasure.customer_id == hold.customer_id, Erasure.state.in_(decided))
    for erasure in db.session.execute(theirs.order_by(Erasure.id)).scalars():
        waiting = _left_by(erasure, hold) if erasure.state is ErasureState.DONE else _planned_by(erasure, hold)
        if waiting.kinds or waiting.is_all:
            _note(erasure, waiting)
            queue_held(erasure, is_all=waiting.is_all)


def _note(erasure: Erasure, waiting: _Waiting) -> None:
    if erasure.request_id is None:
        return
    act = acting.of_portal(erasure.request_id)
    names = [] if waiting.is_all else [name_of(part, kind, act.request.language) for part, kind in waiting.kinds]
    act.note(EventKind.ERASURE_HELD, "; ".join(dict.fromkeys(names)))


def _planned_by(erasure: Erasure, hold: LegalHold) -> _Waiting:
    """Return what a hold keeps of what an erasure that has not begun is about."""
    found = planning.plan(hold.customer_id, Scope.read(erasure.scope))
    kept = [item for item in found.items if item.ground == HOLD and _names(hold, item.category, item.kind)]
    is_all = not (hold.category or hold.kind or hold.external_id)
    return _Waiting(tuple((item.part, item.kind) for item in kept), is_all and bool(planning.hard_stops(found)))


def _left_by(erasure: Erasure, hold: LegalHold) -> _Waiting:
    """Return what a hold keeps of what an erasure left in the archive, or until a contract or another hold ends."""
    later = kinds_left(erasure) if with_something_left([erasure.id]) else ()
    return _Waiting(tuple(left_under(hold, erasure, later)))


def _names(hold: LegalHold, category: str | None, kind: str) -> bool:
    return hold.category in {None, category} and hold.kind in {None, kind}
