"""How every request begins, whatever way it came: its reference, its first line of history, its audit event."""

from typing import Any

from portal import clock
from portal.accounts.models import Account
from portal.audit.tags import declare
from portal.customers.contact import note_contact
from portal.customers.models import Customer
from portal.infrastructure.counters import next_number
from portal.infrastructure.database import db
from portal.infrastructure.references import write_reference
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.stops.changing import weigh_from_now
from portal.rights.acting import Act
from portal.rights.asked import StopUse
from portal.rights.carrying_out.copies import waits_for
from portal.rights.carrying_out.telling import ask_what_is_held
from portal.rights.channels import Channel
from portal.rights.correcting.noting import note_corrections
from portal.rights.intents import Intent
from portal.rights.items.making import make_items
from portal.rights.lifecycle import Right, Step, advance
from portal.rights.models import EventKind, RightsRequest
from portal.rights.restricting.provisional import begin

FILED = declare("customer:request:filed", "reference", "right", "channel", "due_on", "needs_document")

KEEPS_WHILE_OPEN = frozenset({Right.ACCESS, Right.PORTABILITY, Right.RECTIFICATION, Right.RESTRICTION})
"""Rights that speak of what is held: nothing of it may go while the answer is owed. An erasure or an objection, open or
not, keeps nothing."""


class NoSuchDraft(Exception):
    """The customer has no such draft."""


def new_request(customer: Customer, intent: Intent, answers: dict[str, Any], language: str) -> RightsRequest:
    """Return a request with its reference, not yet in the database; its clock is to be started next."""
    year = clock.today().year
    return RightsRequest(
        reference=write_reference(year, next_number(f"request-{year}")),
        customer_id=customer.id,
        customer=customer,
        right=intent.right,
        intent=intent,
        channel=Channel.PORTAL,
        language=language,
        answers=answers,
        status=advance(None, Step.FILE),
    )


def note_filed(act: Act) -> None:
    """Add a new request, whose clock runs, to its history and to the audit trail."""
    request = act.request
    db.session.flush()
    if request.right in KEEPS_WHILE_OPEN:
        keep(request.customer_id, KeepReason.OPEN_REQUEST, request.id)
    note_corrections(request)
    if isinstance(request.asked, StopUse):
        weigh_from_now(request.customer_id, request.id, request.asked.purposes)
    make_items(request)
    ask_what_is_held(request, waits_for(request))
    begin(request)
    note_contact(request.customer)
    act.note(EventKind.FILED)
    act.record(
        FILED,
        right=request.right,
        channel=request.channel,
        due_on=request.initial_due_on.isoformat(),
        needs_document=request.is_document_needed,
    )


def customer_of(account: Account) -> Customer:
    """Return the customer of an account. Raises `NoSuchDraft` when it has none, for such an account has no draft."""
    if account.customer is None:
        raise NoSuchDraft
    return account.customer
