"""What one line of an import says, checked as far as possible without the database.

Every refusal names the field and never repeats its value: a report of refused lines must not become a second
copy of what should not have been sent.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from portal import clock
from portal.clock import FIRST_YEAR, LAST_YEAR, NO_END
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.capacity import Capacity
from portal.infrastructure.addresses import as_pasted
from portal.infrastructure.typed_texts import holds_controls, name_of, shows_nothing, without_directions
from portal.partial_dates import first_day_of, read_day, read_partial
from portal.records.imports.stream import LONGEST_LINE

LONGEST_REFERENCE = 100
LONGEST_EXTERNAL_ID = 200
LONGEST_NAME = 200
LONGEST_ADDRESS = 254
LONGEST_WORDING = 10_000
LANGUAGES = ("fr", "en")
CLOCKS_APART = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours: an instant further in the future would be heard for ever."""

_LINE_KEYS = {
    "customer": frozenset(
        {"type", "external_id", "email", "given_name", "family_name", "birth_date", "language", "capacity",
         "customer_since", "relationship_ended_on"}
    ),
    "record": frozenset({"type", "customer", "kind", "external_id", "recorded_at", "source", "values"}),
    "removed": frozenset({"type", "customer", "kind", "external_id"}),
    "consent": frozenset({"type", "customer", "flag", "given", "at", "wording", "source", "language"}),
    "complete": frozenset({"type", "source", "at"}),
}  # fmt: skip


