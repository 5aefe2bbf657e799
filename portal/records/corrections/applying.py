"""Write a corrected value where it is held: in a record in use, in the archive, or in the person's own file."""

from typing import Any

from portal import clock
from portal.clock import local_date
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction
from portal.personal_data.corrections.own_file import PART, correct_own_file
from portal.records.corrections.targets import Held, held_record
from portal.records.data_map.kinds import installed_data_map
from portal.records.days.expiry import Expiry, Person
from portal.records.days.last_days import write_days
from portal.records.models import Record, as_object


def value_of(kept: dict[str, Any]) -> Any:
    """Return a value as a correction keeps it; None where there is none."""
    return kept.get("value")


def apply(customer: Customer, correction: Correction) -> bool:
    """Write what a correction proposes, in the current transaction, which holds the customer locked.

    Returns:
        Whether there was anything to correct: a record may have gone since it was asked.
    """
    value = value_of(correction.proposed)
    if correction.part == PART:
        correct_own_file(customer, correction.field, value)
    else:
        held = held_record(customer.id, correction.kind, correction.external_id)
        if held is None:
            return False
        _correct_record(customer, held, correction.field, value)
    correction.applied_at = clock.now()
    return True


def _correct_record(customer: Customer, held: Held, field: str, value: Any) -> None:
    values = {name: each for name, each in as_object(held.values).items() if name != field}
    held.values = values if value is None else values | {field: value}
    held.corrected_at = clock.now()
    held.corrected_fields = sorted({*held.corrected_fields, field})
    db.session.flush()
    if isinstance(held, Record):
        _give_days(customer, held)


def _give_days(customer: Customer, held: Record) -> None:
    """Compute the days of a record again: a rule may depend on the value. The archive keeps the day it has."""
    kind = installed_data_map().kinds[held.kind]
    person = Person(customer.relationship_ended_on, customer.capacity, customer.last_contact_on)
    expiry = Expiry(installed_data_map(), installed.organisation().financial_year_end_day)
    write_days({held.id: expiry.of(kind, local_date(held.recorded_at), as_object(held.values), person)})
