"""What the audit trail says, for tests."""

from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.infrastructure.database import db


def events(tag: str) -> list[AuditEvent]:
    """Return the events of a tag, oldest first, as they stand in the database now."""
    db.session.rollback()
    statement = select(AuditEvent).where(AuditEvent.tag == tag).order_by(AuditEvent.sequence)
    return list(db.session.execute(statement).scalars())


def all_events() -> list[AuditEvent]:
    """Return every event, oldest first."""
    db.session.rollback()
    return list(db.session.execute(select(AuditEvent).order_by(AuditEvent.sequence)).scalars())
