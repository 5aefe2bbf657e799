"""Receive a request that came by another way than the portal: taken in by staff, or asked for by Facebook."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from portal import clock
from portal.customers.models import Customer
from portal.identity_checks.proof import checking
from portal.identity_checks.proof.doubts import assess_other_channel
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.categories import Category
from portal.rights import emails
from portal.rights.acting import Act, of_staff
from portal.rights.asked import Asked, Correct, Erase, StopUse
from portal.rights.carrying_out.answering import answer_by_itself, answer_link, stop_at_receipt
from portal.rights.channels import Channel
from portal.rights.chosen import Limit, Use
from portal.rights.clock import running
from portal.rights.filing.beginning import new_request, note_filed
from portal.rights.intents import Intent, default_intent
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember


def take_in(
    customer: Customer,
    right: Right,
    channel: Channel,
    received_at: datetime,
    words: str,
    staff: StaffMember,
    *,
    use: Use | None = None,
    purposes: Sequence[str] = (),
    categories: Sequence[Category] = (),
    on_hold: bool = False,
    is_on_behalf: bool = False,
) -> RightsRequest:
    """Receive a request that came by another way than the portal, in the current transaction.

    The clock starts on the day of its true receipt. The channel alone makes identity doubtful. But only a reviewer asks
    for a document, and the clock runs until then. An objection to a use that the person chooses here acts at once, and
    one to advertising is granted at once (GDPR art. 21(2) and (3)).

    Args:
        received_at: when it reached the company, aware.
        words: what the person said or wrote.
        use: what the person objects to, for an objection.
        purposes: for an objection, the uses that rest on the company's interest: each is weighed, and all are held
            back from now on. One to advertising is taken in by itself.
        categories: what the person asks to have erased, for an erasure; empty for everything.
        on_hold: for a correction or an objection, whether the person wants the data put on hold meanwhile (art. 18(1)).
        is_on_behalf: whether somebody else asked in the customer's name.
    """
    lock_row(Customer, customer.id)
    asked = _asked(right, words, use, purposes, categories, on_hold=on_hold)
    request = new_request(customer, default_intent(right), asked.stored(), customer.language)
    request.channel = channel
    decision = assess_other_channel(right, customer, is_on_behalf=is_on_behalf)
    db.session.add(request)
    running.start_clock(request, received_at)
    request.identity_signals = [str(signal) for signal in decision.remaining]
    note_filed(of_staff(request, staff))
    if asked.concerns_marketing:
        answer_by_itself(request)
        return request
    stop_at_receipt(request)
    emails.queue_received(request)
    return request


def _asked(
    right: Right,
    words: str,
    use: Use | None,
    purposes: Sequence[str],
    categories: Sequence[Category],
    *,
    on_hold: bool,
) -> Asked:
    match right:
        case Right.RECTIFICATION:
            return Correct(words, on_hold=on_hold)
        case Right.OBJECTION:
            stop = StopUse(words, use=use, on_hold=on_hold)
            return stop if stop.concerns_marketing else replace(stop, purposes=tuple(purposes))
        case Right.ERASURE:
            return Erase(words, categories=tuple(categories))
        case _:
            return Asked(words)


def file_for_facebook(customer: Customer, limit: Limit, code: str) -> RightsRequest:
    """Receive the erasure that Facebook asks for in a person's name, in the current transaction.

    Facebook's signature proves who asks, so no document is needed. Where it brought nothing but its number, the number
    is gone by now, and the portal answers at once. All else is decided by two people.

    Args:
        code: the confirmation code by which Facebook and the person follow the request.
    """
    lock_row(Customer, customer.id)
    request = new_request(customer, Intent.ERASE, Erase(limited_to=limit).stored(), customer.language)
    request.channel, request.confirmation_code = Channel.FACEBOOK, code
    db.session.add(request)
    running.start_clock(request, clock.now())
    note_filed(Act(request, "portal"))
    checking.note_check(customer.id, request.id, checking.FACEBOOK_SIGNATURE)
    if limit is Limit.LINK:
        answer_link(request)
    else:
        emails.queue_received(request)
    return request
