"""Lift a restriction: the person is told at least seven days before, and a reply halts it (GDPR art. 18(3))."""

from datetime import timedelta
from typing import Final

from portal import clock
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.restrictions.locking import LiftCause, end, hold, note_in_trail
from portal.personal_data.restrictions.models import Restriction

ANNOUNCED = declare("customer:restriction:announced", "reference", "restriction", "lifts_on")
HALTED = declare("customer:restriction:halted", "reference", "restriction")
KEPT = declare("customer:restriction:kept", "reference", "restriction")

NOTICE: Final = timedelta(days=7)
"""Civil days between the notice and the lift."""


class NotStanding(Exception):
    """The restriction was lifted already."""


class NotAnnounced(Exception):
    """The person was not told that it will be lifted."""


class TooSoon(Exception):
    """The seven days of the notice are not over."""


class Halted(Exception):
    """The person replied to the notice, and nobody has looked at the reply."""


def announce(restriction: Restriction, actor: str) -> None:
    """Note in the current transaction that the notice leaves: the restriction may be lifted seven days later.

    Whoever calls it queues the notice in the same transaction. Announced already, it stays as announced then.

    Raises:
        NotStanding: it was lifted.
    """
    customer = _hold(restriction)
    if restriction.notice_at is not None:
        return
    restriction.notice_at = clock.now()
    restriction.lifts_on = clock.start_of(clock.today() + NOTICE)
    restriction.halted_at, restriction.reply = None, ""
    lifts_on = clock.local_date(restriction.lifts_on).isoformat()
    note_in_trail(ANNOUNCED, actor, restriction, customer, lifts_on=lifts_on)


def halt(restriction: Restriction, reply: str, actor: str) -> None:
    """Note in the current transaction what the person replied to the notice: nothing is lifted until it was looked at.

    Raises:
        NotStanding: it was lifted.
        NotAnnounced: there is no notice to reply to.
    """
    customer = _hold(restriction)
    if restriction.notice_at is None:
        raise NotAnnounced
    restriction.halted_at, restriction.reply = clock.now(), "\n\n".join(filter(None, (restriction.reply, reply)))
    note_in_trail(HALTED, actor, restriction, customer)


def keep_on(restriction: Restriction, actor: str) -> None:
    """Take a notice back in the current transaction, after a look at the reply: the data stay restricted.

    A new notice is needed before it is lifted. What was provisional lasts from now on.

    Raises:
        NotStanding: it was lifted.
        NotAnnounced: there is no notice to take back.
    """
    customer = _hold(restriction)
    if restriction.notice_at is None:
        raise NotAnnounced
    restriction.notice_at = restriction.lifts_on = restriction.halted_at = None
    restriction.is_provisional = False
    note_in_trail(KEPT, actor, restriction, customer)


def lift(restriction: Restriction, *, actor: str = "portal", by: int | None = None, has_looked: bool = False) -> None:
    """Lift a restriction on notice, in the current transaction: each flag is again what the person last chose.

    Args:
        by: the id of the officer; None for the portal.
        has_looked: the officer looked at the reply that halted it.

    Raises:
        NotStanding, NotAnnounced, TooSoon.
        Halted: a reply waits for a look.
    """
    _hold(restriction)
    if restriction.notice_at is None or restriction.lifts_on is None:
        raise NotAnnounced
    if clock.now() < restriction.lifts_on:
        raise TooSoon
    if restriction.halted_at is not None and not has_looked:
        raise Halted
    end(restriction, LiftCause.NOTICE, actor=actor, by=by)


def _hold(restriction: Restriction) -> Customer:
    """Lock the customer, and read the restriction as it is behind the lock. Raises `NotStanding`."""
    customer = hold(restriction.customer_id)
    db.session.refresh(restriction)
    if restriction.lifted_at is not None:
        raise NotStanding
    return customer
