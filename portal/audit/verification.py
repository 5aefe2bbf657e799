"""Verify the audit chain: find the first event that was changed, removed, moved or put in."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from portal.audit.models import AuditEvent, AuditHead
from portal.audit.recording import GENESIS, event_hash
from portal.infrastructure.database import db

SLICE = 2000


@dataclass(frozen=True)
class Verification:
    """What the verification found.

    Attributes:
        events: how many events were sound before the fault, or in all.
        fault: None when every event is as it was written.
        sequence: number of the event at fault.
    """

    events: int
    fault: str | None
    sequence: int | None = None


def verify_chain() -> Verification:
    """Walk the whole chain in bounded memory and return the first fault found, if any."""
    statement = select(AuditEvent).order_by(AuditEvent.sequence).execution_options(yield_per=SLICE)
    # Closed at the first fault too: PostgreSQL holds a cursor for what was not read.
    with db.session.execute(statement) as rows:
        return _walk(rows.scalars())


def _walk(events: Iterable[AuditEvent]) -> Verification:
    expected, previous, count = 1, GENESIS, 0
    for event in events:
        if event.sequence != expected:
            return Verification(count, f"event {expected} is missing", expected)
        if event.previous_hash != previous:
            return Verification(count, f"event {expected} does not follow the one before", expected)
        content = {key: getattr(event, key) for key in ("at", "tag", "actor", "subject", "facts")}
        if event.hash != event_hash(event.sequence, content, previous):
            return Verification(count, f"event {expected} was changed", expected)
        expected, previous, count = expected + 1, event.hash, count + 1
    head = db.session.get(AuditHead, 1)
    if (head.sequence if head else 0) != count or (head.hash if head else GENESIS) != previous:
        return Verification(count, f"the chain ends at event {count}, its head says otherwise", count + 1)
    return Verification(count, None)
