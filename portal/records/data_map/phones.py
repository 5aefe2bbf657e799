"""Telephone numbers as people paste them: kept as given, shown in groups only where they carry their country."""

import re
import unicodedata
from typing import Final

import phonenumbers

from portal.bilingual import NBSP

FEWEST_DIGITS: Final = 3
MOST_DIGITS: Final = 30
"""Two numbers may stand in one field; one has 15 digits at most (ITU-T E.164)."""

# The schemes of links, and what people write before a number.
_LABEL: Final = re.compile(
    r"(?:tel|tél|téléphone|telephone|phone|portable|mobile|mob|cell|gsm|fixe|fax|callto|sms|whatsapp|[tpm])\.?\s*:\s*",
    re.IGNORECASE,
)
_PARAMETERS: Final = re.compile(r"(?:;ext=(\d{1,6}))?(?:;[a-z-]+=[^;]*)*", re.IGNORECASE)  # RFC 3966
_COUNTRY_IN_BRACKETS: Final = re.compile(r"\((\+\d{1,3})\)\s*")
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")
_NUMBER: Final = re.compile(
    r"[\d+(\[][\d\s().\-/,_+\[\]]*(?:(?:ext|x|poste)\.?\s*\d{1,6})?(?:\s\([^\W\d][\w .'’-]{0,20}\))?", re.IGNORECASE
)
_PLUS_INSIDE: Final = re.compile(r"[\d)\].]\s*\+|\+\s*\+")


def as_pasted(text: str) -> str:
    """Return a number without a link's scheme or a label, without invisible signs, in plain digits and dashes."""
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    plain = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in seen)
    plain = _DASHES.sub("-", plain).strip()
    label = _LABEL.match(plain)
    bare = plain[label.end() :] if label else plain
    number, semicolon, rest = bare.partition(";")
    parameters = _PARAMETERS.fullmatch(semicolon + rest)
    if parameters:
        bare = f"{number} ext. {parameters[1]}" if parameters[1] else number
    return _COUNTRY_IN_BRACKETS.sub(r"\1 ", bare, count=1)


def is_number(text: str) -> bool:
    """Tell whether a text, as `as_pasted` returns it, is one telephone number, or several with signs between them."""
    digits = sum(sign.isdigit() for sign in text)
    return bool(_NUMBER.fullmatch(text)) and not _PLUS_INSIDE.search(text) and FEWEST_DIGITS <= digits <= MOST_DIGITS


def shown(number: str) -> str:
    """Return a number as it is shown: as given, unless it carries its country."""
    if not number.startswith(("+", "00")):
        return number  # a number of its own country, and nobody said which
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return text.replace(" ", NBSP)
