"""When the session of the current request ends: each page says it, and a page left open asks to stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, g, jsonify, url_for

from portal import clock
from portal.web.audiences import Audience, current_audience
from portal.web.sessions import CUSTOMER_RULES, STAFF_RULES, session_end

WARNED_BEFORE = timedelta(minutes=2)


@dataclass(frozen=True)
class SessionEnd:
    """The end of a session as a page tells it.

    Attributes:
        seconds_left: from now on; a page counts these, because its own clock may be wrong.
        can_stay: whether using the portal puts the end off.
        stay_url: what a page asks for to stay.
    """

    at: datetime
    seconds_left: int
    can_stay: bool
    stay_url: str
    seconds_warned: int = int(WARNED_BEFORE.total_seconds())


def present_end() -> SessionEnd | None:
    """Return when the current request's session ends, or None where nobody is signed in."""
    row = g.get("portal_session")
    if row is None:
        return None
    is_staff = current_audience() is Audience.STAFF
    rules = STAFF_RULES if is_staff else CUSTOMER_RULES
    at, last = session_end(row, rules), row.created_at + rules.absolute
    stay_url = url_for("staff.staff.stay" if is_staff else "customer.accounts.stay")
    return SessionEnd(at, max(0, int((at - clock.now()).total_seconds())), at < last, stay_url)


def stay() -> Response:
    """Answer a page that asks to stay, which is a use of its session, with the seconds that are left then."""
    end = present_end()
    return jsonify(seconds_left=end.seconds_left if end else 0)


def register(app: Flask) -> None:
    """Let every page say when its session ends."""
    app.add_template_global(present_end, "session_end")
