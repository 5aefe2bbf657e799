"""Create a customer, and let the domains that keep a row per customer add theirs in the same transaction."""

from collections.abc import Callable, Iterable
from typing import Any

from portal.customers.models import Customer
from portal.infrastructure.database import db

_on_creation: list[Callable[[Customer], None]] = []


def on_creation(listener: Callable[[Customer], None]) -> Callable[[Customer], None]:
    """Register what a domain adds when a customer is created."""
    _on_creation.append(listener)
    return listener


def create_customer(**facts: Any) -> Customer:
    """Add a customer to the current transaction; `facts` are columns of `Customer`."""
    return create_customers([facts])[0]


def create_customers(people: Iterable[dict[str, Any]]) -> list[Customer]:
    """Add customers to the current transaction, written together: an import brings thousands."""
    customers = [Customer(**facts) for facts in people]
    db.session.add_all(customers)
    db.session.flush()
    for customer in customers:
        for listener in _on_creation:
            listener(customer)
    return customers
