"""What a person looks for in a category: a kind, a month or year, words.

It comes from an address, so it may be anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, select

from portal import clock
from portal.infrastructure.plain_letters import spelt
from portal.personal_data.categories import Category
from portal.records.data_map.kinds import DataMap
from portal.records.models import Record

LONGEST_SEARCH: Final = 80
_PERIOD: Final = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_SPACE_IN_A_NUMBER: Final = re.compile(r"(?<=\d)\s(?=\d)")


@dataclass(frozen=True)
class Filter:
    """What is looked for; what is empty limits nothing.

    Attributes:
        kind: the code of a declared kind of the category.
        period: a month as `2026-03`, or a year as `2026`.
        words: each of them must stand in what the page shows of a record.
    """

    kind: str = ""
    period: str = ""
    words: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str], category: Category, data_map: DataMap) -> "Filter":
        """Return the filter of an address. What cannot be meant, such as a month 13, limits nothing."""
        kind, period = given.get("kind", ""), given.get("period", "")
        declared = data_map.kinds.get(kind)
        return cls(
            kind if declared and declared.category == category else "",
            period if _first_days(period) else "",
            " ".join(given.get("words", "")[:LONGEST_SEARCH].split()),
        )

    def is_narrow(self) -> bool:
        """Whether a month, a year or words are looked for, so that the known counts say nothing about the result."""
        return bool(self.period or self.words)

    def __bool__(self) -> bool:
        return bool(self.kind) or self.is_narrow()

    def address(self, **changes: str) -> dict[str, str]:
        """Return the parameters of the page with this filter, some of them changed."""
        parts = {"kind": self.kind, "period": self.period, "words": self.words} | changes
        return {name: value for name, value in parts.items() if value}

    def statement(self, customer_id: int, category: Category) -> Select[Any]:
        """Return the unordered select of a customer's records of the kind and period; words are not in it."""
        statement = select(Record).where(Record.customer_id == customer_id, Record.category == category.value)
        if self.kind:
            statement = statement.where(Record.kind == self.kind)
        if days := _first_days(self.period):
            since, until = map(clock.start_of, days)
            statement = statement.where(Record.recorded_at >= since, Record.recorded_at < until)
        return statement

    def finds(self, text: str) -> bool:
        """Tell whether each word stands in a text, whatever its accents and capitals and the spaces in its numbers."""
        found_in = _plain(text)
        return all(word in found_in for word in _plain(self.words).split())


def _plain(text: str) -> str:
    return _SPACE_IN_A_NUMBER.sub("", spelt(text).casefold())


def _first_days(period: str) -> tuple[date, date] | None:
    """Return the first day of a month or year and of the next one; None for what is neither."""
    found = _PERIOD.fullmatch(period)
    if found is None or not clock.FIRST_YEAR <= int(found[1]) <= clock.LAST_YEAR:
        return None
    year = int(found[1])
    if found[2] is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    month = int(found[2])
    if not 1 <= month <= 12:
        return None
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
