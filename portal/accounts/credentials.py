"""What a signed-in customer does about signing in: give the password again, change it, end other sessions.

A password is compared before the transaction, because that is slow. `seen_hash` is the hash that it was compared with:
the transaction acts only if that is still the account's.
"""

from sqlalchemy import select

from portal import clock
from portal.accounts.emails import queue_password_changed
from portal.accounts.facebook.linked_identities import live_identity
from portal.accounts.links import Purpose, void_links
from portal.accounts.models import Account, AccountSession
from portal.accounts.second_step.sign_in import end_waiting
from portal.accounts.sessions.account_sessions import end_sessions, renew_session
from portal.accounts.sessions.after_restore import Way, note_way_gone
from portal.accounts.sessions.devices import forget_devices
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db

PROVEN_AGAIN = declare("customer:password:given_again")
PROVEN_BY_FACEBOOK = declare("customer:facebook:proven_again")
CHANGED = declare("customer:password:changed", "sessions_ended")
REVOKED = declare("customer:session:revoked", "sessions_ended")


class PasswordMoved(Exception):
    """The password was changed elsewhere between the check and the transaction."""


def give_password_again(session: AccountSession, seen_hash: str) -> None:
    """Note in the current transaction that the person gave their password again. The session gets a new cookie.

    Raises:
        PasswordMoved: the hash that was compared is no longer the account's.
        SessionOver: the session was ended meanwhile.
    """
    account = _unchanged(session, seen_hash)
    session.reauthenticated_at = clock.now()
    renew_session(session)
    record(PROVEN_AGAIN, actor=account.subject, subject=account.subject)


class NotTheOwner(Exception):
    """The person who answered at Facebook is not the one whose Facebook identity opens this account."""


def prove_by_facebook(session: AccountSession, scoped_id: str) -> None:
    """Note a fresh proof through Facebook in the current transaction. The session gets a new cookie.

    Args:
        scoped_id: Facebook's number for the person who answered there.

    Raises:
        NotTheOwner: the account is linked with another Facebook identity, or with none.
        SessionOver: the session was ended meanwhile.
    """
    account = db.session.execute(
        select(Account).where(Account.id == session.account_id).with_for_update(key_share=True)
    ).scalar_one()
    identity = live_identity(account.id)
    if identity is None or identity.scoped_id != scoped_id:
        raise NotTheOwner
    session.reauthenticated_at = clock.now()
    renew_session(session)
    record(PROVEN_BY_FACEBOOK, actor=account.subject, subject=account.subject)


def change_password(session: AccountSession, seen_hash: str, password_hash: str) -> int:
    """Set a new password in the current transaction and end the other sessions; return how many there were.

    Raises:
        PasswordMoved: the hash that was compared is no longer the account's.
        SessionOver: the session was ended meanwhile.
    """
    account = _unchanged(session, seen_hash)
    account.password_hash, account.password_changed_at = password_hash, clock.now()
    session.reauthenticated_at = clock.now()
    renew_session(session)
    void_links(account.id)
    end_waiting(account.id)
    ended = end_sessions(account.id, except_id=session.id)
    record(CHANGED, actor=account.subject, subject=account.subject, sessions_ended=ended)
    note_way_gone(account, Way.PASSWORD)
    queue_password_changed(account)
    return ended


def revoke_session(session: AccountSession) -> None:
    """End one session of an account in the current transaction, and forget its browser, which then counts as new."""
    account = session.account
    session.ended_at = clock.now()
    if session.device_id:
        forget_devices(account.id, [session.device_id])
    void_links(account.id, Purpose.CHANGE_ADDRESS)
    record(REVOKED, actor=account.subject, subject=account.subject, sessions_ended=1)


def revoke_other_sessions(session: AccountSession) -> int:
    """End every session but this one, in the current transaction; return how many there were."""
    account = session.account
    ended = end_sessions(account.id, except_id=session.id)
    end_waiting(account.id)
    # A stranger in one of these sessions may have asked to change the address to their own.
    void_links(account.id, Purpose.CHANGE_ADDRESS)
    record(REVOKED, actor=account.subject, subject=account.subject, sessions_ended=ended)
    return ended


def _unchanged(session: AccountSession, seen_hash: str) -> Account:
    statement = select(Account).where(Account.id == session.account_id).with_for_update(key_share=True)
    account = db.session.execute(statement).scalar_one()
    if account.password_hash != seen_hash:
        raise PasswordMoved
    return account
