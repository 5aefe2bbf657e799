"""Dates, sizes and numbers as people write them in each language, with non-breaking spaces."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_currency, format_decimal
from flask import Flask, get_template_attribute
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal import bilingual, clock
from portal.bilingual import NBSP
from portal.infrastructure.typed_texts import without_overrides

A_MONTH = 30


def register(app: Flask) -> None:
    """Offer the filters to templates."""
    dates = (long_date, short_date, month_name, date_time, time_of_day, relative_days, recent_day, machine_date)
    for function in (*dates, file_size, number, money, own):
        app.add_template_filter(function, function.__name__)
    app.add_template_global(bilingual.is_time_written)


def own(text: Any) -> Any:
    """Return a name, a reference or a value as markup that stands apart from our words.

    It turns no direction of writing but its own, and no browser translates it.
    """
    return get_template_attribute("components/tags.html", "own")(without_overrides(str(text)))


def _is_french() -> bool:
    locale = get_locale()
    return locale is None or bool(locale.language == "fr")


def _locale() -> str:
    return bilingual.LOCALES["fr" if _is_french() else "en"]


def _civil(value: Any) -> Any:
    """Return a date, or an instant in Paris time, from either or its ISO text. An instant without zone is in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return clock.in_paris(value if value.tzinfo else value.replace(tzinfo=UTC))
    return value


def long_date(value: Any, weekday: bool = True) -> str:
    """Return a day in words, in the language of the page, as `portal.bilingual.long_date` writes it."""
    return "" if value is None else bilingual.long_date(_civil(value), get_locale() or "fr", weekday=weekday)


def short_date(value: Any) -> str:
    """Return a day in few letters, in the language of the page, as `portal.bilingual.short_date` writes it."""
    return "" if value is None else bilingual.short_date(_civil(value), get_locale() or "fr")


def month_name(value: Any) -> str:
    """Return the month of a day, in the language of the page: « mars 2026 »."""
    return bilingual.known_date(_civil(value).isoformat()[:7], get_locale() or "fr")


def time_of_day(value: Any) -> str:
    """Return the time of an instant, in the language of the page, as `portal.bilingual.time_of_day` writes it."""
    return "" if value is None else bilingual.time_of_day(_civil(value), get_locale() or "fr")


def date_time(value: Any) -> str:
    """Return day and time of an instant, in the language of the page, as `portal.bilingual.date_time` writes them."""
    return "" if value is None else bilingual.date_time(_civil(value), get_locale() or "fr")


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


def recent_day(value: Any) -> str:
    """Return how many days ago a day was. More than a month ago the day itself says more: “900 days ago” is no date."""
    day = _civil(value)
    if day is None:
        return ""
    civil = day.date() if isinstance(day, datetime) else day
    return relative_days(civil) if (clock.today() - civil).days <= A_MONTH else short_date(civil)


def file_size(size: int) -> str:
    """Return a number of bytes as « 3,2 Mo » or “3.2 MB”, with a non-breaking space; units of 1000."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size)).replace(" ", NBSP)
    units = ("ko", "Mo", "Go", "To") if _is_french() else ("KB", "MB", "GB", "TB")
    value, step = Decimal(size) / 1000, 0
    # 999.6 KB would be shown as 1000 KB, so the next unit is taken.
    while value >= Decimal("999.5") and step < len(units) - 1:
        value, step = value / 1000, step + 1
    text = format_decimal(round(value, 1 if step else 0), locale=_locale())
    return f"{text}{NBSP}{units[step]}"


def number(value: int | float) -> str:
    """Return a number with its thousands separated."""
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
