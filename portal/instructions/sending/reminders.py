"""Who has not confirmed is reminded after 7 and 21 days; after 30 the officers are told."""

from datetime import timedelta
from typing import Final

from sqlalchemy import or_, select

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.infrastructure.mail.outbox import queue_mail
from portal.instructions.contents import what_in_words
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionChannel, InstructionState
from portal.instructions.sending.delivery import call_at
from portal.instructions.sending.mails import TEMPLATE, queue_instruction
from portal.instructions.sending.noting import give_up
from portal.instructions.targets import target_name
from portal.staff.desk.notices import officers

AFTER: Final = (timedelta(days=7), timedelta(days=21), timedelta(days=30))
"""How long after the decision each reminder leaves; the last one goes to the officers."""


@job("instructions.remind", every=timedelta(hours=1))
def remind(run: JobRun) -> None:
    """Send the reminders that are due, and put on the list what the mail server refused."""
    for instruction_id in _open():
        with transaction() as session:
            row = session.get(Instruction, instruction_id, with_for_update={"key_share": True}, populate_existing=True)
            if row is not None and row.state not in CLOSED_STATES:
                _look_after(row)
        run.renew()


def _look_after(row: Instruction) -> None:
    if row.channel is InstructionChannel.MAIL and row.state is InstructionState.QUEUED and _is_refused(row):
        give_up(row)
    due = sum(clock.now() >= row.created_at + after for after in AFTER)
    if row.reminders >= due:
        return
    row.reminders = due
    if due == len(AFTER):
        _tell_officers(row)
    elif row.state is InstructionState.SENT and row.channel is InstructionChannel.MAIL:
        queue_instruction(row, is_reminder=True)
    elif row.state is InstructionState.SENT and row.channel is InstructionChannel.WEBHOOK:
        call_at(row, clock.now())


def _tell_officers(row: Instruction) -> None:
    for officer in officers():
        queue_mail(
            "instructions/officer_late", officer.email, officer.language, instruction=row.public_id,
            target=target_name(row.target, officer.language), what=what_in_words(row, officer.language),
            since=row.created_at.isoformat(),
        )  # fmt: skip


def _is_refused(row: Instruction) -> bool:
    refused = select(Mail.id).where(
        Mail.template == TEMPLATE, Mail.status == MailStatus.REFUSED,
        Mail.context["token_id"].as_string() == row.public_id,
    )  # fmt: skip
    return db.session.execute(refused.limit(1)).first() is not None


def _open() -> list[int]:
    """Return the open instructions for which a reminder is due, or whose mail has not left yet."""
    age = [
        (Instruction.reminders <= number) & (Instruction.created_at <= clock.now() - after)
        for number, after in enumerate(AFTER)
    ]
    is_unsent = (Instruction.channel == InstructionChannel.MAIL) & (Instruction.state == InstructionState.QUEUED)
    waits = select(Instruction.id).where(Instruction.state.not_in(list(CLOSED_STATES)), or_(is_unsent, *age))
    return list(db.session.execute(waits.order_by(Instruction.id)).scalars())
