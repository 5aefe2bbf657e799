"""Texts that live beside the rule or the fact they name, in French and in English, and dates in words."""

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from babel.dates import format_date

LANGUAGES = ("fr", "en")
LOCALES = {"fr": "fr", "en": "en_GB"}
NBSP = "\u00a0"

_BEFORE_PUNCTUATION = re.compile(r" +([:;?!»])")
_AFTER_OPENING_QUOTE = re.compile(r"« +")


def known_language(language: object) -> str:
    """Return `fr` or `en` for a language code or a Babel locale; French when it is neither."""
    code = str(language)[:2].lower()
    return code if code in LANGUAGES else LANGUAGES[0]


def typographic(text: str, language: str) -> str:
    """Return the text with curly apostrophes and, in French, the spaces that may not break."""
    text = text.replace("'", "’")
    if language != "fr":
        return text
    return _AFTER_OPENING_QUOTE.sub(f"«{NBSP}", _BEFORE_PUNCTUATION.sub(rf"{NBSP}\1", text))


@dataclass(frozen=True, slots=True)
class Label:
    """One text in both languages. Blank texts are refused with `ValueError`: a screen would show a hole."""

    fr: str
    en: str

    # For pydantic, where a label stands in an operator's file: a mistyped language must not pass unseen.
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        for language in LANGUAGES:
            text = getattr(self, language)
            if not text.strip():
                raise ValueError(f"the text in “{language}” is empty")
            object.__setattr__(self, language, typographic(text, language))

    def text(self, language: object) -> str:
        """Return the text in a language given as a code or a Babel locale."""
        return self.fr if known_language(language) == "fr" else self.en

    def filled(self, language: object, **values: object) -> str:
        """Return the text with its `{name}` places filled."""
        return self.text(language).format(**values)


def long_date(day: date, language: object, *, weekday: bool = True) -> str:
    """Return a civil date in words: « mardi 1er septembre 2026 », “Tuesday 1 September 2026”."""
    code = known_language(language)
    text = format_date(day, "EEEE d MMMM y" if weekday else "d MMMM y", locale=LOCALES[code])
    return re.sub(r"\b1(?= )", "1er", text, count=1) if code == "fr" and day.day == 1 else text
