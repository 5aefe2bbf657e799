"""The browsers of staff: a session opens only in the one that signed in, and a new one is told by mail."""

from datetime import timedelta

from flask import Request
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.identifiers import new_token
from portal.staff.models import StaffDevice, StaffMember
from portal.web.sessions import STAFF_RULES, cookie_name, hash_token

COOKIE = "staff_device"
KEPT_FOR = timedelta(days=365)


def find_device(request: Request, staff_id: int) -> StaffDevice | None:
    """Return the browser of the request when this member signed in from it before."""
    token = request.cookies.get(cookie_name(COOKIE))
    if not token:
        return None
    statement = select(StaffDevice).where(StaffDevice.token_hash == hash_token(token), StaffDevice.staff_id == staff_id)
    return db.session.execute(statement).scalar_one_or_none()


def is_browser_of(device: StaffDevice, request: Request) -> bool:
    """Tell whether the request comes from this browser."""
    token = request.cookies.get(cookie_name(COOKIE))
    return bool(token) and hash_token(token or "") == device.token_hash


def add_device(member: StaffMember) -> tuple[StaffDevice, str]:
    """Add a new browser of a member to the current transaction and return it with its cookie's value."""
    token = new_token()
    device = StaffDevice(staff_id=member.id, token_hash=hash_token(token))
    db.session.add(device)
    db.session.flush()
    return device, token


def forget_devices(staff_id: int) -> None:
    """Make a member's browsers count as new, in the current transaction. Their rows stay, for the ended sessions."""
    for device in db.session.execute(select(StaffDevice).where(StaffDevice.staff_id == staff_id)).scalars():
        device.token_hash = hash_token(new_token())


def hand_out_cookie(response: Response, token: str) -> None:
    """Give the browser the cookie by which `find_device` recognises it."""
    response.set_cookie(
        cookie_name(COOKIE), token, max_age=int(KEPT_FOR.total_seconds()), httponly=True,
        samesite=STAFF_RULES.same_site, secure=installed.settings().is_https, path="/",
    )  # fmt: skip
