"""That somebody was told, and that a way to somebody rests."""

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.instructions.disclosures import note_disclosed
from portal.instructions.models import Instruction, InstructionState

SENT = declare("portal:instruction:sent", "instruction", "target", "operation", "channel")


def note_sent(row: Instruction) -> None:
    """Note in the current transaction, once, that somebody was told; they may have confirmed before this is noted."""
    if row.sent_at is not None:
        return
    row.sent_at = clock.now()
    if row.state is InstructionState.QUEUED:
        row.state = InstructionState.SENT
    note_disclosed(row)
    record(
        SENT, actor="portal", subject="portal", instruction=row.public_id, target=row.target,
        operation=str(row.operation), channel=str(row.channel),
    )  # fmt: skip


def give_up(row: Instruction) -> None:
    """Let the way to somebody rest in the current transaction: staff work it off from the list."""
    row.state, row.next_at = InstructionState.FAILED, None
