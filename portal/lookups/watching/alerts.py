"""Alerts on unusual reading: raised once an hour at most, told to the officers, closed by one of them with words."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access.permissions import Permission, roles_with
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.lookups.models import AlertKind, ReadingAlert
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember

RAISED = declare("portal:reading_alert:raised", "alert", "kind", "looks", "usual")
CLOSED = declare("staff:reading_alert:closed", "alert")
SHOWN = 50


class AlertClosed(Exception):
    """Somebody else closed the alert."""


class OwnAlert(Exception):
    """The alert is about the member, and another officer can look into it."""


def raise_alert(member: StaffMember, kind: AlertKind, hour: datetime, looks: int, usual: int) -> None:
    """Add an alert to the current transaction, unless there is one of this kind for this hour; mail the officers.

    Args:
        hour: when the hour of the clock began.
        usual: more than this was too much, or unusual for the member.
    """
    same = (ReadingAlert.staff_id == member.id, ReadingAlert.hour == hour, ReadingAlert.kind == kind)
    if db.session.execute(select(ReadingAlert.id).where(*same)).first():
        return
    alert = ReadingAlert(staff_id=member.id, kind=kind, hour=hour, looks=looks, usual=usual)
    db.session.add(alert)
    db.session.flush()
    subject = f"staff:{member.public_id}"
    record(RAISED, actor="portal", subject=subject, alert=alert.public_id, kind=kind, looks=looks, usual=usual)
    for told in _told(member):
        queue_mail(
            "staff/reading_alert", told.email, told.language, first_name=told.first_name, name=member.name,
            kind=str(kind), looks=looks, usual=usual, hour=hour.isoformat(),
            may_look=told.may(Permission.WATCH_READING),
        )  # fmt: skip


def alerts() -> list[ReadingAlert]:
    """Return the newest alerts, open ones first."""
    statement = select(ReadingAlert).options(joinedload(ReadingAlert.staff), joinedload(ReadingAlert.closed_by))
    ordered = statement.order_by(ReadingAlert.closed_at.is_not(None), ReadingAlert.id.desc()).limit(SHOWN)
    return list(db.session.execute(ordered).scalars())


def find_alert(public_id: str) -> ReadingAlert | None:
    """Return an alert, or None."""
    statement = select(ReadingAlert).where(ReadingAlert.public_id == public_id)
    return db.session.execute(statement.options(joinedload(ReadingAlert.staff))).scalar_one_or_none()


def close_alert(public_id: str, member: StaffMember, words: str) -> None:
    """Close an alert in the current transaction, with what the member found.

    Raises:
        AlertClosed, OwnAlert: nothing is changed.
    """
    statement = select(ReadingAlert).where(ReadingAlert.public_id == public_id, ReadingAlert.closed_at.is_(None))
    alert = db.session.execute(statement.with_for_update(key_share=True)).scalar_one_or_none()
    if alert is None:
        raise AlertClosed
    if not may_close(member, alert):
        raise OwnAlert
    alert.closed_at, alert.closed_by_id, alert.words = clock.now(), member.id, words
    actor, subject = f"staff:{member.public_id}", f"staff:{alert.staff.public_id}"
    record(CLOSED, actor=actor, subject=subject, alert=alert.public_id)


def may_close(member: StaffMember, alert: ReadingAlert) -> bool:
    """Tell whether a member may close an alert: nobody closes their own while another could."""
    return alert.staff_id != member.id or not _others(member, Permission.WATCH_READING)


@on_desk(
    Label(fr="Consultations inhabituelles", en="Unusual reading"), rank=Rank.CARE, endpoint="staff.watching.reading"
)
def count_open(member: StaffMember) -> Counted | None:
    """Return how many alerts wait for somebody to look into them; None for who may not."""
    if not member.may(Permission.WATCH_READING):
        return None
    return count_waiting(select(ReadingAlert.raised_at).where(ReadingAlert.closed_at.is_(None)))


def _told(member: StaffMember) -> list[StaffMember]:
    """Return who is told about a member: the other officers; for an officer who is the only one, the administrators."""
    return _others(member, Permission.WATCH_READING) or _others(member, Permission.MANAGE_STAFF)


def _others(member: StaffMember, permission: Permission) -> list[StaffMember]:
    may_sign_in: tuple[ColumnElement[bool], ...] = (
        StaffMember.activated_at.is_not(None), StaffMember.disabled_at.is_(None),
    )  # fmt: skip
    statement = select(StaffMember).where(
        StaffMember.role.in_(roles_with(permission)), StaffMember.id != member.id, *may_sign_in
    )
    return list(db.session.execute(statement.order_by(StaffMember.id)).scalars())
