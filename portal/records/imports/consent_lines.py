"""Hand the consent lines of an import to the domain that keeps consent, which this one may not import."""

from datetime import datetime
from typing import Protocol

from portal.customers.models import Customer


class ConsentHandler(Protocol):
    """Takes one choice made in a system of the company, inside the transaction of its batch.

    Returns:
        False when that very choice is held already.

    Raises:
        ValueError: with a reason, for a choice that may not be taken, such as one on an unknown flag or a consent
            dated in the future. Nothing is changed then.
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
    """Register the handler of consent lines; it replaces one registered before."""
    _handlers[:] = [handler]
    return handler


def consent_handler() -> ConsentHandler | None:
    """Return the handler of consent lines, or None when none is registered."""
    return _handlers[0] if _handlers else None
