"""Copies of the data wait for 72 hours after a change to the way in.

Whoever took an account over thus leaves with nothing, and its owner has time to read the mail about the change.
"""

from datetime import datetime, timedelta

from portal import clock
from portal.accounts.facebook.linked_identities import live_identity
from portal.accounts.models import Account

FREEZE = timedelta(hours=72)


def frozen_until(account: Account) -> datetime | None:
    """Return the instant until which no copy is handed over, or None when nothing changed lately.

    A password or a Facebook link that is older than the confirmation of the address is the first one, and no change.
    """
    confirmed_at, identity = account.email_confirmed_at, live_identity(account.id)
    changes = [account.password_changed_at, identity.linked_at if identity else None]
    later = [at for at in changes if at and confirmed_at and at > confirmed_at]
    later += [at for at in (account.email_changed_at, account.facebook_linked_at, account.second_step_lifted_at) if at]
    over_at = max(later) + FREEZE if later else None
    return over_at if over_at and clock.now() < over_at else None
