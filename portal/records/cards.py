"""A record as the page shows it: masked values, its date, its origin and the last day it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from portal import clock
from portal.organisation import Organisation
from portal.personal_data.registry import HeldItem
from portal.records.kinds import DataMap
from portal.records.models import Record

LONG_TEXT = 300


@dataclass(frozen=True)
class Fact:
    """One value under its name; `is_long` when it is better folded."""

    label: str
    text: str

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG_TEXT or "\n" in self.text


@dataclass(frozen=True)
class Card:
    """One record. `kept_until` is None while its period has not started: `rule` then says what starts it."""

    label: str
    at: datetime
    origin: str
    facts: list[Fact]
    kept_until: date | None
    rule: str
    corrected_at: datetime | None

    @property
    def is_overdue(self) -> bool:
        """Whether the last day has passed and the next purge takes the record away."""
        return self.kept_until is not None and self.kept_until < clock.today()


@dataclass(frozen=True)
class PortalCard:
    """One thing that this portal itself holds."""

    label: str
    at: datetime | None
    facts: list[Fact]


def cards_of(records: Iterable[Record], data_map: DataMap, organisation: Organisation, language: str) -> list[Card]:
    """Return records as cards, in their order."""
    return [_card(record, data_map, organisation, language) for record in records]


def portal_cards(items: Iterable[HeldItem]) -> list[PortalCard]:
    """Return what this portal itself holds as cards, in their order."""
    return [PortalCard(item.label, item.at, [Fact(label, text) for label, text in item.facts]) for item in items]


def _card(record: Record, data_map: DataMap, organisation: Organisation, language: str) -> Card:
    kind = data_map.kinds.get(record.kind)
    system = organisation.system(record.source)
    facts = kind.facts(record.values, language) if kind else []
    return Card(
        label=kind.label.text(language) if kind else record.kind,
        at=record.recorded_at,
        origin=system.name.text(language) if system else record.source,
        facts=[Fact(label, text) for label, text in facts],
        kept_until=record.expires_on,
        rule=kind.retention.text(language) if kind else "",
        corrected_at=record.corrected_at,
    )
