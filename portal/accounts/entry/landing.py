"""Where somebody lands who has just come in."""

from flask import url_for

from portal.accounts.facebook.linked_identities import FACEBOOK
from portal.accounts.models import Account
from portal.customers.models import CustomerStatus


def landing(account: Account, method: str, wanted: str) -> str:
    """Return the page to go on to.

    Whoever comes through Facebook is told first if their data are on hold: at their first visit, later, and with a
    second step too.

    Args:
        method: how they proved themselves, as `sign_in.enter` has it.
        wanted: the page that they asked for; empty for the first one.
    """
    customer = account.customer
    if method.startswith(FACEBOOK) and customer and customer.status is CustomerStatus.RESTRICTED:
        return url_for("customer.accounts.on_hold", next=wanted or None)
    return wanted or url_for("customer.records.dashboard")
