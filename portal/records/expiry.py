"""The last day a record is kept: the data map's rule, applied to the dates of the record and of its person."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from portal.records.data_map.kinds import DataMap, Kind
from portal.records.data_map.retention_rules import Start

# Results may be kept, because the rule is pure. A file of a million lines has only some thousands of different cases.
REMEMBERED = 8192


class Expiry:
    """Computes last days under one data map and one financial year, remembering the cases it has seen."""

    def __init__(self, data_map: DataMap, financial_year_end: tuple[int, int]) -> None:
        self._kinds = data_map.kinds
        self._financial_year_end = financial_year_end
        self._cached = lru_cache(maxsize=REMEMBERED)(self._compute)

    def of(
        self,
        kind: Kind,
        recorded_on: date,
        values: Mapping[str, Any],
        relationship_ended_on: date | None,
        last_contact_on: date | None = None,
    ) -> date | None:
        """Return the last day a record of a kind is kept; None while its period has not started."""
        return self._cached(
            kind.code,
            recorded_on,
            relationship_ended_on,
            last_contact_on if starts_at_last_contact(kind) else None,
            _cancelled_on(values),
            _day(values, "withdrawn_on"),
        )

    def _compute(
        self,
        kind_code: str,
        recorded_on: date,
        relationship_ended_on: date | None,
        last_contact_on: date | None,
        cancelled_on: date | None,
        withdrawn_on: date | None,
    ) -> date | None:
        return self._kinds[kind_code].expires_on(
            recorded_on,
            relationship_ended_on,
            self._financial_year_end,
            last_contact_on=last_contact_on,
            cancelled_on=cancelled_on,
            withdrawn_on=withdrawn_on,
        )


def starts_at_last_contact(kind: Kind) -> bool:
    """Tell whether a later exchange from the person lengthens the life of records of this kind."""
    return _counts_from(kind) is Start.LAST_CONTACT


def depends_on_relationship(kind: Kind) -> bool:
    """Tell whether the end of the relationship moves the last day of records of this kind."""
    return _counts_from(kind) not in (Start.RECORDED_AT, Start.FINANCIAL_YEAR_END)


def is_contact(kind: Kind, values: Mapping[str, Any]) -> bool:
    """Tell whether a record is an exchange that the person began: what we send restarts no period."""
    return starts_at_last_contact(kind) and values.get("direction") == "in"


def _counts_from(kind: Kind) -> Start:
    return kind.retention.archive_starts or kind.retention.starts


def _cancelled_on(values: Mapping[str, Any]) -> date | None:
    """Return the day a contract ended, or None. A contract that renews by itself goes on after its `ends_on`."""
    return _day(values, "cancelled_on") or (None if values.get("renews") else _day(values, "ends_on"))


def _day(values: Mapping[str, Any], field: str) -> date | None:
    """Return the day in a field. What was stored under another type of the data map is no day, and counts as none."""
    try:
        return date.fromisoformat(values[field])
    except (KeyError, TypeError, ValueError):
        return None
