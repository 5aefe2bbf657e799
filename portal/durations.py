"""Periods in years, months and days, as ISO 8601 writes them (`P3Y`, `P13M`, `P15D`), and in words."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self, TypeVar

from dateutil.relativedelta import relativedelta
from pydantic import BeforeValidator

from portal.bilingual import NBSP, known_language

Day = TypeVar("Day", date, datetime)

_ISO = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")
_WORDS = {
    "fr": (("an", "ans"), ("mois", "mois"), ("jour", "jours")),
    "en": (("year", "years"), ("month", "months"), ("day", "days")),
}
_AND = {"fr": " et ", "en": " and "}


@dataclass(frozen=True, slots=True)
class Period:
    """A period of the calendar. Months are added as the law does: to the same day, or else the month's last day."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `P3Y`, `P13M`, `P2W`, `P15D` or `P1Y6M`. Raises `ValueError`."""
        parts = _ISO.fullmatch(text)
        if parts is None:
            raise ValueError("must be a period such as P3Y, P13M or P15D")
        years, months, weeks, days = (int(part or 0) for part in parts.groups())
        return cls(years, months, weeks * 7 + days)

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")

    def __bool__(self) -> bool:
        return bool(self.years or self.months or self.days)

    def after(self, day: date) -> date:
        """Return the day this period after a day, at most the last of the calendar.

        29 February gives 28 February in other years.
        """
        try:
            return day + relativedelta(years=self.years, months=self.months, days=self.days)
        except (ValueError, OverflowError):
            return date.max

    def before(self, day: Day) -> Day:
        """Return the day, or the instant, this period before another, by the same rule."""
        try:
            return day - relativedelta(years=self.years, months=self.months, days=self.days)
        except (ValueError, OverflowError):
            return day.replace(year=1, month=1, day=2)  # the first day that every time zone has

    def text(self, language: object) -> str:
        """Return the period in words: « 1 an et 6 mois »."""
        code = known_language(language)
        numbers = (self.years, self.months, self.days)
        parts = [
            f"{number}{NBSP}{one if number == 1 else many}"
            for number, (one, many) in zip(numbers, _WORDS[code], strict=True)
            if number
        ]
        return _AND[code].join(parts) or f"0{NBSP}{_WORDS[code][2][0]}"


def _read(value: Any) -> Any:
    if isinstance(value, str):
        return Period.parse(value)
    if isinstance(value, Period):
        return value
    raise ValueError('must be a period between quotes, such as "P3Y"')


DeclaredPeriod = Annotated[Period, BeforeValidator(_read)]
"""The type of a period in a file that an operator writes."""
