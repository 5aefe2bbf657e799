"""Labels in French and English, written beside the rule or the fact that they name, and dates in words."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar, Final

from babel.dates import format_date, get_day_names
from flask import g, has_app_context

from portal.clock import in_paris

LANGUAGES = ("fr", "en")
LOCALES = {"fr": "fr", "en": "en_GB"}
NBSP = "\u00a0"

_BEFORE_PUNCTUATION = re.compile(r" +([:;?!»])")
_AFTER_OPENING_QUOTE = re.compile(r"« +")
# Not where it is part of an address, of a link or of a longer name.
_BREAKABLE = re.compile(r"(?<![\w@./+-])([Ee]-)(?=mails?(?![\w@-]))")
# Unlike a hyphen that does not break, it is drawn by no font, and looks the same in all of them.
_JOINER = "\u2060"


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


def unbroken(text: str) -> str:
    """Return a text whose “e-mail” no line breaks after its hyphen."""
    return _BREAKABLE.sub(rf"\1{_JOINER}", text)


def unbroken_page(page: str) -> str:
    """Return the same of an HTML page: in its words, not in its tags or in what somebody types."""
    return _BREAKABLE.sub(lambda found: found[0] + _JOINER if _is_read(page, found.start()) else found[0], page)


def _is_read(page: str, place: int) -> bool:
    return not any(
        page.rfind(opening, 0, place) > page.rfind(closing, 0, place)
        for opening, closing in (("<", ">"), ("<textarea", "</textarea"), ("<title", "</title"))
    )


@dataclass(frozen=True, slots=True)
class Label:
    """One text in both languages. A blank text is refused with `ValueError`: the screen would show nothing there."""

    fr: str
    en: str

    # For pydantic, which reads labels in an operator's file: a mistyped language must not pass unseen.
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
    """Return a day in words: « mardi 1er septembre 2026 », “Tuesday 1 September 2026”.

    A non-breaking space keeps day and month on one line.

    Args:
        day: a civil date, or an aware instant, whose day in Paris is meant.
        weekday: whether the name of the weekday comes first.
    """
    code, day = known_language(language), _civil(day)
    name = f"{_weekday(day.weekday(), code)} " if weekday else ""
    return f"{name}{_day_of_month(day, code)}{NBSP}{_month(day.year, day.month, 'MMMM y', code)}"


def known_date(known: str, language: object) -> str:
    """Return a date, whole or known in part, in words: « 4 mars 1988 », « mars 1988 » for `1988-03`, “1988”."""
    if len(known) > 7:
        return long_date(date.fromisoformat(known), language, weekday=False)
    year, _, month = known.partition("-")
    return _month(int(year), int(month), "MMMM y", known_language(language)) if month else str(int(year))


def short_date(day: date, language: object) -> str:
    """Return a day as « 4 déc. 2026 » or “4 Dec 2026”, never broken over two lines; `day` is as in `long_date`."""
    code, day = known_language(language), _civil(day)
    return f"{_day_of_month(day, code)} {_month(day.year, day.month, 'MMM y', code)}".replace(" ", NBSP)


def time_of_day(instant: datetime, language: object) -> str:
    """Return the time in Paris of an aware instant, as « 9 h 05 » or “09:05”, never broken over two lines.

    That a time was written is noted, so that the page, mail or file which holds it says once which clock is meant.
    """
    if has_app_context():
        g.is_time_written = True
    local = in_paris(instant)
    return f"{local.hour}{NBSP}h{NBSP}{local:%M}" if known_language(language) == "fr" else f"{local:%H:%M}"


def forget_times() -> None:
    """Begin a page, mail or file beside another one: no time is written in it yet."""
    g.pop("is_time_written", None)


def is_time_written() -> bool:
    """Tell whether a time was written in the page, mail or file so far."""
    return bool(g.get("is_time_written"))


def date_time(instant: datetime, language: object, *, weekday: bool = False) -> str:
    """Return an aware instant as « 20 novembre 2026 à 14 h 12 » or “20 November 2026 at 14:12”, in Paris."""
    return _AT.filled(language, day=long_date(instant, language, weekday=weekday), time=time_of_day(instant, language))


def _civil(day: date) -> date:
    return in_paris(day) if isinstance(day, datetime) else day


def _day_of_month(day: date, code: str) -> str:
    return "1er" if day.day == 1 and code == "fr" else str(day.day)


# A page of records names the same few months and days again and again.
@lru_cache(maxsize=1024)
def _month(year: int, month: int, pattern: str, code: str) -> str:
    return str(format_date(date(year, month, 1), pattern, locale=LOCALES[code]))


@lru_cache
def _weekday(number: int, code: str) -> str:
    return str(get_day_names("wide", locale=LOCALES[code])[number])


_AT: Final = Label(fr="{day} à {time}", en="{day} at {time}")
