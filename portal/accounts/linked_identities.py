"""Identities at Facebook that open an account: find one, undo its link, or forget that there was one."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal import clock
from portal.accounts.emails import queue_facebook_unlinked
from portal.accounts.links import void_links
from portal.accounts.models import Account, AccountToken, LinkedIdentity
from portal.accounts.sessions import end_sessions
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db

UNLINKED = declare("customer:facebook:unlinked", "by", "was_last_way_in", "sessions_ended")

FACEBOOK = "facebook"
# Long enough for the erasure that Facebook asks for after the application was removed there.
UNLINKED_KEPT_FOR = timedelta(days=30)


def find_identity(scoped_id: str, issued_at: datetime) -> LinkedIdentity | None:
    """Return the identity that a call of Facebook means, held with its account; None when there is none.

    Args:
        issued_at: when the call was signed. A link made afterwards is not meant: a call sent once more must
            not undo it.
    """
    known = select(LinkedIdentity).where(LinkedIdentity.provider == FACEBOOK, LinkedIdentity.scoped_id == scoped_id)
    seen = db.session.execute(known).scalar_one_or_none()
    if seen is None:
        return None
    # Whoever changes a way in holds the account first, so that no two wait for each other.
    db.session.execute(select(Account.id).where(Account.id == seen.account_id).with_for_update())
    held = known.with_for_update().execution_options(populate_existing=True)
    identity = db.session.execute(held).scalar_one_or_none()
    # Facebook gives whole seconds.
    return None if identity is None or identity.linked_at.replace(microsecond=0) > issued_at else identity


def unlink(identity: LinkedIdentity, *, by: str) -> None:
    """Undo a link in the current transaction, with the sessions that it opened, and say so to its customer.

    An account whose address nobody proved stays closed: its link was its only way to become one.

    Args:
        by: `facebook` or `customer`.
    """
    if identity.unlinked_at:
        return
    account = identity.account
    identity.unlinked_at = clock.now()
    if account.customer is None:
        void_links(account.id)
        return
    ended = end_sessions(account.id, method=FACEBOOK)
    who = f"customer:{account.customer.public_id}"
    record(
        UNLINKED,
        actor=who if by == "customer" else "portal",
        subject=who,
        by=by,
        was_last_way_in=account.password_hash is None,
        sessions_ended=ended,
    )
    queue_facebook_unlinked(account)


def forget_identity(identity: LinkedIdentity) -> None:
    """Delete a link with its trace in the current transaction, and the account if nobody proved its address."""
    account = identity.account
    db.session.delete(identity)
    if account.customer is None:
        db.session.flush()
        db.session.execute(delete(AccountToken).where(AccountToken.account_id == account.id))
        db.session.delete(account)


def forget_identities(account_id: int) -> None:
    """Delete every link of an account in the current transaction, with its trace.

    Whoever held the account before its owner proved themselves may have linked an identity of their own.
    """
    db.session.execute(delete(LinkedIdentity).where(LinkedIdentity.account_id == account_id))
