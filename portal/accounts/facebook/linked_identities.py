"""Identities at Facebook that open an account: link one, find one, undo its link, or forget it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal import clock
from portal.accounts.emails import queue_facebook_linked, queue_facebook_unlinked
from portal.accounts.links import void_links
from portal.accounts.models import Account, AccountSession, AccountToken, LinkedIdentity
from portal.accounts.second_step.sign_in import end_waiting
from portal.accounts.sessions.account_sessions import end_sessions, renew_session
from portal.accounts.sessions.after_restore import note_unlinked
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db

LINKED = declare("customer:facebook:linked", "account")
UNLINKED = declare("customer:facebook:unlinked", "by", "was_last_way_in", "sessions_ended")

FACEBOOK = "facebook"
# A person who removes the application at Facebook may ask for the erasure there later: until then the row says whose.
UNLINKED_KEPT_FOR = timedelta(days=30)


def find_identity(scoped_id: str, issued_at: datetime) -> LinkedIdentity | None:
    """Lock and return the identity that a call of Facebook is about, with its account; None when there is none.

    Args:
        scoped_id: Facebook's number for the person, made for this portal alone.
        issued_at: when the call was signed. A link made later is not returned: somebody who sends an old call again
            must not undo it.
    """
    known = select(LinkedIdentity).where(LinkedIdentity.provider == FACEBOOK, LinkedIdentity.scoped_id == scoped_id)
    seen = db.session.execute(known).scalar_one_or_none()
    if seen is None:
        return None
    # Every change to a way in locks the account first, so that no two of them deadlock.
    db.session.execute(select(Account.id).where(Account.id == seen.account_id).with_for_update(key_share=True))
    held = known.with_for_update(key_share=True).execution_options(populate_existing=True)
    identity = db.session.execute(held).scalar_one_or_none()
    # Facebook signs whole seconds, so the link's time is cut to seconds too.
    return None if identity is None or identity.linked_at.replace(microsecond=0) > issued_at else identity


class IdentityTaken(Exception):
    """The identity opens another account, or the account has another identity."""


class LastWayIn(Exception):
    """Facebook is the only way into the account: a password must be set before the link is undone."""


def live_identity(account_id: int) -> LinkedIdentity | None:
    """Return the identity that opens an account, or None."""
    is_its_own = (LinkedIdentity.account_id == account_id, LinkedIdentity.unlinked_at.is_(None))
    return db.session.execute(select(LinkedIdentity).where(*is_its_own)).scalar_one_or_none()


def link(account: Account, scoped_id: str, *, brought_names: bool = False) -> None:
    """Let an identity open an account, in the current transaction. A link of it that was undone is replaced.

    Args:
        brought_names: whether the account was made with the names that Facebook gave.

    Raises:
        IdentityTaken: it opens another account, or the account has another identity.
    """
    known = select(LinkedIdentity).where(LinkedIdentity.provider == FACEBOOK, LinkedIdentity.scoped_id == scoped_id)
    identity = db.session.execute(known.with_for_update(key_share=True)).scalar_one_or_none()
    is_live = identity is not None and identity.unlinked_at is None
    if is_live or live_identity(account.id):
        raise IdentityTaken
    if identity is None:
        identity = LinkedIdentity(provider=FACEBOOK, scoped_id=scoped_id)
        db.session.add(identity)
    identity.account_id, identity.brought_names = account.id, brought_names
    identity.linked_at, identity.unlinked_at = clock.now(), None
    record(LINKED, actor=account.subject, subject=account.subject, account=account.public_id)


def link_own(session: AccountSession, scoped_id: str) -> None:
    """Link an identity with the account of a session, in the current transaction, and tell the owner by mail.

    The session gets a new cookie.

    Raises:
        IdentityTaken: it opens another account, or the account has another identity.
        SessionOver: the session was ended meanwhile.
    """
    account = _held(session.account_id)
    link(account, scoped_id)
    # This date stays when the link goes. Otherwise undoing the link would also end the wait for copies of the data.
    account.facebook_linked_at = clock.now()
    renew_session(session)
    queue_facebook_linked(account)


def unlink_own(session: AccountSession) -> None:
    """Undo the link of a session's account in the current transaction. The other sessions that it opened end.

    Raises:
        LastWayIn: the account has no password.
        SessionOver: the session was ended meanwhile.
    """
    account = _held(session.account_id)
    identity = live_identity(account.id)
    if identity is None:
        return
    if account.password_hash is None:
        raise LastWayIn
    renew_session(session)
    unlink(identity, by="customer", except_id=session.id)


def _held(account_id: int) -> Account:
    return db.session.execute(
        select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    ).scalar_one()


def unlink(identity: LinkedIdentity, *, by: str, except_id: int | None = None) -> None:
    """Undo a link in the current transaction, end the sessions that it opened, and tell the customer by mail.

    An account whose address nobody confirmed cannot be confirmed any more: its mailed links end, and nobody is told.

    Args:
        by: `facebook` or `customer`.
        except_id: id of a session that stays open.
    """
    if identity.unlinked_at:
        return
    account = identity.account
    identity.unlinked_at = clock.now()
    if account.customer is None:
        void_links(account.id)
        return
    end_waiting(account.id)
    ended = end_sessions(account.id, method=FACEBOOK, except_id=except_id)
    record(
        UNLINKED,
        actor=account.subject if by == "customer" else "portal",
        subject=account.subject,
        by=by,
        was_last_way_in=account.password_hash is None,
        sessions_ended=ended,
    )
    note_unlinked(account)
    queue_facebook_unlinked(account)


def forget_identity(identity: LinkedIdentity) -> None:
    """Delete the row of a link in the current transaction, and its account if nobody confirmed the address."""
    account = identity.account
    db.session.delete(identity)
    if account.customer is None:
        db.session.flush()
        db.session.execute(delete(AccountToken).where(AccountToken.account_id == account.id))
        db.session.delete(account)


def forget_identities(account_id: int) -> None:
    """Delete the rows of every link of an account in the current transaction.

    A stranger who had the account before its owner proved themselves may have linked an identity of their own.
    """
    gone = delete(LinkedIdentity).where(LinkedIdentity.account_id == account_id).returning(LinkedIdentity.id)
    if db.session.execute(gone).all():
        note_unlinked(db.session.get_one(Account, account_id))
