"""How a person's own values show while they are masked. Addresses have theirs in `portal.customers.addresses`."""

from typing import Final

from portal.bilingual import NBSP

HIDDEN: Final = "••••"


def mask_number(value: str) -> str:
    """Return a number or code with its last four signs only."""
    return f"{HIDDEN}{NBSP}{value[-4:]}" if len(value) > 4 else HIDDEN


def mask_birth(value: str) -> str:
    """Return a date, or what is known of it, as ISO 8601 writes it, with its year only: ••/••/1988, ••/1988, 1988."""
    return "••/" * value.count("-") + value[:4]
