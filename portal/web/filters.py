"""Dates, sizes and numbers as people of both languages write them, with the spaces that may not break."""

from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal import clock

NBSP = "\u00a0"


def register(app: Flask) -> None:
    """Offer the filters to templates."""
    for function in (long_date, short_date, date_time, time_of_day, relative_days, file_size, number, money, machine_date):
        app.add_template_filter(function, function.__name__)


def _is_french() -> bool:
    return str(get_locale() or "fr").startswith("fr")


def _locale() -> str:
    return "fr" if _is_french() else "en_GB"


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
    return value.astimezone(clock.PARIS) if isinstance(value, datetime) else value


def long_date(value: Any, weekday: bool = True) -> str:
    """Return « vendredi 4 décembre 2026 » or “Friday 4 December 2026”."""
    if value is None:
        return ""
    moment = _moment(value)
    text = format_date(moment, "EEEE d MMMM y" if weekday else "d MMMM y", locale=_locale())
    if _is_french() and moment.day == 1:
        text = text.replace(" 1 ", " 1er ", 1) if weekday else "1er" + text[1:]
    day, _space, rest = text.rpartition(" ")[0].rpartition(" ")
    return f"{day}{NBSP}{rest} {text.rpartition(' ')[2]}" if day else text


def short_date(value: Any) -> str:
    """Return « 4 déc. 2026 » or “4 Dec 2026”, in one piece."""
    return "" if value is None else format_date(_moment(value), "d MMM y", locale=_locale()).replace(" ", NBSP)


def time_of_day(value: Any) -> str:
    """Return « 14 h 12 » or “14:12”, Paris time, in one piece."""
    moment = _moment(value)
    if _is_french():
        return f"{moment.hour}{NBSP}h{NBSP}{moment.minute:02}"
    return format_time(moment, "HH:mm", locale="en_GB", tzinfo=clock.PARIS)


def date_time(value: Any) -> str:
    """Return « 20 novembre 2026 à 14 h 12 » or “20 November 2026 at 14:12”, Paris time."""
    if value is None:
        return ""
    return _("%(date)s at %(time)s", date=long_date(value, weekday=False), time=time_of_day(value))


def relative_days(value: Any) -> str:
    """Return how far a day is from today: “today”, “in 12 days”, “3 days ago”."""
    moment = _moment(value)
    day = moment.date() if isinstance(moment, datetime) else moment
    distance = (day - clock.today()).days
    if distance == 0:
        return _("today")
    if distance > 0:
        return ngettext("in %(num)s day", "in %(num)s days", distance)
    return ngettext("%(num)s day ago", "%(num)s days ago", -distance)


def file_size(size: int) -> str:
    """Return « 3,2 Mo » or “3.2 MB”; units of 1000."""
    units = ["octets", "Ko", "Mo", "Go"] if _is_french() else ["bytes", "KB", "MB", "GB"]
    value, step = float(size), 0
    while value >= 1000 and step < len(units) - 1:
        value, step = value / 1000, step + 1
    text = format_decimal(round(value, 1 if step > 1 else 0), locale=_locale())
    return f"{text}{NBSP}{units[step]}"


def number(value: int | float) -> str:
    """Return a number with its thousands apart."""
    return str(format_decimal(value, locale=_locale()))


def money(amount: Any, currency: str = "EUR") -> str:
    """Return « 49,90 € » or “€49.90”."""
    return str(format_currency(amount, currency, locale=_locale()))


def machine_date(value: Any) -> str:
    """Return the ISO form of a date or instant, for `datetime` attributes."""
    return "" if value is None else value if isinstance(value, str) else str(value.isoformat())
