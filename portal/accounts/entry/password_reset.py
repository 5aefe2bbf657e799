"""A forgotten password: the answer is always the same, the link works once for half an hour, and its use ends
everything that was open (OWASP forgot password)."""

from sqlalchemy import select

from portal import clock
from portal.accounts.emails import queue_password_changed
from portal.accounts.entry.registration import NOBODY, confirmed_account, subject_of
from portal.accounts.facebook.linked_identities import forget_identities
from portal.accounts.links import LinkUnusable, use_link, void_links
from portal.accounts.models import Account, AccountToken
from portal.accounts.sessions.account_sessions import end_sessions
from portal.accounts.sessions.devices import forget_devices
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
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
        enqueue("accounts.send_reset_link", account_id=account_id)


def reset_password(link_id: int, password_hash: str) -> None:
    """Set a new password in the current transaction, end every session, link, known browser and
    way in through Facebook, and say so.

    Raises:
        LinkUnusable: the link was used, replaced or expired meanwhile.
    """
    link = db.session.get(AccountToken, link_id)
    if link is None:
        raise LinkUnusable
    account = db.session.execute(select(Account).where(Account.id == link.account_id).with_for_update()).scalar_one()
    use_link(link_id)
    if account.customer is None:
        raise LinkUnusable
    account.password_hash, account.password_changed_at = password_hash, clock.now()
    void_links(account.id)
    ended = end_sessions(account.id)
    # Somebody who held the old password may have left a browser or a Facebook account of theirs here.
    forget_devices(account.id)
    forget_identities(account.id)
    record(RESET, actor=account.subject, subject=account.subject, sessions_ended=ended)
    queue_password_changed(account)
