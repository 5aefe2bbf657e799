"""What comes back: a system confirms, or says why not; a member works it off the list; the officer exempts."""

from collections.abc import Callable
from enum import StrEnum

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.instructions.disclosures import note_disclosed
from portal.instructions.models import CLOSED_STATES, Exemption, Instruction, InstructionState, Operation, is_open
from portal.personal_data.erasure.listeners import lock_person
from portal.records.imports.deliveries import silent_systems

ACKNOWLEDGED = declare("portal:instruction:acknowledged", "instruction", "by")
REFUSED = declare("portal:instruction:refused", "instruction", "cause")
EXEMPTED = declare("staff:instruction:exempted", "instruction", "cause")


class Result(StrEnum):
    """What a system answers."""

    DONE = "done"
    NOT_HELD = "not_held"
    IMPOSSIBLE = "impossible"
    DISPROPORTIONATE = "disproportionate"


class NoSuchInstruction(Exception):
    """There is none of this name for whoever asks."""


class Settled(Exception):
    """Somebody confirmed it, or it was exempted, before; nothing was done. `instruction` is as it stands."""

    def __init__(self, instruction: Instruction) -> None:
        super().__init__(instruction.public_id)
        self.instruction = instruction


Listener = Callable[[Instruction], None]
_on_settled: list[Listener] = []


def on_settled(listener: Listener) -> Listener:
    """Register what happens in the transaction that confirms an instruction or exempts somebody from it."""
    _on_settled.append(listener)
    return listener


def find_instruction(public_id: str, target: str | None = None) -> Instruction | None:
    """Return an instruction by its public id, of one target where it is given; None where there is none."""
    named = select(Instruction).where(Instruction.public_id == public_id)
    named = named if target is None else named.where(Instruction.target == target)
    return db.session.execute(named).scalar_one_or_none()


def answer(public_id: str, result: Result, words: str, *, target: str | None = None) -> Instruction:
    """Take the answer of a system in the current transaction, and return the instruction.

    That it is done closes it, as does any answer to the question what is held. A refusal with its reason waits for the
    officer.

    Args:
        target: who answers; None where only they know the public id.

    Raises:
        NoSuchInstruction: there is none of this name for this target.
        Settled: it is closed already.
    """
    row = _held(public_id, target)
    row.words = words
    if result is Result.DONE or row.operation is Operation.CONFIRM:
        _close(row, InstructionState.ACKNOWLEDGED, by=row.target)
        return row
    row.state, row.exemption, row.next_at = InstructionState.FAILED, Exemption(result), None
    record(REFUSED, actor="portal", subject=_subject(row), instruction=row.public_id, cause=row.exemption)
    return row


def acknowledge_for(public_id: str, member_public_id: str) -> Instruction:
    """Note in the current transaction that a member saw to it in the system itself.

    Raises:
        NoSuchInstruction, Settled: see `answer`.
    """
    row = _held(public_id)
    row.exemption = None
    if row.sent_at is None:
        note_disclosed(row)  # the member told them; else it was noted when it left
    _close(row, InstructionState.ACKNOWLEDGED, by=member_public_id)
    return row


def exempt(public_id: str, cause: Exemption, words: str, member_public_id: str) -> Instruction:
    """Note in the current transaction why it need not be done (GDPR art. 19).

    Args:
        words: the officer's reason, which the person reads.

    Raises:
        NoSuchInstruction, Settled: see `answer`.
    """
    row = _held(public_id)
    row.exemption, row.words = cause, words
    _close(row, InstructionState.EXEMPT, by=member_public_id)
    return row


def note_heard(request_id: int) -> None:
    """Confirm in the current transaction what systems said by a whole delivery since they were asked what they hold.

    The request is locked by the caller.
    """
    theirs = (Instruction.request_id == request_id, Instruction.operation == Operation.CONFIRM, is_open())
    asked = select(Instruction).where(*theirs).order_by(Instruction.id)
    rows = list(db.session.execute(asked).scalars())
    silent = set(silent_systems(row.target for row in rows)) if rows else set()
    for row in rows:
        if row.target not in silent:
            _close(row, InstructionState.ACKNOWLEDGED, by=row.target)


def _held(public_id: str, target: str | None = None) -> Instruction:
    """Lock an open instruction with all that comes before it: two may answer at the same moment."""
    known = find_instruction(public_id, target)
    if known is None:
        raise NoSuchInstruction
    lock_person(known.customer_id)
    row = _read_again(known.id)
    if row.state in CLOSED_STATES:
        raise Settled(row)
    return row


def _read_again(row_id: int) -> Instruction:
    return db.session.get_one(Instruction, row_id, with_for_update={"key_share": True}, populate_existing=True)


def _close(row: Instruction, state: InstructionState, *, by: str) -> None:
    row.state, row.acknowledged_at, row.acknowledged_by = state, clock.now(), by
    row.next_at = row.token_hash = None
    is_by_member = state is InstructionState.EXEMPT or by != row.target
    actor = f"staff:{by}" if is_by_member else "portal"
    if state is InstructionState.EXEMPT:
        record(EXEMPTED, actor=actor, subject=_subject(row), instruction=row.public_id, cause=row.exemption)
    else:
        record(ACKNOWLEDGED, actor=actor, subject=_subject(row), instruction=row.public_id, by=by)
    db.session.flush()
    for listener in _on_settled:
        listener(row)


def _subject(row: Instruction) -> str:
    return f"customer:{db.session.get_one(Customer, row.customer_id).public_id}"
