"""What is proposed for each item of a request: by the plan of an erasure, by what is held, or by what was asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from portal.exports.portability.covering import portable
from portal.infrastructure import installed
from portal.instructions.models import Operation
from portal.instructions.queue import answered_targets
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.corrections.models import Correction, ValueStatement
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.planning import Plan, PlannedItem
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.registry import holdings
from portal.personal_data.uses.portability import LeftOut
from portal.records.counts import HeldKind, kinds_held
from portal.records.data_map.kinds import installed_data_map
from portal.records.imports.deliveries import silent_systems
from portal.records.models import Record
from portal.records.queries import own_counts
from portal.rights.asked import Correct, ReviewDecision, Scoped, StopUse
from portal.rights.chosen import Use
from portal.rights.correcting.noting import corrections_of, target_of
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

CORRECTIONS: Final = Correction.__tablename__
"""The part of one value to correct, by kind and, as its rule, the field."""
STATEMENTS: Final = ValueStatement.__tablename__
"""The part of words that complete a record, as its person asked (art. 16): done, they are `corrected`."""


def proposals(request: RightsRequest, plan: Plan | None = None) -> list[PlannedItem]:
    """Return what a request is about, each item with what is proposed for it; reads only.

    Args:
        plan: of an erasure, where the caller has it already.
    """
    match request.right:
        case Right.ERASURE:
            found = list((plan or erasure_plan(request)).items)
        case Right.ACCESS:
            found = [*_held(request, ItemOutcome.HANDED), *_own(request), *_missing(request)]
        case Right.PORTABILITY:
            found = [*_portable(request), *_own_portable(request)]
        case Right.RECTIFICATION:
            found = list(_corrected(request))
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


def _corrected(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield each value that a request names; else the words to put beside a record, where it asks for those alone."""
    asked = request.asked
    rows = corrections_of(request.id)
    category = getattr(asked, "category", None)
    for row in rows:
        yield PlannedItem(CORRECTIONS, row.kind, row.field, category, 1, ItemOutcome.CORRECTED)
    target = None if rows else target_of(request)
    if target is not None and target.takes_statement_only:
        yield PlannedItem(STATEMENTS, target.kind, "", target.category, 1, ItemOutcome.CORRECTED)


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
    asked = request.asked
    categories = asked.categories if isinstance(asked, Scoped) else None
    if isinstance(asked, Correct) and asked.category:
        categories = (asked.category,)
    return [held for held in kinds_held(request.customer_id) if not categories or held.category in categories]


def _held(request: RightsRequest, outcome: ItemOutcome, *, is_by_system: bool = True) -> Iterator[PlannedItem]:
    counts: dict[tuple[str, str, str, str], int] = {}
    for held in _of_scope(request):
        key = (held.part, held.kind, held.source if is_by_system else "", held.category)
        counts[key] = counts.get(key, 0) + held.number
    for (part, kind, rule, category), count in counts.items():
        yield PlannedItem(part, kind, rule, category, count, outcome)


def _portable(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield the records, handed over or left out as art. 20(1) says; those in the archive are there for the law."""
    kinds = installed_data_map().kinds
    for item in _held(request, ItemOutcome.HANDED, is_by_system=False):
        kind, reason = kinds.get(item.kind), LeftOut.OTHER_BASIS
        yield _as_covered(item, kind.left_out if kind and item.part == Record.__tablename__ else reason)


def _own_portable(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield what the portal itself keeps, by category and reason: the same things as the copy holds and leaves out."""
    asked = request.asked.categories if isinstance(request.asked, Scoped) else None
    data_map, language = installed_data_map(), request.language
    for category in asked or CATEGORIES:
        own = (holding.items for holding in holdings() if holding.items and holding.code != Record.__tablename__)
        held = (item for items in own for item in items(request.customer_id, category, language))
        covered = (portable(item, data_map, language) for item in held)
        for reason, count in Counter(each if isinstance(each, LeftOut) else None for each in covered).items():
            yield _as_covered(PlannedItem(PORTAL, category, reason or "", category, count, ItemOutcome.HANDED), reason)


def _as_covered(item: PlannedItem, reason: LeftOut | None) -> PlannedItem:
    return replace(item, outcome=ItemOutcome.LEFT_OUT, ground=str(reason)) if reason else item


def _own(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield what the portal itself keeps, by category."""
    categories = request.asked.categories if isinstance(request.asked, Scoped) else None
    for category, count in own_counts(request.customer_id).items():
        if categories and category not in categories:
            continue
        yield PlannedItem(PORTAL, category, "", category, count, ItemOutcome.HANDED)


def _missing(request: RightsRequest) -> Iterator[PlannedItem]:
    """Yield the systems that have not said for a month what they hold, nor when they were asked for this request."""
    silent = silent_systems(system.code for system in installed.organisation().systems)
    heard = answered_targets(request.id, Operation.CONFIRM) if silent else set()
    for code in (code for code in silent if code not in heard):
        yield PlannedItem(SYSTEMS, code, "", None, 0, ItemOutcome.MISSING, "not_heard")


def systems_behind(request: RightsRequest) -> dict[str, list[str]]:
    """Return, by kind, the systems that sent the records a request concerns; those of all under `AS_WRITTEN`.

    Those behind a use stand under its `use_key`.
    """
    target = target_of(request) if request.right is Right.RECTIFICATION else None
    if target is not None:
        return {target.kind: [target.source] if target.source else []}
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
