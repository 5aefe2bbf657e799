"""Dates, sizes and numbers as people of both languages write them, with the spaces that may not break."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal import clock

NBSP = "\u00a0"


def register(app: Flask) -> None:
    """Offer the filters to templates."""
    dates = (long_date, short_date, date_time, time_of_day, relative_days, machine_date)
    for function in (*dates, file_size, number, money):
        app.add_template_filter(function, function.__name__)


def _is_french() -> bool:
    locale = get_locale()
    return locale is None or bool(locale.language == "fr")


def _locale() -> str:
    return "fr" if _is_french() else "en_GB"


def _civil(value: Any) -> Any:
    """Return a date, or an instant in Paris time, from either or its ISO text; without a zone it is in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(clock.PARIS)
    return value


@lru_cache(maxsize=1024)
def _month(year: int, month: int, pattern: str, locale: str) -> str:
    """Return a month in words: a page of records names the same few again and again."""
    return str(format_date(date(year, month, 1), pattern, locale=locale))


def _day_of_month(day: date) -> str:
    return "1er" if day.day == 1 and _is_french() else str(day.day)


def long_date(value: Any, weekday: bool = True) -> str:
    """Return « vendredi 4 décembre 2026 » or “Friday 4 December 2026”; day and month stay on one line."""
    if value is None:
        return ""
    day = _civil(value)
    name = format_date(day, "EEEE ", locale=_locale()) if weekday else ""
    return f"{name}{_day_of_month(day)}{NBSP}{_month(day.year, day.month, 'MMMM y', _locale())}"


def short_date(value: Any) -> str:
    """Return « 4 déc. 2026 » or “4 Dec 2026”, in one piece."""
    if value is None:
        return ""
    day = _civil(value)
    return f"{_day_of_month(day)} {_month(day.year, day.month, 'MMM y', _locale())}".replace(" ", NBSP)


def time_of_day(value: Any) -> str:
    """Return « 14 h 12 » or “14:12”, Paris time, in one piece."""
    if value is None:
        return ""
    moment = _civil(value)
    if _is_french():
        return f"{moment.hour}{NBSP}h{NBSP}{moment.minute:02}"
    return f"{moment.hour:02}:{moment.minute:02}"


def date_time(value: Any) -> str:
    """Return « 20 novembre 2026 à 14 h 12 » or “20 November 2026 at 14:12”, Paris time."""
    if value is None:
        return ""
    return str(_("%(date)s at %(time)s", date=long_date(value, weekday=False), time=time_of_day(value)))


def relative_days(value: Any) -> str:
    """Return how far a day is from today in Paris: “today”, “in 12 days”, “3 days ago”."""
    if value is None:
        return ""
    moment = _civil(value)
    day = moment.date() if isinstance(moment, datetime) else moment
    distance = (day - clock.today()).days
    if distance == 0:
        return str(_("today"))
    if distance > 0:
        return str(ngettext("in %(num)s day", "in %(num)s days", distance))
    return str(ngettext("%(num)s day ago", "%(num)s days ago", -distance))


def file_size(size: int) -> str:
    """Return a number of bytes as « 3,2 Mo » or “3.2 MB”, in one piece; units of 1000."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size)).replace(" ", NBSP)
    units = ("ko", "Mo", "Go", "To") if _is_french() else ("KB", "MB", "GB", "TB")
    value, step = Decimal(size) / 1000, 0
    # 999.6 KB would round to 1000 KB: the next unit says it better.
    while value >= Decimal("999.5") and step < len(units) - 1:
        value, step = value / 1000, step + 1
    text = format_decimal(round(value, 1 if step else 0), locale=_locale())
    return f"{text}{NBSP}{units[step]}"


def number(value: int | float) -> str:
    """Return a number with its thousands apart."""
    return _number(value, _locale())


@lru_cache(maxsize=1024)
def _number(value: int | float, locale: str) -> str:
    return str(format_decimal(value, locale=locale))


def money(amount: Any, currency: str = "EUR") -> str:
    """Return « 49,90 € » or “€49.90”."""
    return str(format_currency(amount, currency, locale=_locale()))


def machine_date(value: Any) -> str:
    """Return the ISO form of a date or instant, for `datetime` attributes."""
    return "" if value is None else value if isinstance(value, str) else str(value.isoformat())
