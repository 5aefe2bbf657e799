"""Dates known in part: a year, or a year and a month. Many people have no more; systems write noughts for the rest."""

import re
from datetime import date
from typing import Final

from portal.clock import FIRST_YEAR, LAST_YEAR

_PARTS: Final = re.compile(r"(\d{4})(?:-(\d{2}|XX|xx))?(?:-(?:00|XX|xx))?")
UNKNOWN: Final = "0000"


def read_partial(text: str) -> str | None:
    """Return `1988` or `1988-05` for a date known in part, as 1988, 1988-05, 1988-00-00 or 1988-05-00; None for a
    date of which nothing is known, as 0000-00-00.

    Raises:
        ValueError: the text is no such date, or its year lies outside those that dates may have.
    """
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise ValueError("no date known in part")
    year, month = parts[1], parts[2] if parts[2] and parts[2].isdecimal() and parts[2] != "00" else None
    if year == UNKNOWN and month is None:
        return None
    if not FIRST_YEAR <= int(year) <= LAST_YEAR or (month and int(month) > 12):
        raise ValueError("no such year or month")
    return f"{year}-{month}" if month else year


def may_be_same_day(one: str, other: str) -> bool:
    """Tell whether two days, each whole or known in part, as ISO 8601 writes them, agree in what both know."""
    return all(mine == theirs for mine, theirs in zip(one[:10].split("-"), other[:10].split("-"), strict=False))


def first_day_of(known: str) -> date:
    """Return the first day that a date known in part may be."""
    return date.fromisoformat((known + "-01-01")[:10])
