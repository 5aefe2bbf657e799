"""Tell systems and recipients what a request leads to, and close it once each of them has followed (GDPR art. 19)."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.instructions.acknowledging import on_settled
from portal.instructions.models import Instruction, Operation, is_open
from portal.instructions.queue import has_open, instruct, instruct_to_erase
from portal.organisation import RecipientRole
from portal.personal_data.erasure.checking.invariants import invariant
from portal.personal_data.erasure.listeners import on_seal
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import PlannedItem, read_items
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.outcomes import ItemOutcome
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.records.objections import kinds_serving
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.items.carrying import numbers_of
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.models import RequestItem
from portal.rights.items.proposing import AS_WRITTEN
from portal.rights.lifecycle import Status, Step
from portal.rights.models import EventKind, RightsRequest

MOST_SPARED: Final = 5000
"""How many records that stay are named one by one to whoever erases the rest."""


@on_seal
def tell_to_erase(erasure: Erasure) -> None:
    """Tell whoever holds what goes for good, in the transaction of the seal. What the law keeps stays there too."""
    going = [item for item in read_items(erasure.items) if _goes_everywhere(item)]
    goes = {item.kind for item in going}
    if not goes:
        return
    scope = {"until": clock.written(clock.now())} | _named(erasure, goes)
    if erasure.request_id is None:
        instruct_to_erase(erasure, scope | {"sources": {item.kind: item.systems for item in going}})
        return
    act = acting.of_portal(erasure.request_id)
    if instruct(act.request, Operation.ERASE, scope | _decided_apart(act.request, goes)):
        open_again(act)


def _goes_everywhere(item: PlannedItem) -> bool:
    return item.outcome is ItemOutcome.ERASED and item.part == Record.__tablename__ and item.count > 0


def _named(erasure: Erasure, kinds: set[str]) -> dict[str, Any]:
    """Return what goes: single records where the erasure names them, else whole kinds."""
    single = Scope.read(erasure.scope)
    if single.extent is Extent.RECORDS:
        return {"records": [[kind, number] for kind, number in single.records if kind in kinds]}
    return {"kinds": sorted(kinds)}


def _decided_apart(request: RightsRequest, kinds: set[str]) -> dict[str, Any]:
    """Return what the items of a request know besides: the systems behind each kind, and the records that stay."""
    items = items_of(request.id)
    sources: dict[str, set[str]] = {}
    for item in items:
        sources.setdefault(item.kind, set()).update(item.systems)
    found: dict[str, Any] = {}
    if kinds <= sources.keys():
        found["sources"] = {kind: sorted(sources[kind]) for kind in kinds}
    if spared := _spared(request, items, kinds):
        found["spared"] = spared
    return found


def _spared(request: RightsRequest, items: Iterable[RequestItem], kinds: set[str]) -> list[list[str]]:
    """Return the records that stay although their kind goes: decided apart."""
    kind_of = {item.id: item.kind for item in items}
    found: list[list[str]] = []
    for exception in exceptions_of(request.id):
        kind = kind_of[exception.item_id]
        if kind in kinds and exception.outcome is not ItemOutcome.ERASED:
            found += [[kind, number] for number in numbers_of(request.customer_id, kind, exception)]
    return found[:MOST_SPARED]


def ask_what_is_held(request: RightsRequest, systems: Iterable[str]) -> None:
    """Ask the systems that a copy waits for what they hold, in the transaction that files the request."""
    if codes := list(systems):
        instruct(request, Operation.CONFIRM, {"systems": codes})


def tell_of_words(request: RightsRequest) -> None:
    """Tell the systems of a correction that only words name, in the transaction that grants it: none is made here."""
    written = [item for item in items_of(request.id) if item.part == AS_WRITTEN]
    granted = [item for item in written if item.outcome is ItemOutcome.CORRECTED]
    if systems := sorted({code for item in granted for code in item.systems}):
        instruct(request, Operation.CORRECT, {"systems": systems})


def tell_to_stop(request: RightsRequest, purpose: str) -> None:
    """Tell whoever holds what serves a use that it stops, in the transaction that decides it (GDPR art. 21(1))."""
    if kinds := kinds_serving(request.customer_id, purpose):
        instruct(request, Operation.STOP, {"kinds": kinds, "purpose": purpose})


def tell_to_advertise_no_more(request: RightsRequest, flags: Collection[str]) -> None:
    """Tell the recipients that advertise for the company, in the transaction that switches choices off (art. 21(3)).

    Its own systems read the choices in the feed.
    """
    advertisers = [each.code for each in installed.organisation().recipients if each.role is RecipientRole.MARKETING]
    for code, purpose in installed_data_map().purposes.items():
        kinds = kinds_serving(request.customer_id, code) if set(flags).intersection(purpose.choices) else []
        if kinds:
            scope = {"kinds": kinds, "purpose": code, "sources": {}, "only": advertisers}
            instruct(request, Operation.STOP, scope)


def close_or_wait(act: Act) -> None:
    """Close an answered request, unless somebody who was told has not followed yet."""
    if has_open(act.request.id):
        act.request.closed_at = None
        return
    act.request.closed_at = act.request.closed_at or clock.now()
    act.step(Step.CLOSE)
    Act(act.request, "portal").note(EventKind.CLOSED)


def open_again(act: Act) -> None:
    """Let a closed request wait again: what it had left for later goes now, and systems have to follow."""
    if act.request.status is Status.CLOSED:
        act.step(Step.FOLLOW_UP)
        act.request.closed_at = None


@on_settled
def close_when_all_followed(row: Instruction) -> None:
    """Close the request in the transaction in which the last of those who were told confirms or is exempted."""
    if row.request_id is None:
        return
    act = acting.of_portal(row.request_id)
    if act.request.status is Status.ANSWERED:
        close_or_wait(act)


@invariant("I7")
def closed_only_when_all_followed() -> list[str]:
    """Return closed requests of which somebody who was told has neither confirmed nor been exempted."""
    closed = select(RightsRequest.reference).join(Instruction, Instruction.request_id == RightsRequest.id)
    return list(db.session.execute(closed.where(RightsRequest.status == Status.CLOSED, is_open()).distinct()).scalars())
