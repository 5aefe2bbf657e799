"""The types a declared field may have: what each accepts, how it is kept in JSON, shown and masked."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from babel import Locale
from babel.numbers import format_currency, format_decimal

from portal.bilingual import LOCALES, NBSP, Label, date_time, known_date, known_language, long_date
from portal.clock import FIRST_YEAR, LAST_YEAR
from portal.customers.addresses import mask_address
from portal.customers.masks import HIDDEN, mask_birth, mask_number
from portal.infrastructure.addresses import as_pasted, parse_address
from portal.infrastructure.typed_texts import holds_controls, several_lines, without_directions, without_overrides
from portal.partial_dates import read_day, read_partial
from portal.records.data_map import phones
from portal.records.imports.card_numbers import contains_card_number, contains_security_code


class FieldType(StrEnum):
    """What a field holds. Texts and phones are searched for card numbers; a true identifier may look like one."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    IDENTIFIER = "identifier"
    "A number or code given by a system, such as an invoice number or a SIRET."
    DATE = "date"
    INSTANT = "instant"
    MONEY = "money"
    CURRENCY = "currency"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    EMAIL = "email"
    PHONE = "phone"
    IP = "ip"
    URL = "url"
    COUNTRY = "country"
    CARD_LAST4 = "card_last4"
    CARD_EXPIRY = "card_expiry"


class Mask(StrEnum):
    """How a value is hidden until the person asks to see it."""

    NONE = "none"
    ALL = "all"
    "Nothing shows."
    LAST4 = "last4"
    "The last four signs show."
    EMAIL = "email"
    "The first letter and the domain show."
    YEAR = "year"
    "Of a date, the year shows."
    NETWORK = "network"
    "Of an IP address, the network shows and the machine does not."

    def apply(self, value: Any) -> str:
        """Return a value as it shows while masked."""
        return _MASKS[self](str(value))


MASK_OF: Final[Mapping[Any, Mask]] = {
    FieldType.EMAIL: Mask.EMAIL,
    FieldType.PHONE: Mask.LAST4,
    FieldType.IP: Mask.NETWORK,
}
"""The mask of every field of a type that declares no other: the same value is masked wherever it stands."""


class ValueRefused(ValueError):
    """A value may not be stored. `field` names it; `code` is stable. The value is never repeated: it may be secret."""

    def __init__(self, field: str, reason: str, code: str = "wrong_type") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.code = code


class _Refused(Exception):
    def __init__(self, reason: str, code: str = "wrong_type") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def read_value(field: str, kind_of: FieldType, value: Any, choices: Mapping[str, Label]) -> Any:
    """Return a value as JSON keeps it: dates as ISO 8601, instants in UTC, money as decimal text.

    Raises:
        ValueRefused: the value does not fit the type, or holds what may never be stored.
    """
    try:
        if kind_of is FieldType.CHOICE:
            return _choice(value, choices)
        return _READERS[kind_of](value)
    except _Refused as refusal:
        raise ValueRefused(field, refusal.reason, refusal.code) from None


def show_value(kind_of: FieldType, value: Any, language: object, choices: Mapping[str, Label], currency: str) -> str:
    """Return a stored value in words, in the language given. `currency` is used for amounts only.

    Whatever is stored, this never fails: a value that its type cannot read, as after a change of the data map, is
    returned as it is stored.
    """
    if value is None or value == "":
        return _NOT_GIVEN.text(language)
    try:
        return printable(_in_words(kind_of, value, language, choices, currency))
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        return printable(value)


def printable(value: Any) -> str:
    """Return any stored value as a text that every page and file can hold, and that turns no direction of writing."""
    text = str(value)
    return text if text.isascii() and text.isprintable() else several_lines(text)


def _in_words(kind_of: FieldType, value: Any, language: object, choices: Mapping[str, Label], currency: str) -> str:
    if kind_of is FieldType.CHOICE:
        return choices[value].text(language)
    if kind_of is FieldType.MONEY:
        return format_currency(_shown_number(value), currency, locale=LOCALES[known_language(language)])
    shower = _SHOWERS.get(kind_of)
    return shower(value, language) if shower else str(value)