class LineRefused(ValueError):
    """A line may not be taken. `field` is the dotted name of what is wrong, None for the line as a whole."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class CustomerLine(NamedTuple):
    """Who a customer is. `facts` holds columns of `Customer`, only those that the line gives."""

    external_id: str
    facts: dict[str, Any]


class RecordLine(NamedTuple):
    customer: str
    kind: str
    external_id: str
    recorded_at: datetime
    source: str
    values: dict[str, Any]


class RemovedLine(NamedTuple):
    customer: str
    kind: str
    external_id: str


class ConsentLine(NamedTuple):
    """One choice made in a system of the company, with the wording that was shown."""

    customer: str
    flag: str
    given: bool
    at: datetime
    wording: str
    source: str
    language: str | None


class CompleteLine(NamedTuple):
    """The end of a whole delivery: a source has sent all that it held at an instant."""

    source: str
    at: datetime


Statement = CustomerLine | RecordLine | RemovedLine | ConsentLine | CompleteLine


def parse_line(content: bytes | None) -> Statement:
    """Return what a line says.

    Args:
        content: the bytes of the line, or None when it was too long to be held.

    Raises:
        LineRefused: naming the field and the cure.
    """
    if content is None:
        raise LineRefused(None, f"is longer than {LONGEST_LINE // 1024} KiB")
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise LineRefused(None, "is not JSON") from None
    if not isinstance(data, dict):
        raise LineRefused(None, "is not a JSON object")
    if b"\\u0000" in content:
        _refuse_null_characters(data)
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in _PARSERS:
        raise LineRefused("type", f"write one of {', '.join(_PARSERS)}")
    if unknown := data.keys() - _LINE_KEYS[kind]:
        raise LineRefused(_shown(min(unknown)), "is not known here; check the spelling")
    return _PARSERS[kind](data)


def _parse_customer(data: dict[str, Any]) -> CustomerLine:
    external_id = _text(data, "external_id", LONGEST_REFERENCE)
    facts: dict[str, Any] = {}
    for field in ("given_name", "family_name"):
        if field in data:
            facts[field] = name_of(_optional_text(data, field, LONGEST_NAME) or "")
    if "email" in data:
        facts["email"] = as_pasted(_optional_text(data, "email", LONGEST_ADDRESS) or "") or None
        facts["email_normalised"] = _normalised(facts["email"])
    if "birth_date" in data:
        facts |= _birth(data)
    if "customer_since" in data:
        facts["customer_since"] = _optional_date(data, "customer_since")
    if "relationship_ended_on" in data:
        is_ended = data["relationship_ended_on"] != NO_END
        facts["relationship_ended_on"] = _optional_date(data, "relationship_ended_on") if is_ended else None
    if "capacity" in data:
        facts["capacity"] = _capacity(data)
    if language := _language(data):
        facts["language"] = language
    return CustomerLine(external_id, facts)


def _parse_record(data: dict[str, Any]) -> RecordLine:
    values = data.get("values")
    if not isinstance(values, dict):
        raise LineRefused("values", "is missing" if values is None else "is not a JSON object")
    return RecordLine(
        _text(data, "customer", LONGEST_REFERENCE),
        _text(data, "kind", LONGEST_REFERENCE),
        _text(data, "external_id", LONGEST_EXTERNAL_ID),
        _instant(data, "recorded_at"),
        _text(data, "source", LONGEST_REFERENCE),
        values,
    )


def _parse_removed(data: dict[str, Any]) -> RemovedLine:
    return RemovedLine(
        _text(data, "customer", LONGEST_REFERENCE),
        _text(data, "kind", LONGEST_REFERENCE),
        _text(data, "external_id", LONGEST_EXTERNAL_ID),
    )


def _parse_consent(data: dict[str, Any]) -> ConsentLine:
    if not isinstance(data.get("given"), bool):
        raise LineRefused("given", "write true or false")
    return ConsentLine(
        _text(data, "customer", LONGEST_REFERENCE),
        _text(data, "flag", LONGEST_REFERENCE),
        data["given"],
        _instant(data, "at"),
        _text(data, "wording", LONGEST_WORDING, is_one_line=False),
        _text(data, "source", LONGEST_NAME),
        _language(data),
    )


def _parse_complete(data: dict[str, Any]) -> CompleteLine:
    at = _instant(data, "at")
    if at > clock.now() + CLOCKS_APART:
        raise LineRefused("at", "lies in the future")
    return CompleteLine(_text(data, "source", LONGEST_REFERENCE), at)


_PARSERS: dict[str, Callable[[dict[str, Any]], Statement]] = {
    "customer": _parse_customer,
    "record": _parse_record,
    "removed": _parse_removed,
    "consent": _parse_consent,
    "complete": _parse_complete,
}


def _text(data: dict[str, Any], field: str, longest: int, *, is_one_line: bool = True) -> str:
    value = data.get(field)
    if value is None:
        raise LineRefused(field, "is missing")
    if not isinstance(value, str):
        raise LineRefused(field, "is not a text")
    value = (without_directions(value) if is_one_line else value).strip()
    if shows_nothing(value):
        raise LineRefused(field, "is empty")
    if len(value) > longest:
        raise LineRefused(field, f"is longer than {longest} characters")
    if is_one_line and not value.isprintable() and holds_controls(value):
        raise LineRefused(field, "holds a control character")
    return value


def _optional_text(data: dict[str, Any], field: str, longest: int) -> str | None:
    value = data.get(field)
    if value is None or (isinstance(value, str) and shows_nothing(value)):
        return None
    return _text(data, field, longest)


def _birth(data: dict[str, Any]) -> dict[str, Any]:
    """Return both facts of a birth: the whole day, or what is known of it."""
    try:
        known = read_partial(data["birth_date"])
    except (TypeError, ValueError):
        day, known = _optional_date(data, "birth_date"), None
    else:
        day = None
    if (first_day_of(known) if known else day or date.min) > clock.today():
        raise LineRefused("birth_date", "lies in the future")
    return {"birth_date": day, "birth_known": known}


def _capacity(data: dict[str, Any]) -> Capacity | None:
    try:
        return None if data["capacity"] is None else Capacity(data["capacity"])
    except ValueError:
        raise LineRefused("capacity", f"write one of {', '.join(Capacity)}, or null") from None


def _language(data: dict[str, Any]) -> str | None:
    """Return the language that a line names, as fr, FR or fr-CA; None for one that the portal does not speak."""
    code = str(data.get("language") or "").replace("_", "-").partition("-")[0].strip().lower()
    return code if code in LANGUAGES else None


def _normalised(address: str | None) -> str | None:
    try:
        return normalise_address(address) if address else None
    except AddressRefused:
        raise LineRefused("email", "is not an e-mail address") from None


def _instant(data: dict[str, Any], field: str) -> datetime:
    text = data.get(field)
    if text is None:
        raise LineRefused(field, "is missing")
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise LineRefused(field, "is not an instant such as 2026-03-10T10:00:00+01:00") from None
    if instant.tzinfo is None:
        raise LineRefused(field, "needs a time zone, such as +01:00 or Z")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise LineRefused(field, f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return instant


def _optional_date(data: dict[str, Any], field: str) -> date | None:
    if data[field] is None:
        return None
    try:
        day = read_day(data[field])
    except (TypeError, ValueError):
        raise LineRefused(field, "is not a date such as 1988-03-04") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise LineRefused(field, f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _refuse_null_characters(data: dict[str, Any]) -> None:
    """PostgreSQL stores no U+0000, in a text or in JSON; SQLite would: the two must take the same lines."""
    left: list[tuple[str | None, Any]] = [(None, data)]
    while left:
        place, value = left.pop()
        if isinstance(value, str) and "\x00" in value:
            raise LineRefused(place, "holds a null character")
        if isinstance(value, list):
            left += [(place, item) for item in value]
        if isinstance(value, dict):
            left += [(place, name) for name in value]
            prefix = f"{place}." if place else ""
            left += [(prefix + _shown(name), item) for name, item in value.items()]


def _shown(name: str) -> str:
    """Return a name that the sender chose, made short and printable for a report."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])
