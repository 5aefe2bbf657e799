"""Customers' sessions: open one at sign-in, find it on each request, end it at sign-out."""

from flask import Request, g

from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.web.sessions import CUSTOMER_RULES, end_session, find_session, open_session, touch_session


def load_account(request: Request) -> Account | None:
    """Return the account whose session the request carries, and keep the session for this request."""
    row = find_session(AccountSession, CUSTOMER_RULES, request)
    if row is None or row.account.customer_id is None:
        return None
    touch_session(row)
    g.portal_session = row
    account: Account = row.account
    return account


def start_session(account: Account, device: AccountDevice, method: str) -> AccountSession:
    """Open a session in the current transaction. Args: method is how the person proved themselves, `password`."""
    return open_session(
        AccountSession, CUSTOMER_RULES, method=method, device=device.label, account_id=account.id, device_id=device.id
    )


def stop_session(row: AccountSession) -> None:
    """End a session in the current transaction."""
    end_session(row, CUSTOMER_RULES)
