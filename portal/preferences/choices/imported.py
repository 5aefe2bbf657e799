"""Choices made in other systems of the company, as their import lines bring them."""

from datetime import datetime
from hashlib import sha256

from portal.customers.models import Customer
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.models import Origin
from portal.records.imports.consent_lines import take_consent_with


@take_consent_with
def take_imported_choice(
    customer: Customer, flag: str, given: bool, at: datetime, wording: str, source: str, language: str
) -> bool:
    """Record one imported choice in the current transaction; return False when that very choice is held already.

    An older yes is kept as proof, and does not switch the flag on over a newer no.

    Raises:
        ChoiceRefused: see `record_choices`.
    """
    # The system that showed the wording gives no version, so the hash of the wording is its version.
    version = sha256(wording.encode()).hexdigest()[:12]
    choice = Choice(flag, given, wording, version)
    return bool(
        record_choices(customer, [choice], origin=Origin.IMPORT, language=language, effective_at=at, source=source)
    )
