"""The days of a record: the data map's rules, applied to its values, its dates and those of its person."""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from portal.customers.capacity import Capacity
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.data_map.retention_rules import FIXED_AT_ONCE, RecordDates, Start, code_of

# Results may be kept, because the rules are pure. A file of a million lines has only some thousands of different cases.
REMEMBERED = 8192


class Person(NamedTuple):
    """What of a customer the days of their records depend on."""

    relationship_ended_on: date | None = None
    capacity: Capacity | None = None
    last_contact_on: date | None = None


class Days(NamedTuple):
    """What a rule gives a record.

    Attributes:
        rule: its code; empty for the kind's own.
        active_until: the last day of active use; None while its start has not come, and without a time in the archive.
        expires_on: the last day it is kept at all; None while its period has not started.
    """

    rule: str
    active_until: date | None
    expires_on: date | None


class Expiry:
    """Computes days under one data map and one financial year, remembering the cases it has seen."""

    def __init__(self, data_map: DataMap, financial_year_end: tuple[int, int]) -> None:
        self._kinds = data_map.kinds
        self._financial_year_end = financial_year_end
        self._cached = lru_cache(maxsize=REMEMBERED)(self._compute)

    def of(self, kind: Kind, recorded_on: date, values: Mapping[str, Any], person: Person) -> Days:
        """Return the days of a record of a kind."""
        rule = kind.retention.rule_for(values, Capacity.of(person.capacity))
        dates = RecordDates(
            recorded_on,
            person.relationship_ended_on,
            self._financial_year_end,
            person.last_contact_on if starts_at_last_contact(kind) else None,
            _cancelled_on(values),
            _day(values, "withdrawn_on"),
            _day(values, "delivered_on"),
        )
        return self._cached(kind.code, code_of(rule), dates)

    def _compute(self, kind_code: str, rule_code: str, dates: RecordDates) -> Days:
        rule = self._kinds[kind_code].retention.rule_named(rule_code)
        active_until = rule.active_until(dates) if rule.archive_period else None
        return Days(rule_code, active_until, rule.expires_on(dates))


def rules_key(data_map: DataMap) -> str:
    """Return what names the rules of a data map: another one where a period, a start or a condition is another."""
    rules = sorted(f"{kind.code} {kind.retention}" for kind in data_map.kinds.values())
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:16]


def starts_at_last_contact(kind: Kind) -> bool:
    """Tell whether a later exchange from the person lengthens the life of records of this kind."""
    return any(Start.LAST_CONTACT in rule.starting_points for rule in kind.retention.rules())


def depends_on_person(kind: Kind) -> bool:
    """Tell whether the end of the relationship, or what the person is, moves the days of records of this kind."""
    rules = list(kind.retention.rules())
    return len(rules) > 1 or any(not rule.starting_points <= FIXED_AT_ONCE for rule in rules)


def is_contact(kind: Kind, values: Mapping[str, Any]) -> bool:
    """Tell whether a record is an exchange that the person began: what we send restarts no period."""
    return starts_at_last_contact(kind) and values.get("direction") == "in"


def _cancelled_on(values: Mapping[str, Any]) -> date | None:
    """Return the day a contract ended, or None. A contract that renews by itself goes on after its `ends_on`."""
    return _day(values, "cancelled_on") or (None if values.get("renews") else _day(values, "ends_on"))


def _day(values: Mapping[str, Any], field: str) -> date | None:
    """Return the day in a field. What was stored under another type of the data map is no day, and counts as none."""
    try:
        return date.fromisoformat(values[field])
    except (KeyError, TypeError, ValueError):
        return None