_NOT_GIVEN: Final = Label(fr="Non renseigné", en="Not provided")
_YES: Final = Label(fr="Oui", en="Yes")
_NO: Final = Label(fr="Non", en="No")

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_EXPIRY: Final = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])|(?P<m>0[1-9]|1[0-2])/(?P<y>\d{2}|\d{4})")
_LARGEST_NUMBER: Final = 10**12
_LARGEST_AMOUNT: Final = Decimal(10) ** 12


def _text_of(value: Any, longest: int, *, has_lines: bool = False) -> str:
    if not isinstance(value, str):
        raise _Refused("must be a text")
    if len(value) > longest:
        raise _Refused(f"is too long: {len(value)} characters, {longest} at most", "too_long")
    if holds_controls(value, has_lines=has_lines):
        raise _Refused("holds control characters", "control_characters")
    return unicodedata.normalize("NFC", without_overrides(value) if has_lines else without_directions(value))


def _free_text(value: Any, longest: int, *, has_lines: bool) -> str:
    text = _text_of(value, longest, has_lines=has_lines)
    if contains_card_number(text):
        raise _Refused("holds a payment card number, which may never be stored", "card_number")
    if contains_security_code(text):
        raise _Refused("holds a card's security code, which may never be stored", "security_code")
    return text


def _short_text(value: Any) -> str:
    return _free_text(value, 500, has_lines=False)


def _long_text(value: Any) -> str:
    return _free_text(value, 20_000, has_lines=True)


