"""Create a customer, and let the domains that keep a row per customer add theirs in the same transaction."""

from collections.abc import Callable
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
    customer = Customer(**facts)
    db.session.add(customer)
    db.session.flush()
    for listener in _on_creation:
        listener(customer)
    return customer
