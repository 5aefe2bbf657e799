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
    r"(?:(?:https://)?wa\.me/(?=\d)|(?:callto|sms|whatsapp|facetime|skype|tel):/{0,2}(?=[+\d(]))"
    r"|(?:tel|tél|téléphone|telephone|phone|portable|port|mobile|mob|cell|gsm|fixe|fax|[tpm])(?:\.?\s*:\s*|\.\s*|\s+)",
    re.IGNORECASE,
)
_PICTURE: Final = re.compile(r"^[^\w\s+(\[<\"'«“#*=-]\s*")  # a telephone drawn before the number
_AROUND: Final = re.compile(r"[\s<\"'«“‘„]*(.*?)[\s>\"'»”’.,;]*", re.DOTALL)
_PARAMETERS: Final = re.compile(r"(?:;ext=(\d{1,6}))?(?:;[a-z-]+=[^;]*)*", re.IGNORECASE)  # RFC 3966
_QUERY: Final = re.compile(r"\?[a-z]+(?:=[^?]*)?$", re.IGNORECASE)
_COUNTRY_IN_BRACKETS: Final = re.compile(r"[(\[]\s*((?:\+|00)\s?\d{1,3})\s*[)\]]\s*")
_PLAIN_SIGNS: Final = {
    **dict.fromkeys(map(ord, "‐‑‒–—―−⁃ー"), "-"),
    **dict.fromkeys(map(ord, "·•∙⋅‧"), "."),
}
_ONE: Final = r"(?:[#*]\d{2,3}[#*]?\s?)?[\d+(\[][\d\s().\-/,_+\[\]|\\]*"
_EXTENSION: Final = r"(?:(?:extension|ext|x|poste|p|int|durchwahl|dw)\.?\s*\d{1,6}|[,\s]#?\s?\d{1,6}#|#\s?\d{1,6})?"
_WORDS: Final = r"[^\W\d_][\w .,;:'’°&/-]{0,40}"
_NUMBER: Final = re.compile(
    rf"(?:[^\W\d_][^\d+\[<>=;]{{0,30}}(?<=[\s:.])\s*)?"  # “Domicile : ”, “Tel (mobile): ”
    rf"{_ONE}{_EXTENSION}(?:\s*(?:\b(?:ou|et|or|and)\b|;|&)\s*{_ONE}{_EXTENSION}){{0,3}}"
    rf"(?:\s*[(\[]{_WORDS}[)\]]|(?<=\s){_WORDS})?",
    re.IGNORECASE,
)
_PLUS_INSIDE: Final = re.compile(r"[\d)\].]\s*\+|\+\s*\+")


def as_pasted(text: str) -> str:
    """Return a number without a link's scheme or a label, without invisible signs, in plain digits and dashes."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").translate(_PLAIN_SIGNS)
    seen = unicodedata.normalize("NFKC", seen)
    plain = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in seen)
    plain = _inside(_PICTURE.sub("", _inside(plain.translate(_PLAIN_SIGNS)), count=1))
    label = _LABEL.match(plain)
    bare = plain[label.end() :] if label else plain
    bare = _QUERY.sub("", bare) if label else bare
    number, semicolon, rest = bare.partition(";")
    parameters = _PARAMETERS.fullmatch(semicolon + rest)
    if parameters:
        bare = f"{number} ext. {parameters[1]}" if parameters[1] else number
    return _COUNTRY_IN_BRACKETS.sub(r"\1 ", bare, count=1)


def _inside(text: str) -> str:
    """Return a text without the quotes, brackets and punctuation around it."""
    around = _AROUND.fullmatch(text)
    return around[1] if around else text


def is_number(text: str) -> bool:
    """Tell whether a text, as `as_pasted` returns it, is one telephone number, or several, with words beside them."""
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
