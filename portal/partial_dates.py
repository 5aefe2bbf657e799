"""Dates known in part: a year, or a year and a month. Many people have no more; systems write noughts for the rest."""

import re
from datetime import date
from typing import Final

from portal.clock import FIRST_YEAR, LAST_YEAR

# Systems write noughts for what they do not know, people and libraries X or a question mark (ISO 8601-2), and address
# books nothing at all (RFC 6350).
_YEAR: Final = r"\d{4}|\d{3}[Xx?]|\d{2}[Xx?]{2}|[Xx?]{4}|-(?=-)"
_PARTS: Final = re.compile(rf"({_YEAR})(?:-(\d{{2}}|[Xx?]{{2}}))?(?:-(\d{{2}}|[Xx?]{{2}}))?", re.ASCII)


def read_day(text: str) -> date:
    """Return a whole day that ISO 8601 writes by its year, month and day. Raises `ValueError`.

    The library takes a week for its Monday, which is a day that nobody gave.
    """
    if "W" in text:
        raise ValueError("a week is no day")
    return date.fromisoformat(text)


def read_partial(text: str) -> str | None:
    """Return `1988` or `1988-05` for a date known in part, as 1988, 1988-05, 1988-00-00, 1988-05-?? or 1988-00-15; None
    for a date of which the year is not known, as 0000-05-03, 198X or --05-03.

    Raises:
        ValueError: the text is no such date, or its year lies outside those that dates may have.
    """
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise ValueError("no date known in part")
    year, month, day = (_known(part) for part in parts.groups())
    if int(month or 1) > 12 or int(day or 1) > 31 or (year and month and day):
        raise ValueError("no such month or day, or a date known as a whole")
    if year is None:
        return None
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise ValueError("no such year")
    return f"{year}-{month}" if month else year


def _known(part: str | None) -> str | None:
    return part if part and part.isdecimal() and int(part) else None


def may_be_same_day(one: str, other: str) -> bool:
    """Tell whether two days, each whole or known in part, as ISO 8601 writes them, agree in what both know."""
    return all(mine == theirs for mine, theirs in zip(one[:10].split("-"), other[:10].split("-"), strict=False))


def first_day_of(known: str) -> date:
    """Return the first day that a date known in part may be."""
    return date.fromisoformat((known + "-01-01")[:10])
