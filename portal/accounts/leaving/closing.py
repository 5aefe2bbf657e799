"""A customer closes their own account: every way in ends. What the company holds about them stays where it is."""

from sqlalchemy import select

from portal.accounts.emails import queue_account_closed
from portal.accounts.leaving.unused import end_accounts
from portal.accounts.models import Account, AccountSession
from portal.accounts.sessions.account_sessions import stop_session
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db

CLOSED = declare("customer:account:closed")


def close_account(session: AccountSession) -> None:
    """Close the account of a session in the current transaction, and tell its owner by mail.

    Whoever registers with the same address later finds the same customer file, as somebody who never had an account.
    """
    held = select(Account).where(Account.id == session.account_id).with_for_update(key_share=True)
    account = db.session.execute(held).scalar_one()
    stop_session(session)
    record(CLOSED, actor=account.subject, subject=account.subject)
    queue_account_closed(account)
    db.session.flush()
    end_accounts([account.id])
