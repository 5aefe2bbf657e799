"""The quarterly review of who may do what: an administrator reads the list, and the audit trail records that.

The form carries the digest of the list, so that nobody confirms a list that changed while they read it (ASVS 8.1).
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal import clock
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.clock import PARIS
from portal.durations import Period
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

REVIEWED = declare("staff:rights:reviewed", "members")
EVERY = Period(months=3)


@dataclass(frozen=True)
class Review:
    """The newest review. `by` is None when whoever made it is not in the list any more."""

    at: datetime
    by: StaffMember | None

    @property
    def next_on(self) -> date:
        """The day from which another one is due."""
        return EVERY.after(self.at.astimezone(PARIS).date())

    @property
    def is_due(self) -> bool:
        """Whether a quarter has passed since."""
        return clock.today() >= self.next_on


class ListChanged(Exception):
    """Somebody came, went or got another role since the list was shown."""


def reviewed_members() -> list[StaffMember]:
    """Return everybody who came in or is invited, and is not closed out, those with the same role together."""
    statement = select(StaffMember).where(StaffMember.disabled_at.is_(None), StaffMember.proposed_at.is_(None))
    return list(db.session.execute(statement.order_by(StaffMember.role, StaffMember.name, StaffMember.id)).scalars())


def digest(members: list[StaffMember]) -> str:
    """Return the digest of a list: it changes with every member and every role."""
    return hashlib.sha256("\n".join(f"{member.public_id} {member.role}" for member in members).encode()).hexdigest()


def last_review() -> Review | None:
    """Return the newest review, or None before the first."""
    statement = select(AuditEvent).where(AuditEvent.subject == "portal", AuditEvent.tag == REVIEWED)
    event = db.session.execute(statement.order_by(AuditEvent.sequence.desc()).limit(1)).scalar_one_or_none()
    if event is None:
        return None
    chosen = select(StaffMember).where(StaffMember.public_id == event.actor.removeprefix("staff:"))
    return Review(event.at, db.session.execute(chosen).scalar_one_or_none())


def note_review(reviewer: StaffMember, seen: str) -> None:
    """Record in the current transaction that somebody reviewed the list named by a digest.

    Raises:
        ListChanged: the list has another digest by now.
    """
    members = reviewed_members()
    if digest(members) != seen:
        raise ListChanged
    record(REVIEWED, actor=f"staff:{reviewer.public_id}", subject="portal", members=len(members))
