"""Signed-in sessions: a random cookie, its hash in the database, idle and absolute limits kept by the server."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.base import ExecutableOption

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import UtcDateTime, db, note
from portal.infrastructure.identifiers import new_token

# A session's last use is written at most this often, so that reading a page does not mean writing a row.
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SessionRules:
    """How long sessions of an audience live and how their cookie behaves (OWASP session management)."""

    cookie: str
    same_site: str
    idle: timedelta
    absolute: timedelta


CUSTOMER_RULES = SessionRules("session", "Lax", timedelta(minutes=30), timedelta(hours=12))
STAFF_RULES = SessionRules("staff_session", "Strict", timedelta(minutes=15), timedelta(hours=8))


class SignedInSession:
    """Columns of a table of sessions; the concrete model adds its owner."""

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    method: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reauthenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


Row = TypeVar("Row", bound=Any)


def open_session(model: type[Row], rules: SessionRules, *, method: str, device: str, **owner: int) -> Row:
    """Add a session row to the current transaction and hand its cookie to the response.

    The anonymous session (form tokens, messages) is emptied: nothing known before signing in outlives it.
    """
    token = new_token()
    instant = clock.now()
    row = model(
        token_hash=hash_token(token), method=method, device=device[:100], created_at=instant, last_used_at=instant,
        reauthenticated_at=instant, **owner,
    )  # fmt: skip
    db.session.add(row)
    session.clear()
    g.set_session_cookie = (rules, token)
    return row


def find_session(model: type[Row], rules: SessionRules, caller: Request, *load: ExecutableOption) -> Row | None:
    """Return the live session that the request's cookie names, or None.

    Args:
        load: what to read with it in the same statement.
    """
    token = caller.cookies.get(cookie_name(rules.cookie))
    if not token:
        return None
    statement = select(model).options(*load).where(model.token_hash == hash_token(token))
    row = db.session.execute(statement).scalar_one_or_none()
    instant = clock.now()
    if row is None or row.ended_at:
        return None
    if instant - row.last_used_at > rules.idle or instant - row.created_at > rules.absolute:
        return None
    return row


def session_end(row: Any, rules: SessionRules) -> datetime:
    """Return when a session ends if its owner does nothing more."""
    return min(row.last_used_at + rules.idle, row.created_at + rules.absolute)


def touch_session(row: Any) -> None:
    """Note a session's use. A GET may write this, and the audit of a read, and nothing else."""
    if clock.now() - row.last_used_at < TOUCH_EVERY:
        return
    model, row_id = type(row), row.id
    note(update(model).where(model.id == row_id).values(last_used_at=clock.now()))


class SessionOver(Exception):
    """The session was ended while the request that it carries was running."""


def renew_session(row: Any, rules: SessionRules) -> None:
    """Give a session a new cookie in the current transaction; the one before stops working (ASVS 7.2.4).

    Raises:
        SessionOver: the session was ended meanwhile. Its owner may have ended it because a thief uses it: without this
            check, a way in that the thief is just adding would outlive the session.
    """
    model = type(row)
    is_live = select(model.id).where(model.id == row.id, model.ended_at.is_(None)).with_for_update(key_share=True)
    if db.session.execute(is_live).first() is None:
        raise SessionOver
    token = new_token()
    row.token_hash = hash_token(token)
    g.set_session_cookie = (rules, token)


def end_session(row: Any, rules: SessionRules) -> None:
    """End a session on the server, in the current transaction, and take its cookie back."""
    row.ended_at = clock.now()
    session.clear()
    g.set_session_cookie = (rules, None)


def hash_token(token: str) -> str:
    """Return the SHA-256 under which a random token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie_name(name: str) -> str:
    """Return a cookie's name, with the prefix `__Host-` where the portal is reached by TLS."""
    return f"__Host-{name}" if installed.settings().is_https else name


def write_session_cookie(response: Response) -> Response:
    """Set or take back the cookie that this request's sign-in or sign-out decided on."""
    change = g.pop("set_session_cookie", None)
    if change:
        rules, token = change
        name, is_https = cookie_name(rules.cookie), installed.settings().is_https
        if token:
            response.set_cookie(name, token, secure=is_https, httponly=True, samesite=rules.same_site, path="/")
        else:
            response.delete_cookie(name, secure=is_https, httponly=True, samesite=rules.same_site, path="/")
    return response


class FormSession(SecureCookieSessionInterface):
    """The signed cookie that holds form tokens and messages, one for staff and one for everybody else."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name("staff_form" if _is_staff_path() else "form")

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Strict" if _is_staff_path() else "Lax"

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(installed.settings.of(app).is_https)


def _is_staff_path() -> bool:
    return request.path == "/staff" or request.path.startswith("/staff/")
