"""A staff member's own password and other sessions. Their second factors are in `second_factor.py`."""

from sqlalchemy import Select, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.entry.sessions import renew_session, stop_all_sessions
from portal.staff.entry.sign_in import end_waiting
from portal.staff.members.after_restore import note_way_gone
from portal.staff.models import StaffMember, StaffSession
from portal.web.sessions import STAFF_RULES

PASSWORD_CHANGED = declare("staff:password:changed", "sessions")
PROVEN_AGAIN = declare("staff:session:proven_again", "method")
SESSION_ENDED = declare("staff:session:revoked")
OTHERS_ENDED = declare("staff:other_sessions:ended", "sessions")


def live_sessions(staff_id: int) -> list[StaffSession]:
    """Return a member's sessions that are neither ended nor expired, the last used first."""
    return list(db.session.execute(_live(staff_id).order_by(StaffSession.last_used_at.desc())).scalars())


def _live(staff_id: int) -> Select[StaffSession]:
    instant = clock.now()
    return select(StaffSession).where(
        StaffSession.staff_id == staff_id,
        StaffSession.ended_at.is_(None),
        StaffSession.last_used_at > instant - STAFF_RULES.idle,
        StaffSession.created_at > instant - STAFF_RULES.absolute,
    )


class PasswordMoved(Exception):
    """The password was changed elsewhere between the check and the transaction."""


def change_password(session: StaffSession, seen_hash: str, password_hash: str) -> None:
    """Replace the password in the current transaction; every other session ends, and a mail says so.

    Raises:
        PasswordMoved: the hash that was compared is no longer the member's.
    """
    held = select(StaffMember).where(StaffMember.id == session.staff_id).with_for_update(key_share=True)
    member = db.session.execute(held.execution_options(populate_existing=True)).scalar_one()
    if member.password_hash != seen_hash:
        raise PasswordMoved
    member.password_hash = password_hash
    note_way_gone(member, "password")
    session.reauthenticated_at = clock.now()
    renew_session(session)
    end_waiting(member.id)
    _record(member, PASSWORD_CHANGED, sessions=stop_all_sessions(member.id, but=session.id))
    queue_mail(
        "staff/password_changed",
        member.email,
        member.language,
        first_name=member.first_name,
        at=clock.now().isoformat(),
    )


def note_proven_again(session: StaffSession, method: str) -> None:
    """Note a fresh proof of the person in the current transaction, under a new session cookie (ASVS 7.5.1).

    Args:
        method: `password` or `company`.
    """
    session.reauthenticated_at = clock.now()
    renew_session(session)
    _record(session.staff, PROVEN_AGAIN, method=method)


def end_session(member: StaffMember, public_id: str, *, own_id: int) -> bool:
    """End one session of a member in the current transaction; return False for an unknown one and for `own_id`."""
    found = db.session.execute(_live(member.id).where(StaffSession.public_id == public_id)).scalar_one_or_none()
    if found is None or found.id == own_id:
        return False
    found.ended_at = clock.now()
    _record(member, SESSION_ENDED)
    return True


def end_other_sessions(member: StaffMember, *, session_id: int) -> int:
    """End every session but the current one, in the current transaction; return how many."""
    end_waiting(member.id)
    ended = stop_all_sessions(member.id, but=session_id)
    _record(member, OTHERS_ENDED, sessions=ended)
    return ended


def _record(member: StaffMember, tag: str, **facts: int | str) -> None:
    subject = f"staff:{member.public_id}"
    record(tag, actor=subject, subject=subject, **facts)
