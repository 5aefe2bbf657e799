"""What an officer does about restrictions: tell the person, announce the lift, look at a reply, lift or keep."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.restrictions import lifting
from portal.personal_data.restrictions.lifting import NotStanding
from portal.personal_data.restrictions.locking import note_in_trail
from portal.personal_data.restrictions.models import Restriction
from portal.rights.restricting.emails import queue_imposed, queue_lifting
from portal.rights.restricting.letters import note_posted
from portal.rights.restricting.telling import hold_request, tell_systems_late
from portal.staff.models import StaffMember

TOLD = declare("staff:restriction:told", "reference", "restriction")


class NotTold(Exception):
    """The person was not told that their data are on hold."""


def tell(restriction: Restriction, member: StaffMember) -> None:
    """Tell the person by mail, in the current transaction, that their data are on hold.

    Without an address of theirs it is noted that the letter was posted today, which the officer has printed. Systems
    that were not told yet are told too.
    """
    hold_request(restriction)
    if restriction.told_at is not None:
        return
    customer = db.session.get_one(Customer, restriction.customer_id)
    if queue_imposed(restriction) is None:
        note_posted(restriction, customer, member)
    restriction.told_at = clock.now()
    note_in_trail(TOLD, f"staff:{member.public_id}", restriction, customer)
    tell_systems_late(restriction)


def announce(restriction: Restriction, member: StaffMember) -> None:
    """Announce in the current transaction that a restriction will be lifted: by mail, or by a letter posted today.

    Raises:
        NotStanding: it was lifted.
        NotTold: the person does not know yet that their data are on hold.
    """
    if restriction.told_at is None:
        raise NotTold
    is_new = restriction.notice_at is None
    lifting.announce(restriction, f"staff:{member.public_id}")
    if is_new and queue_lifting(restriction) is None:
        note_posted(restriction, db.session.get_one(Customer, restriction.customer_id), member)


def lift(restriction: Restriction, **how: Any) -> None:
    """Lift a restriction in the current transaction, with its request locked: it may have to wait for systems again.

    Args:
        how: see `portal.personal_data.restrictions.lifting.lift`, also for what it raises.
    """
    hold_request(restriction)
    lifting.lift(restriction, **how)


@job("restrictions.lift_due", every=timedelta(hours=1))
def lift_due(run: JobRun) -> None:
    """Lift what was on hold while something was looked into, once the notice in the answer is over.

    All others an officer lifts. One that a reply halted waits for the officer too.
    """
    is_over = (Restriction.lifts_on <= clock.now(), Restriction.lifted_at.is_(None), Restriction.halted_at.is_(None))
    due = select(Restriction.id).where(Restriction.is_provisional, *is_over).order_by(Restriction.id).limit(500)
    for restriction_id in list(db.session.execute(due).scalars()):
        run.renew()
        lift_one(restriction_id)


def lift_one(restriction_id: int) -> None:
    """Lift one whose notice is over; nothing where it was lifted or halted meanwhile."""
    try:
        with transaction():
            lift(db.session.get_one(Restriction, restriction_id))
    except (NotStanding, lifting.NotAnnounced, lifting.Halted):
        return
