"""The ground of a no, of the closed list: what the reviewer chose, or what the plan's own code stands for."""

from typing import Final

from portal.personal_data.outcomes import ItemOutcome
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.items.models import ItemException, RequestItem


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
