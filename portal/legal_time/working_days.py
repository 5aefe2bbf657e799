"""The days on which a legal period may end: no Saturday, no Sunday, no public holiday of the zone."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import holidays

from portal.bilingual import Label

# The holiday tables stop there. A later holiday would be taken for a working day, and nobody would notice.
LAST_KNOWN_YEAR: Final = 2100


class Zone(StrEnum):
    """Where the controller is, which decides its public holidays."""

    METROPOLE = "metropole"
    "The eleven holidays of the Code du travail, art. L3133-1."
    ALSACE_MOSELLE = "alsace-moselle"
    "Good Friday and 26 December as well (art. L3134-13)."


METROPOLE: Final = Zone.METROPOLE
ALSACE_MOSELLE: Final = Zone.ALSACE_MOSELLE
_SUBDIVISIONS: Final = {METROPOLE: None, ALSACE_MOSELLE: "57"}


def is_working_day(day: date, zone: Zone = METROPOLE) -> bool:
    """Whether a day is neither Saturday, Sunday nor a public holiday (Regulation 1182/71 art. 2)."""
    return day.weekday() < 5 and holiday_name(day, zone) is None


def holiday_name(day: date, zone: Zone = METROPOLE) -> Label | None:
    """Return the name of that day's public holiday, or None. Raises `ValueError` after `LAST_KNOWN_YEAR`."""
    if day.year > LAST_KNOWN_YEAR:
        raise ValueError(f"the public holidays of {day.year} are not known")
    name = _holidays(zone, day.year).get(day)
    return Label(fr=name, en=_ENGLISH_NAMES.get(name, name)) if name else None


def roll(day: date, zone: Zone = METROPOLE) -> date:
    """Return the day itself when it is a working day, else the next one (Regulation 1182/71 art. 3(4))."""
    while not is_working_day(day, zone):
        day += timedelta(days=1)
    return day


def working_days_before(day: date, count: int, zone: Zone = METROPOLE) -> date:
    """Return the working day that lies so many working days before another day."""
    while count:
        day -= timedelta(days=1)
        count -= is_working_day(day, zone)
    return day


@lru_cache(maxsize=512)
def _holidays(zone: Zone, year: int) -> Mapping[date, str]:
    # A frozen copy for each year. The library's own table is filled when it is asked, and another thread could read it
    # half filled.
    table = holidays.country_holidays("FR", subdiv=_SUBDIVISIONS[zone], years=year, expand=False, language="fr")
    return MappingProxyType({day: table[day] for day in table})


_ENGLISH_NAMES: Final = {
    "Jour de l'an": "New Year’s Day",
    "Vendredi saint": "Good Friday",
    "Lundi de Pâques": "Easter Monday",
    "Fête du Travail": "Labour Day",
    "Fête de la Victoire": "Victory Day",
    "Ascension": "Ascension Day",
    "Lundi de Pentecôte": "Whit Monday",
    "Fête nationale": "Bastille Day",
    "Assomption": "Assumption Day",
    "Toussaint": "All Saints’ Day",
    "Armistice": "Armistice Day",
    "Noël": "Christmas Day",
    "Saint-Étienne": "St Stephen’s Day",
}
