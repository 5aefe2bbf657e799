"""By which way somebody is told, and the job or mail that does it."""

from portal.infrastructure import installed
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import enqueue
from portal.instructions.models import Instruction, InstructionChannel
from portal.instructions.sending.endpoints import has_ended
from portal.instructions.sending.mails import queue_instruction
from portal.instructions.sending.signing import secrets_of
from portal.instructions.targets import find_target
from portal.organisation import Told


def channel_of(code: str) -> InstructionChannel:
    """Return how somebody is told; by the list where their address ended or no secret is set for it."""
    target = find_target(code)
    if target is None or target.told is Told.LIST:
        return InstructionChannel.LIST
    if target.told is Told.MAIL:
        return InstructionChannel.MAIL
    is_open = target.url is not None and not has_ended(code, target.url)
    is_signed = bool(secrets_of(code, installed.settings().webhook_secrets))
    return InstructionChannel.WEBHOOK if is_open and is_signed else InstructionChannel.LIST


def send(row: Instruction) -> None:
    """Add the mail or the job that tells somebody to the current transaction; for the list nothing leaves."""
    if row.channel is InstructionChannel.MAIL:
        queue_instruction(row)
    elif row.channel is InstructionChannel.WEBHOOK:
        enqueue("instructions.call", lane=Lane.SYSTEMS, instruction_id=row.id)
