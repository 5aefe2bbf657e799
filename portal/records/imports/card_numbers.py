"""Payment card numbers and security codes in free text: neither may ever be stored (PCI DSS, CNIL 2018-303).

A card number is recognised by its network's prefix and length and by a valid check digit, however it is spaced.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# (first prefix, last prefix, lengths); prefixes compare on their own number of digits.
_NETWORKS: Final = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (300, 305, (14, 16)),  # Diners Club
    (3095, 3095, (14, 16)),
    (36, 36, (14, 16)),
    (38, 39, (14, 16)),
    (3528, 3589, (16, 17, 18, 19)),  # JCB
    (6011, 6011, (16, 17, 18, 19)),  # Discover
    (644, 649, (16, 17, 18, 19)),
    (65, 65, (16, 17, 18, 19)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (81, 81, (16, 17, 18, 19)),
    (2200, 2204, (16, 17, 18, 19)),  # Mir
    *((prefix, prefix, tuple(range(13, 20))) for prefix in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)),
)
_SHORTEST, _LONGEST = 13, 19
# Spaces of every width, dashes, dots and what cannot be seen: the ways people and machines split a number.
_GAP: Final = r"[\s.\-_\u00ad\u200b-\u200d\u2010-\u2015\u2060\u2212\ufeff]"
_RUN: Final = re.compile(rf"(?<!\d)\+?\d(?:{_GAP}{{0,3}}\d){{{_SHORTEST - 1},}}")
_DIGITS: Final = re.compile(r"\d+")
_IBAN: Final = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})")
_IBAN_LENGTHS: Final = {
    **dict.fromkeys(("FR", "IT", "MC"), 27),
    **dict.fromkeys(("DE", "GB", "IE"), 22),
    **dict.fromkeys(("AT", "LU"), 20),
    "BE": 16,
    "CH": 21,
    "ES": 24,
    "NL": 18,
    "PT": 25,
}
_SECURITY_CODE: Final = re.compile(
    r"\b(?:cvv2?|cvc2?|cav2|cryptogramme(?:\s+visuel)?|card\s+security\s+code|code\s+de\s+vérification\s+de\s+carte)"
    r"\b[\s:=#(-]{0,5}(?:est|is)?[\s:=#(-]{0,5}\d{3,4}\b",
    re.IGNORECASE,
)


def contains_card_number(text: str) -> bool:
    """Whether a text holds a whole payment card number, with or without spaces and dashes."""
    return any(is_card_number(digits) for digits in _candidates(_plain(text)))


def contains_security_code(text: str) -> bool:
    """Whether a text gives a card's security code (CVV) by its name."""
    return _SECURITY_CODE.search(_plain(text)) is not None


def is_card_number(digits: str) -> bool:
    """Whether a string of digits alone has a network's prefix, its length and a valid check digit."""
    return _has_a_network(digits) and _check_digit_is_valid(digits)


def _candidates(text: str) -> Iterator[str]:
    for run in _RUN.finditer(_without_ibans(text)):
        groups = _DIGITS.findall(run.group())
        whole = "".join(groups)
        if run.group().startswith("+") and len(whole) <= 15:
            continue  # A phone number in its international form (E.164).
        if len(whole) <= _LONGEST:
            yield whole
        yield from _windows(groups)


def _windows(groups: list[str]) -> Iterator[str]:
    """Yield the digits of neighbouring groups put together. On a card, each group but the last has three or more."""
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST:
                yield digits
            if len(group) < 3:
                break


def _has_a_network(digits: str) -> bool:
    return any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last for first, last, lengths in _NETWORKS
    )


def _check_digit_is_valid(digits: str) -> bool:
    """The Luhn formula (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def _without_ibans(text: str) -> str:
    return _IBAN.sub(_blank_if_iban, text)


def _blank_if_iban(match: re.Match[str]) -> str:
    text = match.group()
    length = _IBAN_LENGTHS.get(text[:2])
    signs = text.replace(" ", "")
    if length is None or len(signs) < length:
        return text
    account = signs[4:length] + signs[:4]
    if int("".join(str(int(sign, 36)) for sign in account)) % 97 != 1:
        return text
    kept = 0
    for position, sign in enumerate(text, start=1):
        kept += sign != " "
        if kept == length:
            return "·" + text[position:]
    return text
