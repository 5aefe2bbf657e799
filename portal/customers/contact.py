"""The last contact that came from a person: the time of a prospect's file counts from it. What we send is none."""

from portal import clock
from portal.customers.models import Customer


def note_contact(customer: Customer) -> None:
    """Note that a person signed in, asked or wrote today, in the current transaction."""
    if customer.last_contact_on is None or customer.last_contact_on < clock.today():
        customer.last_contact_on = clock.today()
