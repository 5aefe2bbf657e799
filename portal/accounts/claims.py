"""An import does not change the address of a customer who has an account: there the customer's own word counts."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from portal.accounts.models import Account
from portal.customers.claims import keep_fields
from portal.infrastructure.database import db

ADDRESS = frozenset({"email", "email_normalised"})


@keep_fields
def claimed_addresses(customer_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Return the address columns for each of the customers that has an account."""
    claimed = select(Account.customer_id).where(Account.customer_id.in_(customer_ids))
    return {customer_id: ADDRESS for customer_id in db.session.execute(claimed).scalars() if customer_id}