def _identifier(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _text_of(value, 120)


def _date(value: Any) -> str:
    text = _text_of(value, 10)
    try:
        day = read_day(text)
    except ValueError:
        return _known_in_part(text)
    _check_year(day)
    return day.isoformat()


def _known_in_part(text: str) -> str:
    try:
        return read_partial(text) or ""
    except ValueError:
        raise _Refused("must be a date such as 2026-11-22, or what is known of it, such as 2026-11-00") from None


def _instant(value: Any) -> str:
    text = _text_of(value, 40)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("must be an instant such as 2026-11-22T10:00:00+01:00") from None
    if instant.tzinfo is None:
        raise _Refused("needs its zone, such as 2026-11-22T10:00:00+01:00")
    _check_year(instant)
    return instant.astimezone(UTC).isoformat()


def _check_year(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _Refused(f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}", "outside_years")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Refused("must be a number")
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", value):
        raise _Refused("must be a number such as 49.90")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Refused("must be a number") from None
    if not number.is_finite() or abs(number) >= _LARGEST_AMOUNT:
        raise _Refused("is too large", "too_large")
    return number


def _money(value: Any) -> str:
    amount = _decimal(value)
    # Currencies have at most four decimals (ISO 4217); two are kept even when they are zero.
    if amount != amount.quantize(Decimal("0.0001")):
        raise _Refused("must be an amount with four decimals at most")
    return f"{amount.quantize(Decimal('0.01'))}" if amount == amount.quantize(Decimal("0.01")) else f"{amount:f}"


def _currency(value: Any) -> str:
    text = _text_of(value, 3).upper()
    if not _CURRENCY.fullmatch(text):
        raise _Refused("must be a currency such as EUR")
    return text


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Refused("must be a whole number")
    if abs(value) >= _LARGEST_NUMBER:
        raise _Refused("is too large", "too_large")
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        raise _Refused("must be a number, without quotes")
    _decimal(value)
    number: int | float = value
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Refused("must be true or false")
    return value


def _choice(value: Any, choices: Mapping[str, Label]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _Refused(f"must be one of: {', '.join(choices)}")
    return value


def _email(value: Any) -> str:
    text = as_pasted(_text_of(value, 254))
    try:
        parse_address(text)
    except ValueError:
        raise _Refused("must be an e-mail address") from None
    return text


def _phone(value: Any) -> str:
    text = phones.as_pasted(_text_of(value.strip() if isinstance(value, str) else value, 100))
    if not phones.is_number(text):
        raise _Refused("must be a phone number")
    # Another sign between its digits makes the number of a card no telephone number.
    if contains_card_number(re.sub(r"[()\[\]_|\\;&]", " ", text)):
        raise _Refused("holds a payment card number, which may never be stored", "card_number")
    return text


def _ip(value: Any) -> str:
    text = _text_of(value, 45)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise _Refused("must be an IP address") from None


def _url(value: Any) -> str:
    text = _text_of(value, 2048)
    # Addresses are shown, and may become links: a scheme that runs code must not get in.
    if not text.lower().startswith(("https://", "http://", "/")) or " " in text:
        raise _Refused("must be an address that starts with https://, http:// or /")
    return text


def _country(value: Any) -> str:
    text = _text_of(value, 2).upper()
    if not _COUNTRY.fullmatch(text):
        raise _Refused("must be a country such as FR")
    return text


def _card_last4(value: Any) -> str:
    text = _text_of(value, 40)
    digits = re.sub(r"[\s-]", "", text)
    if len(digits) >= 12 and digits.isdigit():
        raise _Refused("holds a whole card number, which may never be stored: keep the last four digits", "card_number")
    if not re.fullmatch(r"[0-9]{4}", text):
        raise _Refused("must be the last four digits of the card")
    return text


def _card_expiry(value: Any) -> str:
    text = _text_of(value, 7)
    parts = _EXPIRY.fullmatch(text)
    if parts is None:
        raise _Refused("must be a month such as 2028-04 or 04/28")
    if parts["year"]:
        return f"{parts['year']}-{parts['month']}"
    year = parts["y"] if len(parts["y"]) == 4 else f"20{parts['y']}"
    return f"{year}-{parts['m']}"


_READERS: Final[Mapping[FieldType, Callable[[Any], Any]]] = {
    FieldType.TEXT: _short_text,
    FieldType.LONG_TEXT: _long_text,
    FieldType.IDENTIFIER: _identifier,
    FieldType.DATE: _date,
    FieldType.INSTANT: _instant,
    FieldType.MONEY: _money,
    FieldType.CURRENCY: _currency,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.IP: _ip,
    FieldType.URL: _url,
    FieldType.COUNTRY: _country,
    FieldType.CARD_LAST4: _card_last4,
    FieldType.CARD_EXPIRY: _card_expiry,
}


def _show_date(value: Any, language: object) -> str:
    return long_date(date.fromisoformat(value), language) if len(value) > 7 else known_date(value, language)


def _show_instant(value: Any, language: object) -> str:
    return date_time(datetime.fromisoformat(value), language, weekday=True)


def _show_boolean(value: Any, language: object) -> str:
    return (_YES if value else _NO).text(language)


def _show_number(value: Any, language: object) -> str:
    return format_decimal(_shown_number(value), locale=LOCALES[known_language(language)])


def _shown_number(value: Any) -> Decimal:
    """Return a number to write in full. One with more than fifty digits would fill the page: it stays as stored."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 50:
        raise ValueError("no number to write in full")
    return number


def _show_phone(value: Any, language: object) -> str:
    return phones.shown(value)


def _show_country(value: Any, language: object) -> str:
    return str(Locale.parse(LOCALES[known_language(language)]).territories.get(value, value))


def _show_expiry(value: Any, language: object) -> str:
    year, month = value.split("-")
    return f"{month}/{year}"


def _show_last4(value: Any, language: object) -> str:
    return f"{HIDDEN}{NBSP}{value}"


_SHOWERS: Final[Mapping[FieldType, Callable[[Any, object], str]]] = {
    FieldType.DATE: _show_date,
    FieldType.INSTANT: _show_instant,
    FieldType.BOOLEAN: _show_boolean,
    FieldType.INTEGER: _show_number,
    FieldType.NUMBER: _show_number,
    FieldType.PHONE: _show_phone,
    FieldType.COUNTRY: _show_country,
    FieldType.CARD_EXPIRY: _show_expiry,
    FieldType.CARD_LAST4: _show_last4,
}


def _mask_network(value: str) -> str:
    separator = ":" if ":" in value else "."
    kept = value.split(separator)[: 3 if separator == ":" else 2]
    return separator.join([*kept, "••"])


_MASKS: Final[Mapping[Mask, Callable[[str], str]]] = {
    Mask.NONE: str,
    Mask.ALL: lambda value: HIDDEN,
    Mask.LAST4: mask_number,
    Mask.EMAIL: mask_address,
    Mask.YEAR: mask_birth,
    Mask.NETWORK: _mask_network,
}
