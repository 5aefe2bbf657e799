"""Systems and recipients hear of a restriction when it begins, and when it ends (GDPR art. 19).

Whoever holds a kind of what is locked is told to put it on hold. At the end those who may have done so are told that it
may be used again, where nothing else keeps it locked; what was not sent yet is asked of nobody any more.
"""

from collections.abc import Iterable

from portal.infrastructure.database import db
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.instructions.queue import instruct, instructions_of, take_back
from portal.instructions.targets import kinds_of
from portal.personal_data.restrictions.locking import LiftCause, on_turn
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import locked_categories
from portal.records.counts import kinds_held
from portal.records.data_map.kinds import installed_data_map
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.carrying_out.telling import close_or_wait, open_again
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest


def hold_request(restriction: Restriction) -> None:
    """Lock the request of a restriction behind its customer, before anything is locked that comes after."""
    if restriction.request_id is not None:
        acting.of_portal(restriction.request_id)


@on_turn
def tell_systems(restriction: Restriction) -> None:
    """Tell whoever holds what is locked from now on, or no longer, in the transaction that locks or lifts.

    A restriction that no request asked for is told by the officer: nothing of it can be answered here.
    """
    if restriction.request_id is None:
        return
    if restriction.lifted_at is None:
        _tell_to_restrict(db.session.get_one(RightsRequest, restriction.request_id), restriction.categories)
    else:
        _tell_of_end(acting.of_portal(restriction.request_id), LiftCause(restriction.lift_cause))


def _tell_to_restrict(request: RightsRequest, categories: Iterable[str]) -> None:
    locked = set(categories)
    held = {each.kind for each in kinds_held(request.customer_id) if not locked or each.category in locked}
    if held:
        instruct(request, Operation.RESTRICT, {"kinds": sorted(held)})


def _tell_of_end(act: Act, cause: LiftCause) -> None:
    """Ask nobody any more to put on hold, and tell those who may have; what is erased, nobody uses again."""
    told = [row for row in instructions_of(act.request.id) if row.operation is Operation.RESTRICT]
    may_have = [row for row in told if _may_have_restricted(row)]
    targets = {row.target for row in may_have}
    kinds = {kind for row in may_have for kind in kinds_of(row.scope)} - _still_locked(act.request.customer_id)
    take_back(act.request.id, Operation.RESTRICT)
    is_used_again = bool(kinds) and cause is not LiftCause.ERASED
    if is_used_again and instruct(act.request, Operation.RELEASE, {"kinds": sorted(kinds)}, only=targets):
        open_again(act)
    if act.request.status is Status.ANSWERED:
        close_or_wait(act)


def _may_have_restricted(row: Instruction) -> bool:
    """Tell whether somebody was reached, or may have been; not who said no, or was exempted."""
    is_reached = row.state in {InstructionState.SENT, InstructionState.ACKNOWLEDGED} or row.attempts > 0
    return is_reached and row.exemption is None


def _still_locked(customer_id: int) -> set[str]:
    locked = locked_categories(customer_id)
    return {kind.code for kind in installed_data_map().kinds.values() if kind.category in locked}
