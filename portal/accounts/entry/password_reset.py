"""A forgotten password (OWASP Forgot Password Cheat Sheet).

The answer is the same for every address. The mailed link works once, within half an hour. Using it ends every session,
link, known browser and link with Facebook.
"""

from sqlalchemy import select

from portal import clock
from portal.accounts.emails import queue_password_changed
from portal.accounts.entry.registration import NOBODY, confirmed_account, is_erased, subject_of
from portal.accounts.facebook.linked_identities import forget_identities
from portal.accounts.links import LinkUnusable, use_link, void_links
from portal.accounts.models import Account, AccountToken
from portal.accounts.sessions.account_sessions import end_sessions
from portal.accounts.sessions.after_restore import Way, note_way_gone
from portal.accounts.sessions.devices import forget_devices
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import enqueue

ASKED = declare("customer:password:reset_asked")
RESET = declare("customer:password:reset", "sessions_ended")


def ask_for_reset(email_normalised: str, *, may_mail: bool) -> None:
    """Have a link sent, in the current transaction, if the address has an account.

    The rows written are the same if it has none: the worker then finds nobody to write to.

    Args:
        may_mail: False once the address got enough mails this hour.
    """
    account = confirmed_account(email_normalised)
    account_id = account.id if account else NOBODY
    record(ASKED, actor="portal", subject=subject_of(account_id))
    if may_mail:
        enqueue("accounts.send_reset_link", account_id=account_id, lane=Lane.STRANGERS)


def reset_password(link_id: int, password_hash: str) -> None:
    """Set a new password in the current transaction, end everything that was open, and tell the owner by mail.

    Raises:
        LinkUnusable: the link was used, replaced or expired meanwhile, or the account has no customer.
    """
    link = db.session.get(AccountToken, link_id)
    if link is None:
        raise LinkUnusable
    account = db.session.execute(
        select(Account).where(Account.id == link.account_id).with_for_update(key_share=True)
    ).scalar_one()
    use_link(link_id)
    if account.customer is None or is_erased(account):
        raise LinkUnusable
    account.password_hash, account.password_changed_at = password_hash, clock.now()
    void_links(account.id)
    ended = end_sessions(account.id)
    # A stranger who had the old password may have left a known browser or a Facebook link of their own.
    forget_devices(account.id)
    forget_identities(account.id)
    record(RESET, actor=account.subject, subject=account.subject, sessions_ended=ended)
    note_way_gone(account, Way.PASSWORD)
    queue_password_changed(account)
