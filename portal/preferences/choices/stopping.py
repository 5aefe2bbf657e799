"""The uses that a person objected to, in the row that marketing reads: written in the transaction that changes them."""

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.stops.changing import on_change
from portal.personal_data.stops.standing import held_back
from portal.preferences.choices.states import lock_state, mark_changed


@on_change
def publish_stops(customer_id: int) -> None:
    """Write what is held back for a customer into their row, in the current transaction."""
    state, stops = lock_state(db.session.get_one(Customer, customer_id)), held_back(customer_id)
    if state.stops != stops:
        state.stops = stops
        mark_changed(state)
