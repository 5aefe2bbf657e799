"""Staff sessions: shorter than customers', in a cookie that no other site can make the browser send."""

from flask import Request, g
from sqlalchemy import update

from portal import clock
from portal.infrastructure.database import db
from portal.staff.entry.devices import is_browser_of
from portal.staff.models import StaffDevice, StaffMember, StaffSession
from portal.web import sessions as browser_sessions
from portal.web.sessions import STAFF_RULES, end_session, find_session, open_session, touch_session


def load_staff_member(request: Request) -> StaffMember | None:
    """Return the staff member whose session the request carries, in the browser that opened it.

    A member who was disabled has no session any more.
    """
    row = find_session(StaffSession, STAFF_RULES, request)
    if row is None or not row.staff.may_sign_in or not is_browser_of(row.browser, request):
        return None
    touch_session(row)
    g.portal_session = row
    member: StaffMember = row.staff
    return member


def start_session(member: StaffMember, browser: StaffDevice, *, method: str, device: str) -> StaffSession:
    """Open a session in the current transaction, for a member who has proven themselves.

    Args:
        method: `company`, or the first factor (`password`, `company`) with the second, such as `password+totp`.
        device: the browser in words, for the member's own list of sessions.
    """
    return open_session(
        StaffSession, STAFF_RULES, method=method, device=device, staff_id=member.id, device_id=browser.id
    )


def renew_session(row: StaffSession) -> None:
    """Give a session a new cookie in the current transaction; the one before stops working (ASVS 7.2.4).

    Raises:
        SessionOver: it was ended meanwhile.
    """
    browser_sessions.renew_session(row, STAFF_RULES)


def stop_session(row: StaffSession) -> None:
    """End a session in the current transaction."""
    end_session(row, STAFF_RULES)


def stop_all_sessions(staff_id: int, *, but: int | None = None) -> int:
    """End a member's sessions in the current transaction, but not the one with the id `but`; return how many ended."""
    statement = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    if but is not None:
        statement = statement.where(StaffSession.id != but)
    ended = db.session.execute(statement.values(ended_at=clock.now()).returning(StaffSession.id))
    return len(ended.all())
