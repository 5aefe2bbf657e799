"""The mail by which a system or recipient is told: what to do and a link. It names nobody and holds no data."""

from sqlalchemy import select

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import on_accepted, queue_mail
from portal.infrastructure.one_time_tokens import read_token, write_token
from portal.instructions.contents import what_in_words
from portal.instructions.disclosures import note_disclosed
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionState
from portal.instructions.sending.noting import note_sent
from portal.instructions.targets import find_target, target_name
from portal.web.sessions import hash_token

TEMPLATE, AGAIN = "instructions/told", "instructions/reminded"
PURPOSE = "instruction"


def queue_instruction(row: Instruction, *, is_reminder: bool = False) -> None:
    """Add the mail that tells somebody to the current transaction; of its link the hash is kept."""
    target, organisation, settings = find_target(row.target), installed.organisation(), installed.settings()
    if target is None or target.email is None:
        return
    language = organisation.languages[0]
    row.token_hash = hash_token(write_token(settings.secret_key, PURPOSE, row.public_id))
    queue_mail(
        AGAIN if is_reminder else TEMPLATE, target.email, language,
        token_purpose=PURPOSE, token_id=row.public_id, what=what_in_words(row, language),
        target=target_name(row.target, language), since=row.created_at.isoformat(),
    )  # fmt: skip


def find_by_link(text: str) -> Instruction | None:
    """Return the instruction that a link leads to, open or not; None for a link that we did not send."""
    public_id = read_token(installed.settings().secret_key, PURPOSE, text)
    if public_id is None:
        return None
    row = db.session.execute(select(Instruction).where(Instruction.public_id == public_id)).scalar_one_or_none()
    if row is None or (row.state not in CLOSED_STATES and row.token_hash is None):
        return None
    return row


@on_accepted
def note_accepted(mail: Mail) -> None:
    """Note that somebody was told, in the transaction that notes that the mail server took the mail."""
    if mail.template != TEMPLATE:
        return
    named = select(Instruction).where(Instruction.public_id == mail.context["token_id"])
    row = db.session.execute(named.with_for_update(key_share=True)).scalar_one_or_none()
    if row is not None and row.state is InstructionState.QUEUED:
        row.state, row.sent_at = InstructionState.SENT, clock.now()
        note_sent(row)
        note_disclosed(row)
