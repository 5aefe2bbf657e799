"""Object to marketing: one press, filed and granted in the same transaction."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.preferences.choices.states import read_state
from portal.rights.acting import Act
from portal.rights.asked import StopUse
from portal.rights.carrying_out.answering import answer_by_itself
from portal.rights.carrying_out.effects import flags_of
from portal.rights.chosen import Use
from portal.rights.clock import running
from portal.rights.filing.beginning import customer_of, new_request, note_filed
from portal.rights.intents import Intent
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest

# Within this time, a second press counts as the same one: a double click, or a page sent again.
SAME_PRESS = timedelta(minutes=1)


def object_to_marketing(account: Account, use: Use = Use.MARKETING) -> RightsRequest:
    """File an objection to marketing, or to profiling for it, and grant it in the same transaction.

    No reason, no identity, no wait: the request is the proof (GDPR art. 21(2) and (3)). A button pressed twice
    files one request.
    """
    customer = customer_of(account)
    lock_row(Customer, customer.id)
    asked = StopUse(use=use)
    already = _objected_just_now(customer, asked)
    if already is not None:
        return already
    request = new_request(customer, Intent.STOP_USE, asked.stored(), account.language)
    db.session.add(request)
    running.start_clock(request, clock.now())
    note_filed(Act(request, f"customer:{customer.public_id}"))
    answer_by_itself(request)
    return request


def _objected_just_now(customer: Customer, asked: StopUse) -> RightsRequest | None:
    """Return the objection that the same press filed, unless something was accepted since."""
    state = read_state(customer.id)
    if state is not None and any(state.flags.get(code) for code in flags_of(asked)):
        return None
    is_theirs = (RightsRequest.customer_id == customer.id, RightsRequest.intent == Intent.STOP_USE)
    is_fresh = RightsRequest.received_at > clock.now() - SAME_PRESS
    statement = select(RightsRequest).where(*is_theirs, is_fresh, RightsRequest.outcome == Outcome.GRANTED)
    found = db.session.execute(statement.order_by(RightsRequest.id)).scalars()
    return next((request for request in found if request.asked == asked), None)
