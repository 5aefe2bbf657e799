"""The one outbox: a row for each system and recipient that has to follow a decision (GDPR art. 17(2), 19).

A row, its job or mail and its audit event belong to the transaction of the decision.
"""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, select

from portal import clock
from portal.infrastructure.database import db
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionState, Operation
from portal.instructions.sending.channels import channel_of, send
from portal.instructions.targets import OF_PURPOSE, Scope, scopes_by_target


class Decided(Protocol):
    """The request that was decided, as far as this domain has to know it."""

    id: int
    customer_id: int


def instruct(
    request: Decided, operation: Operation, scope: Mapping[str, Any], *, only: Container[str] | None = None
) -> list[Instruction]:
    """Tell every system and recipient of the kinds touched, in the current transaction, and return their rows.

    Who was told the same for this request before is told what is new, whatever they answered then.

    Args:
        request: locked by the caller.
        scope: ids and codes only; see `targets.scopes_by_target`.
        only: the codes of those to tell, where not everybody who holds it has to know.
    """
    db.session.flush()
    purpose = scope.get(OF_PURPOSE, "")
    same = (row for row in instructions_of(request.id) if (row.operation, row.purpose) == (operation, purpose))
    told = {row.target: row for row in same}
    rows = []
    for code, narrowed in scopes_by_target(request.customer_id, scope).items():
        if only is not None and code not in only:
            continue
        row = told.get(code)
        if row is None:
            row = _add(request, code, operation, narrowed)
        elif not _tell_more(row, narrowed):
            continue
        db.session.flush()
        send(row)
        rows.append(row)
    return rows


def instructions_of(request_id: int) -> list[Instruction]:
    """Return what had to be told for a request, in the order in which it was decided: one query."""
    theirs = select(Instruction).where(Instruction.request_id == request_id)
    return list(db.session.execute(theirs.order_by(Instruction.id)).scalars())


def awaited_at(request_id: int, instant: datetime) -> list[str]:
    """Return the codes of those who had been told to act by an instant and had not followed by then."""
    told = _told_by(request_id, instant)
    return [row.target for row in told if row.acknowledged_at is None or row.acknowledged_at > instant]


def has_told(request_id: int, instant: datetime) -> bool:
    """Tell whether anybody had been told to act by an instant."""
    return bool(_told_by(request_id, instant))


def _told_by(request_id: int, instant: datetime) -> list[Instruction]:
    """Return who had been told by an instant; not who was only asked what they hold, which the copy itself says."""
    told = (row for row in instructions_of(request_id) if row.operation is not Operation.CONFIRM)
    return [row for row in told if row.created_at <= instant]


def answered_targets(request_id: int, operation: Operation) -> set[str]:
    """Return who has confirmed something for a request: one query."""
    confirmed = select(Instruction.target).where(
        Instruction.request_id == request_id, Instruction.operation == operation,
        Instruction.state == InstructionState.ACKNOWLEDGED,
    )  # fmt: skip
    return set(db.session.execute(confirmed).scalars())


def take_back(request_id: int, *operations: Operation) -> None:
    """Ask for nothing more that is open for a request, in the current transaction.

    What was sent stays on record only where somebody has answered it.

    Args:
        operations: of these alone. Without any, of all but the release of what somebody has put on hold: that is owed
            even where the request ended without an answer.
    """
    asked = Instruction.operation.in_(operations) if operations else Instruction.operation != Operation.RELEASE
    is_open = (Instruction.request_id == request_id, Instruction.state.not_in(list(CLOSED_STATES)))
    db.session.execute(delete(Instruction).where(*is_open, asked))


def has_open(request_id: int) -> bool:
    """Tell whether somebody who was told for a request has neither confirmed nor been exempted."""
    waits = select(Instruction.id).where(
        Instruction.request_id == request_id, Instruction.state.not_in(list(CLOSED_STATES))
    )
    return db.session.execute(waits.limit(1)).first() is not None


def _add(request: Decided, code: str, operation: Operation, scope: Scope) -> Instruction:
    row = Instruction(
        request_id=request.id, customer_id=request.customer_id, target=code, operation=operation,
        purpose=scope.get(OF_PURPOSE, ""), scope=scope, channel=channel_of(code), state=InstructionState.QUEUED,
    )  # fmt: skip
    db.session.add(row)
    return row


def _tell_more(row: Instruction, scope: Scope) -> bool:
    """Add to what somebody was told; return whether there is anything new to tell."""
    is_closed = row.state in CLOSED_STATES
    merged = scope if is_closed else _merged(row.scope, scope)
    if not is_closed and merged == row.scope:
        return False
    row.scope, row.channel, row.state = merged, channel_of(row.target), InstructionState.QUEUED
    row.attempts = row.reminders = 0
    row.created_at = clock.now()
    row.sent_at = row.acknowledged_at = row.exemption = row.next_at = None
    row.acknowledged_by = row.words = ""
    return True


def _merged(before: Scope, now: Scope) -> Scope:
    both = dict(before) | now
    for name, value in before.items():
        if isinstance(value, list) and isinstance(now.get(name), list):
            both[name] = sorted([*value, *(each for each in now[name] if each not in value)])
    return both
