"""What is proposed for each item of a request: by the plan of an erasure, by what is held, or by what was asked."""

from collections.abc import Iterator
from typing import Final

from portal.infrastructure import installed
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.planning import Plan, PlannedItem
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.registry import holdings
from portal.personal_data.uses.lawful_bases import Availability, availability
from portal.personal_data.uses.purposes import OWN_PURPOSES
from portal.records.counts import HeldKind, kinds_held
from portal.records.data_map.kinds import installed_data_map
from portal.records.imports.deliveries import silent_systems
from portal.records.models import Record
from portal.records.queries import own_counts
from portal.rights.asked import ReviewDecision, Scoped, StopUse
from portal.rights.chosen import Use
from portal.rights.erasing.stops import scope_of
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest

AS_WRITTEN: Final = "request"
"""The part of what no table names: what a person asks in their own words, or of a use."""
PORTAL: Final = "portal"
"""The part of what the portal itself keeps, beside the records of the company's systems."""
USES: Final = "uses"
"""The part of uses that rest on the company's interest: each is weighed by itself (art. 21(1))."""
SYSTEMS: Final = "systems"
"""The part of what a system of the company has not said yet."""


def proposals(request: RightsRequest, plan: Plan | None = None) -> list[PlannedItem]:
    """Return what a request is about, each item with what is proposed for it; reads only.

    Args:
        plan: of an erasure, where the caller has it already.
    """
    match request.right:
        case Right.ERASURE:
            found = list((plan or erasure_plan(request)).items)
        case Right.ACCESS:
            found = [*_held(request, ItemOutcome.HANDED), *_own(request), *_missing()]
        case Right.PORTABILITY:
            found = [*_portable(request), *_own(request)]
        case Right.RESTRICTION:
            found = list(_held(request, ItemOutcome.RESTRICTED, is_by_system=False))
        case Right.OBJECTION:
            found = list(_uses(request))
        case _:
            found = []
    return found or [_as_written(request)]


def erasure_plan(request: RightsRequest) -> Plan:
    """Return what the erasure that a request asks for would do now; reads only."""
    return planning.plan(request.customer_id, scope_of(request.customer_id, request.asked))


def _uses(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield the purposes that are to stop, and before them a use that rests on choices where one is named too."""
    asked = request.asked
    if not isinstance(asked, StopUse) or not asked.purposes:
        return
    if asked.use not in {None, Use.OTHER}:
        yield _as_written(request)
    for code in dict.fromkeys(asked.purposes):
        yield PlannedItem(USES, code, "", None, 1, ItemOutcome.STOPPED)


def _as_written(request: RightsRequest) -> PlannedItem:
    """Return the one item of a request that only its words describe."""
    asked = request.asked
    match asked:
        case ReviewDecision():
            kind, outcome = "automated_decision", ItemOutcome.REVIEWED
        case StopUse():
            kind, outcome = str(asked.use or "as_written"), ItemOutcome.STOPPED
        case _:
            kind, outcome = _ASKED[request.right]
    return PlannedItem(AS_WRITTEN, kind, "", getattr(asked, "category", None), 1, outcome)


_ASKED: Final = {
    Right.ACCESS: ("as_written", ItemOutcome.HANDED),
    Right.RECTIFICATION: ("as_written", ItemOutcome.CORRECTED),
    Right.ERASURE: ("as_written", ItemOutcome.ERASED),
    Right.RESTRICTION: ("as_written", ItemOutcome.RESTRICTED),
    Right.PORTABILITY: ("as_written", ItemOutcome.HANDED),
    Right.OBJECTION: ("as_written", ItemOutcome.STOPPED),
    Right.DIRECTIVES: ("directives", ItemOutcome.RECORDED),
}


def _of_scope(request: RightsRequest) -> list[HeldKind]:
    """Return the records that a request concerns, by part, kind and system."""
    categories = request.asked.categories if isinstance(request.asked, Scoped) else None
    return [held for held in kinds_held(request.customer_id) if not categories or held.category in categories]


def _held(request: RightsRequest, outcome: ItemOutcome, *, is_by_system: bool = True) -> Iterator[PlannedItem]:
    counts: dict[tuple[str, str, str, str], int] = {}
    for held in _of_scope(request):
        key = (held.part, held.kind, held.source if is_by_system else "", held.category)
        counts[key] = counts.get(key, 0) + held.number
    for (part, kind, rule, category), count in counts.items():
        yield PlannedItem(part, kind, rule, category, count, outcome)


def _portable(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield the records in use, handed over or left out as art. 20(1) says; the archive is not for other uses."""
    kinds = installed_data_map().kinds
    for item in _held(request, ItemOutcome.HANDED, is_by_system=False):
        kind = kinds.get(item.kind)
        if item.part != Record.__tablename__:
            continue
        is_portable = kind is not None and kind.is_portable
        outcome, ground = (ItemOutcome.HANDED, "") if is_portable else (ItemOutcome.LEFT_OUT, "not_portable")
        yield PlannedItem(item.part, item.kind, "", item.category, item.count, outcome, ground)


def _own(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield what the portal itself keeps, by category."""
    categories = request.asked.categories if isinstance(request.asked, Scoped) else None
    for category, count in own_counts(request.customer_id).items():
        if categories and category not in categories:
            continue
        is_handed = request.right is Right.ACCESS or _is_own_portable(category)
        outcome, ground = (ItemOutcome.HANDED, "") if is_handed else (ItemOutcome.LEFT_OUT, "not_portable")
        yield PlannedItem(PORTAL, category, "", category, count, outcome, ground)


def _is_own_portable(category: str) -> bool:
    codes = {code for holding in holdings() for code in holding.purposes.get(category, ())}
    bases = {purpose.lawful_basis for code, purpose in OWN_PURPOSES.items() if code in codes}
    return any(availability(basis, "portability") is Availability.YES for basis in bases)


def _missing() -> Iterator[PlannedItem]:
    """Yield the systems that have not said for a month what they hold."""
    for code in silent_systems(system.code for system in installed.organisation().systems):
        yield PlannedItem(SYSTEMS, code, "", None, 0, ItemOutcome.MISSING, "not_heard")


def systems_behind(request: RightsRequest) -> dict[str, list[str]]:
    """Return, by kind, the systems that sent the records a request concerns; those of all under `AS_WRITTEN`.

    Those behind a use stand under its `use_key`.
    """
    found: dict[str, set[str]] = {}
    kinds = installed_data_map().kinds
    for held in _of_scope(request):
        uses = kinds[held.kind].all_purposes if held.kind in kinds else ()
        for key in (held.kind, AS_WRITTEN, *map(use_key, uses)):
            found.setdefault(key, set()).add(held.source)
    return {kind: sorted(sources) for kind, sources in found.items()}


def use_key(purpose: str) -> str:
    """Return under what `systems_behind` names the systems of a purpose: no kind has such a code."""
    return f"{USES}:{purpose}"
