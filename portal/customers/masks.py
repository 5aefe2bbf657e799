"""How a person's own values show while they are masked, and the trace of who saw them in full.

Addresses have their mask in `portal.customers.addresses`.
"""

from typing import Final

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import NBSP
from portal.customers.models import Customer

HIDDEN: Final = "••••"
SHOWN_IN_FULL = declare("customer:masked_values:shown", "page")


def mask_number(value: str) -> str:
    """Return a number or code with its last four signs only."""
    return f"{HIDDEN}{NBSP}{value[-4:]}" if len(value) > 4 else HIDDEN


def mask_birth(value: str) -> str:
    """Return a date, or what is known of it, as ISO 8601 writes it, with its year only: ••/••/1988, ••/1988, 1988."""
    return "••/" * value.count("-") + value[:4]


def note_shown(customer: Customer, page: str) -> None:
    """Record that a customer has a page of theirs in full (ASVS 14.2.6), in the current transaction.

    Args:
        page: a category, or `account`.
    """
    who = f"customer:{customer.public_id}"
    record(SHOWN_IN_FULL, actor=who, subject=who, page=page)
