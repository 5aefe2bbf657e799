"""Hand the consent lines of an import to the domain that keeps consent, which stands above this one."""

from datetime import datetime
from typing import Protocol

from portal.customers.models import Customer


class ConsentHandler(Protocol):
    """Takes one choice made in a system of the company, inside the transaction of its batch.

    Returns False when that very choice is held already. Raises `ValueError` with a reason, before it has
    changed anything, when the choice may not be taken: an unknown flag, a consent over a newer objection.
    """

    def __call__(
        self,
        customer: Customer,
        flag: str,
        given: bool,
        at: datetime,
        wording: str,
        source: str,
        language: str,
    ) -> bool | None: ...


_handlers: list[ConsentHandler] = []


def take_consent_with(handler: ConsentHandler) -> ConsentHandler:
    """Register who takes consent lines; the last one registered does."""
    _handlers[:] = [handler]
    return handler


def consent_handler() -> ConsentHandler | None:
    """Return who takes consent lines, or None while nobody does."""
    return _handlers[0] if _handlers else None
