"""That somebody was told, and that a way to somebody rests."""

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.instructions.models import Instruction, InstructionState

SENT = declare("portal:instruction:sent", "instruction", "target", "operation", "channel")


def note_sent(row: Instruction) -> None:
    """Note in the audit trail that somebody was told."""
    record(
        SENT, actor="portal", subject="portal", instruction=row.public_id, target=row.target,
        operation=str(row.operation), channel=str(row.channel),
    )  # fmt: skip


def give_up(row: Instruction) -> None:
    """Let the way to somebody rest in the current transaction: staff work it off from the list."""
    row.state, row.next_at = InstructionState.FAILED, None
