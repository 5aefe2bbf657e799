"""The page that follows a sign-in."""

from flask import url_for

from portal.accounts.facebook.linked_identities import FACEBOOK
from portal.accounts.models import Account
from portal.customers.models import CustomerStatus


def landing(account: Account, method: str, wanted: str) -> str:
    """Return the address of the page that follows a sign-in.

    A customer who comes through Facebook and whose data are on hold is told so first, every time.

    Args:
        method: how they proved themselves, as in `sign_in.enter`.
        wanted: the page that they asked for; empty for the dashboard.
    """
    customer = account.customer
    if method.startswith(FACEBOOK) and customer and customer.status is CustomerStatus.RESTRICTED:
        return url_for("customer.accounts.on_hold", next=wanted or None)
    return wanted or url_for("customer.records.dashboard")
