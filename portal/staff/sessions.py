"""Staff sessions: shorter than customers', in a cookie that no other site can make the browser send."""

from flask import Request, g

from portal.staff.models import StaffMember, StaffSession
from portal.web.sessions import STAFF_RULES, end_session, find_session, open_session, touch_session


def load_staff_member(request: Request) -> StaffMember | None:
    """Return the staff member whose session the request carries; a disabled one has none from that moment on."""
    row = find_session(StaffSession, STAFF_RULES, request)
    if row is None or row.staff.disabled_at:
        return None
    touch_session(row)
    g.portal_session = row
    member: StaffMember = row.staff
    return member


def start_session(member: StaffMember, device: str) -> StaffSession:
    """Open a session in the current transaction, after password and second factor."""
    return open_session(StaffSession, STAFF_RULES, method="password+totp", device=device, staff_id=member.id)


def stop_session(row: StaffSession) -> None:
    """End a session in the current transaction."""
    end_session(row, STAFF_RULES)
