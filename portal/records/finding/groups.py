"""The records of one page as people look for them: by kind, and within a kind by month or year, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from portal.clock import local_date
from portal.records.cards import Card, Cards
from portal.records.models import Record


@dataclass
class Group:
    """The records of one kind that a page shows."""

    kind: str
    label: str
    cards: list[Card] = field(default_factory=list)

    @property
    def is_by_month(self) -> bool:
        """Whether its parts are months. Where most months would hold a single record, they are years."""
        return len(self.cards) >= 2 * len({_day(card).replace(day=1) for card in self.cards})

    @property
    def parts(self) -> list[tuple[date, list[Card]]]:
        """The first day of each month or year with its cards."""
        first = {"day": 1} if self.is_by_month else {"day": 1, "month": 1}
        return [(day, list(cards)) for day, cards in groupby(self.cards, lambda card: _day(card).replace(**first))]


def grouped(records: Iterable[Record], cards: Cards) -> list[Group]:
    """Return records in groups, in the order of their newest; `records` come newest first."""
    groups: dict[str, Group] = {}
    for record in records:
        card = cards.of_record(record)
        groups.setdefault(record.kind, Group(record.kind, card.label)).cards.append(card)
    return list(groups.values())


def _day(card: Card) -> date:
    return local_date(card.at) if card.at else date.min
