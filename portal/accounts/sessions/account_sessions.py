"""Customers' sessions: open one at sign-in, find it on each request, end it at sign-out, list them."""

from typing import Any

from flask import Request, g, request
from sqlalchemy import CursorResult, Select, func, select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.sealing.keys import SessionKey
from portal.web import sessions as browser_sessions
from portal.web.sessions import (
    CUSTOMER_RULES,
    cookie_name,
    end_session,
    find_session,
    open_session,
    touch_session,
)

SHOWN_SESSIONS = 20
_WITH_CUSTOMER = joinedload(AccountSession.account).joinedload(Account.customer)


def load_account(request: Request) -> Account | None:
    """Return the account whose session the request carries, and keep the session for this request."""
    row = find_session(AccountSession, CUSTOMER_RULES, request, _WITH_CUSTOMER)
    if row is None or row.account.customer is None or row.account.customer.status is CustomerStatus.ERASED:
        return None
    touch_session(row)
    g.portal_session = row
    account: Account = row.account
    return account


def start_session(account: Account, device: AccountDevice, method: str) -> AccountSession:
    """Open a session in the current transaction and set its cookie; `method` is as in `sign_in.enter`."""
    return open_session(
        AccountSession,
        CUSTOMER_RULES,
        method=method,
        device=device.label,
        account_id=account.id,
        device_id=device.id,
    )


def renew_session(row: AccountSession) -> None:
    """Give a session a new cookie in the current transaction; the one before stops working (ASVS 7.2.4).

    Raises:
        SessionOver: it was ended meanwhile.
    """
    browser_sessions.renew_session(row, CUSTOMER_RULES)


def session_key() -> SessionKey:
    """Return the key that the cookie of the current request carries; a new cookie is a new key."""
    return SessionKey.of(request.cookies.get(cookie_name(CUSTOMER_RULES.cookie), ""))


def stop_session(row: AccountSession) -> None:
    """End a session in the current transaction."""
    end_session(row, CUSTOMER_RULES)


def live_sessions(account_id: int) -> tuple[list[AccountSession], int]:
    """Return the newest sessions that still open an account, twenty at most, and how many there are."""
    newest = _live(select(AccountSession), account_id).order_by(
        AccountSession.last_used_at.desc(), AccountSession.id.desc()
    )
    total = db.session.execute(_live(select(func.count(AccountSession.id)), account_id)).scalar_one()
    return list(db.session.execute(newest.limit(SHOWN_SESSIONS)).scalars()), total


def find_own_session(account_id: int, public_id: str) -> AccountSession | None:
    """Return a live session of the account by its public id, or None."""
    statement = _live(select(AccountSession), account_id).where(AccountSession.public_id == public_id)
    return db.session.execute(statement).scalar_one_or_none()


def end_sessions(account_id: int, *, except_id: int | None = None, method: str | None = None) -> int:
    """End an account's sessions in the current transaction; return how many.

    Args:
        except_id: id of a session that stays open.
        method: `password` or `facebook`, to end only the sessions that began with it, whatever their second step.
    """
    statement = update(AccountSession).where(
        AccountSession.account_id == account_id,
        AccountSession.ended_at.is_(None),
        AccountSession.id != (except_id or 0),
    )
    if method:
        statement = statement.where(AccountSession.method.startswith(method, autoescape=True))
    result = db.session.execute(statement.values(ended_at=clock.now()))
    return result.rowcount if isinstance(result, CursorResult) else 0


def _live(statement: Select[Any], account_id: int) -> Select[Any]:
    instant = clock.now()
    return statement.where(
        AccountSession.account_id == account_id,
        AccountSession.ended_at.is_(None),
        AccountSession.last_used_at >= instant - CUSTOMER_RULES.idle,
        AccountSession.created_at >= instant - CUSTOMER_RULES.absolute,
    )
