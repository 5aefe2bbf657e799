"""What waits for somebody to confirm: the list of the team, and what of it has become late."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionChannel, InstructionState, is_open
from portal.instructions.sending.reminders import AFTER
from portal.web.pagination import Page, keyset_page

SHOWN: Final = 50
LATE: Final = AFTER[0]
"""From here on a line of the list says that it is late."""
FOR_OFFICER: Final = AFTER[-1]


def open_page(cursor: str | None) -> Page[Instruction]:
    """Return one page of what is open, the oldest first."""
    return keyset_page(
        select(Instruction).where(is_open()), [(Instruction.created_at, False), (Instruction.id, False)],
        lambda row: (row.created_at, row.id), cursor=cursor, size=SHOWN, name="instructions",
    )  # fmt: skip


def references_of(rows: list[Instruction]) -> dict[int, str]:
    """Return the references of the customers of some instructions, by the ids of the customers."""
    named = select(Customer).where(Customer.id.in_({row.customer_id for row in rows}))
    return {customer.id: customer.reference for customer in db.session.execute(named).scalars()}


def is_late(row: Instruction) -> bool:
    """Tell whether an open instruction has waited for longer than a week."""
    return row.state not in CLOSED_STATES and clock.now() - row.created_at >= LATE


def for_the_team() -> Select[Any]:
    """Return the select of the instants since which a member of the team has something to do."""
    is_theirs = (Instruction.channel == InstructionChannel.LIST) | (Instruction.state == InstructionState.FAILED)
    return select(Instruction.created_at).where(is_open(), is_theirs)


def for_the_officer(after: timedelta = FOR_OFFICER) -> Select[Any]:
    """Return the select of the instants of what waits for longer than thirty days, or was refused by who was told."""
    is_theirs = (Instruction.created_at <= clock.now() - after) | Instruction.exemption.is_not(None)
    return select(Instruction.created_at).where(is_open(), is_theirs)
