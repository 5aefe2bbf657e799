"""The numbers and postal addresses of record: where staff reach the person whom the company knows.

Never what the request itself gives, and nothing that was noted lately: whoever asks in somebody's name may have had it
changed just before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from babel import Locale
from sqlalchemy import select

from portal import clock
from portal.customers.masks import HIDDEN, mask_number
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.records.models import Record, as_object

HELD_FOR: Final = timedelta(days=30)
"""Our own figure, as for an address that was confirmed lately: no text gives any."""

_FRENCH: Final = Locale("fr")
_NUMBER, _ADDRESS = "phone_number", "postal_address"
REACHED_BY: Final = (_NUMBER, _ADDRESS)
"""The kinds of record that say where somebody is reached."""
_LINES = ("recipient", "line1", "line2")


@dataclass(frozen=True)
class Place:
    """Where the person is reached.

    Attributes:
        code: names it in forms and in the audit trail.
        words: the number, or the lines of the address.
        masked: what the history of the case keeps of it.
        since: when the company received it as it is.
    """

    code: str
    words: str
    masked: str
    since: datetime


def numbers_of(customer: Customer, before: datetime) -> list[Place]:
    """Return the telephone numbers held for 30 days before a request came, the newest first."""
    return _places(customer, before, _NUMBER, _number, _mask_number)


def addresses_of(customer: Customer, before: datetime) -> list[Place]:
    """Return the postal addresses held for 30 days before a request came, the newest first."""
    return _places(customer, before, _ADDRESS, _address, _mask_address)


def find_place(places: list[Place], code: str | None) -> Place | None:
    """Return the place of a code among those that may be used, or None."""
    return next((place for place in places if place.code == code), None)


def _places(
    customer: Customer,
    before: datetime,
    kind: str,
    words: Callable[[dict[str, Any]], str],
    masked: Callable[[str], str],
) -> list[Place]:
    limit = min(before, clock.now()) - HELD_FOR
    is_theirs = (Record.customer_id == customer.id, Record.kind == kind, Record.corrected_at.is_(None))
    statement = select(Record).where(*is_theirs, Record.received_at <= limit)
    newest = statement.order_by(Record.recorded_at.desc(), Record.id.desc()).limit(20)
    # The address of bills is often that of deliveries: it is offered once.
    found = {words(as_object(row.values)): row for row in reversed(db.session.execute(newest).scalars().all())}
    places = [Place(f"{kind}-{row.id}", text, masked(text), row.received_at) for text, row in found.items() if text]
    return places[::-1]


def _number(values: dict[str, Any]) -> str:
    return str(values.get("number", "")).strip()


def _address(values: dict[str, Any]) -> str:
    town = " ".join(str(values[name]) for name in ("postal_code", "city") if values.get(name))
    lines = [
        *(str(values[name]) for name in _LINES if values.get(name)),
        town,
        _abroad(str(values.get("country") or "")),
    ]
    return "\n".join(line.strip() for line in lines if line.strip()) if values.get("line1") else ""


def _abroad(country: str) -> str:
    """Return the name of a country in capitals, as the French post reads it; nothing for France."""
    return "" if country in {"", "FR"} else str(_FRENCH.territories.get(country, country)).upper()


def _mask_number(number: str) -> str:
    return mask_number("".join(number.split()))


def _mask_address(address: str) -> str:
    """Return an address with its last lines only, which name the town."""
    return ", ".join([HIDDEN, *address.splitlines()[-2:]])
