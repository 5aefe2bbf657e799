"""What the person reads of the uses of a request: how each objection stands, and what they may have erased."""

from dataclasses import dataclass

from portal.personal_data.outcomes import ItemOutcome
from portal.records.data_map.kinds import installed_data_map
from portal.records.objections import ToldUse, kinds_for_these_alone, told_uses
from portal.rights.items.making import items_of
from portal.rights.models import RightsRequest
from portal.rights.weighing.weighing import uses_in, weighings_of


@dataclass(frozen=True, slots=True)
class ErasureOffer:
    """What served only uses that have stopped, which the person may have erased (GDPR art. 17(1)(c))."""

    kinds: list[str]
    names: list[str]


@dataclass(frozen=True, slots=True)
class UseOfRequest:
    """How the objection to one use stands, and what the answer says of its weighing; empty before the answer."""

    use: ToldUse
    summary: str


def uses_of_request(request: RightsRequest, language: str) -> list[UseOfRequest]:
    """Return how the person's objection to each use of a request stands now, those only that it is about."""
    codes = {item.kind for item in uses_in(items_of(request.id))}
    if not codes:
        return []
    weighings = weighings_of(request.id) if request.answered_at else {}
    told = told_uses(request.customer_id, language, codes)
    return [UseOfRequest(use, weighings[use.code].summary if use.code in weighings else "") for use in told]


def erasure_offered(request: RightsRequest, language: str) -> ErasureOffer | None:
    """Return what a person may have erased after an answer, since it serves only what stopped; None for nothing."""
    if request.answered_at is None:
        return None
    stopped = {item.kind for item in uses_in(items_of(request.id)) if item.outcome is ItemOutcome.STOPPED}
    kinds = kinds_for_these_alone(request.customer_id, stopped) if stopped else []
    names = [installed_data_map().kinds[code].label.text(language) for code in kinds]
    return ErasureOffer(kinds, names) if kinds else None
