"""The first two steps of an erasure: from cooling off to no way back, and the one transaction that shuts everything."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.certificate import last_archived_day
from portal.personal_data.erasure.contact import addresses_told, seal_contact
from portal.personal_data.erasure.listeners import marks_of, on_seal, reference_of, systems_of
from portal.personal_data.erasure.models import ErasedRecord, ErasedSpan, Erasure, ErasureState
from portal.personal_data.erasure.planning import OPEN_COPY, Plan, PlannedItem, hard_stops, plan, stored
from portal.personal_data.erasure.scheduling import send_back
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.erasure.tombstones import bury, named_record
from portal.personal_data.ledger.entries import is_confirmed, note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.outcomes import ItemOutcome

SEALED = declare("customer:erasure:sealed", "reference", "entry")

LOOKS_AGAIN = timedelta(hours=1)
"""How often a start that waits for an open copy looks again."""
ASKS_AGAIN = timedelta(seconds=2)
"""How soon it is asked again whether the ledger has the line."""
WAITS_AT_MOST = timedelta(days=30)
"""For an open copy, where no due day says it."""
_OF_RECORDS = (Extent.CATEGORIES, Extent.KINDS, Extent.RECORDS)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an erasure will do, read before its locks are taken: on SQLite everybody who writes waits behind them.

    Attributes:
        marks: what the plan rests on, at little cost (`listeners.marks_of`).
        systems: by kind, the codes of the company's systems that sent what goes.
    """

    marks: list[object]
    plan: Plan
    systems: dict[str, list[str]]


def foresee(erasure: Erasure) -> Foreseen:
    """Return what an erasure will do; reads only, and takes as long as the person has records."""
    scope = Scope.read(erasure.scope)
    marks = marks_of(erasure.customer_id)
    return Foreseen(marks, plan(erasure.customer_id, scope), systems_of(erasure.customer_id, scope))


def start(erasure: Erasure, foreseen: Foreseen | None) -> datetime | None:
    """Begin, or send back to review, or wait: step 1. Nothing cancels it from here on.

    Without what it foresees, or where something came in since that was read, it is asked again at once. The line of the
    ledger is written with the point of no return. Earlier, a restore would repeat an erasure that was cancelled; later,
    it could lose one.
    """
    now = clock.now()
    if erasure.runs_at > now:
        return erasure.runs_at
    if foreseen is None or foreseen.marks != marks_of(erasure.customer_id):
        return now
    found = foreseen.plan
    if stops := hard_stops(found):
        send_back(erasure, stops[0])
        return None
    if found.digest != erasure.digest:
        send_back(erasure, "plan_changed")
        return None
    if OPEN_COPY in found.stops and now < copy_until(erasure):
        erasure.cause = OPEN_COPY
        return min(now + LOOKS_AGAIN, copy_until(erasure))
    erasure.state, erasure.started_at, erasure.step, erasure.cause = ErasureState.RUNNING, now, "seal", None
    erasure.entry = note(EntryKind.ERASED, _body(erasure, found)).id
    return now


def seal(erasure: Erasure, foreseen: Foreseen | None) -> datetime | None:
    """Shut everything in one transaction: step 2. Nothing is destroyed before the ledger has its line."""
    now = clock.now()
    if erasure.entry is None or not is_confirmed(erasure.entry):
        return now + ASKS_AGAIN
    if foreseen is None or foreseen.marks != marks_of(erasure.customer_id):
        return now
    scope = Scope.read(erasure.scope)
    customer = db.session.get_one(Customer, erasure.customer_id, populate_existing=True)
    found = foreseen.plan
    items = [replace(item, systems=tuple(foreseen.systems.get(item.kind, ()))) for item in found.items]
    erasure.items = stored(replace(found, items=tuple(items)))
    erasure.systems = sorted({code for codes in foreseen.systems.values() for code in codes})
    if scope.is_whole:
        _shut_person(erasure, customer, found.items)
    elif scope.extent in _OF_RECORDS:
        _shut_kinds(erasure, scope, found.items)
    on_seal.tell(erasure)
    subject = f"customer:{customer.public_id}"
    record(SEALED, actor="portal", subject=subject, reference=reference_of(erasure), entry=erasure.entry)
    erasure.step = "keys"
    return now


def _shut_person(erasure: Erasure, customer: Customer, items: Iterable[PlannedItem]) -> None:
    seal_contact(erasure, customer)
    bury(erasure, customer, addresses_told(erasure), last_day=last_archived_day(items))
    customer.status, customer.erased_at = CustomerStatus.ERASED, clock.now()


def _shut_kinds(erasure: Erasure, scope: Scope, items: Iterable[PlannedItem]) -> None:
    """Let no file bring back what goes: a span for each kind, or the hash of each single record."""
    now = clock.now()
    goes = {item.kind for item in items if item.outcome in {ItemOutcome.ERASED, ItemOutcome.ARCHIVED}}
    if scope.extent is Extent.RECORDS:
        keys = installed.tombstone_keys()
        for kind, external_id in scope.records:
            hashed = keys.hash(named_record(kind, external_id))
            row = ErasedRecord(customer_id=erasure.customer_id, kind=kind, keyed_hash=hashed, erased_at=now)
            db.session.merge(row)
        return
    for kind in sorted(goes):
        db.session.merge(ErasedSpan(customer_id=erasure.customer_id, kind=kind, until_at=now))


def copy_until(erasure: Erasure) -> datetime:
    """Return until when the start waits for an open copy: two days before the request is due."""
    if erasure.due_on is None:
        return erasure.runs_at + WAITS_AT_MOST
    return clock.start_of(erasure.due_on - timedelta(days=2))


def _body(erasure: Erasure, found: Plan) -> dict[str, Any]:
    """Return what the ledger keeps: enough to do it again after a restore, and no name."""
    customer = db.session.get_one(Customer, erasure.customer_id)
    items = [[item.part, item.kind, item.rule, item.outcome.value, item.ground] for item in found.items]
    return {
        "erasure": erasure.public_id, "customer": customer.public_id, "scope": _without_ids(erasure.scope),
        "digest": erasure.digest, "items": items,
    }  # fmt: skip


def _without_ids(scope: dict[str, Any]) -> dict[str, Any]:
    """Return a stored scope with single records named by their keyed hashes."""
    keys = installed.tombstone_keys()
    hashed = [[kind, keys.hash(named_record(kind, number))] for kind, number in scope.get("records", ())]
    return dict(scope) | {"records": hashed}
