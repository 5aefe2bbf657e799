"""What must hold of every restriction, at any instant: `flask doctor` asks."""

from sqlalchemy import or_, select

from portal.infrastructure.database import db
from portal.personal_data.erasure.checking.invariants import invariant
from portal.personal_data.restrictions.locking import LiftCause
from portal.personal_data.restrictions.models import Restriction


@invariant("I11")
def lifted_without_notice() -> list[str]:
    """None is lifted without a notice, nor before its seven days are over."""
    on_notice = (Restriction.lifted_at.is_not(None), Restriction.lift_cause == LiftCause.NOTICE)
    too_soon = or_(
        Restriction.notice_at.is_(None), Restriction.lifts_on.is_(None), Restriction.lifted_at < Restriction.lifts_on
    )
    found = select(Restriction.public_id).where(*on_notice, too_soon).order_by(Restriction.id)
    return list(db.session.execute(found).scalars())
