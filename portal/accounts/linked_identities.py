"""Identities at Facebook that open an account: undo a link, or forget that there was one."""

from datetime import timedelta

from sqlalchemy import delete

from portal.accounts.models import LinkedIdentity
from portal.infrastructure.database import db

# Long enough for the erasure that Facebook asks for after the application was removed there.
UNLINKED_KEPT_FOR = timedelta(days=30)


def forget_identities(account_id: int) -> None:
    """Delete every link of an account in the current transaction, with its trace.

    Whoever held the account before its owner proved themselves may have linked an identity of their own.
    """
    db.session.execute(delete(LinkedIdentity).where(LinkedIdentity.account_id == account_id))
