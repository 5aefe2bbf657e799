"""After a change to the way in, copies of the data wait, so that whoever took an account over leaves with nothing."""

from datetime import datetime, timedelta

from portal import clock
from portal.accounts.models import Account

FREEZE = timedelta(hours=72)


def frozen_until(account: Account) -> datetime | None:
    """Return the instant until which no copy is handed over, or None when nothing changed lately.

    The first password, set before the address was confirmed, changes nothing for anybody.
    """
    changed_at, confirmed_at = account.password_changed_at, account.email_confirmed_at
    if changed_at is None or confirmed_at is None or changed_at <= confirmed_at:
        return None
    return changed_at + FREEZE if clock.now() < changed_at + FREEZE else None
