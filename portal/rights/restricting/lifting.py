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
from portal.rights.restricting.telling import hold_request
from portal.staff.models import StaffMember

TOLD = declare("staff:restriction:told", "reference", "restriction")


def tell(restriction: Restriction, member: StaffMember) -> bool:
    """Tell the person in the current transaction that their data are on hold; return whether a mail does.

    Without an address the officer writes a letter before they press the button.
    """
    if restriction.told_at is not None:
        return True
    mail = queue_imposed(restriction)
    restriction.told_at = clock.now()
    customer = db.session.get_one(Customer, restriction.customer_id)
    note_in_trail(TOLD, f"staff:{member.public_id}", restriction, customer)
    return mail is not None


def announce(restriction: Restriction, member: StaffMember) -> None:
    """Announce in the current transaction that a restriction will be lifted. Raises `NotStanding`."""
    is_new = restriction.notice_at is None
    lifting.announce(restriction, f"staff:{member.public_id}")
    if is_new:
        queue_lifting(restriction)


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
