"""The desk: each domain registers a line for a duty of its own. Members who may do that duty see how much waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Select, func, select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

MOST = 1000
"""The largest number on a line. Beyond it the line says “1,000+”, and the database stops counting."""


class Rank(IntEnum):
    """Where a line stands on the desk. Lines of one rank stand in the order in which they were registered."""

    CLOCK = 1
    """A clock of the law runs."""
    PERSON = 2
    """Somebody waits."""
    CARE = 3
    """Nobody waits, and it must not be forgotten."""


@dataclass(frozen=True)
class Waiting:
    """How much waits, and the oldest of it."""

    count: int
    oldest: date | datetime | None = None

    @property
    def shown(self) -> int:
        """The number for a screen."""
        return min(self.count, MOST)

    @property
    def is_more(self) -> bool:
        """Whether there is more than the number says."""
        return self.count > MOST


@dataclass(frozen=True)
class Line:
    """A duty in a few words, and the page where it is done."""

    label: Label
    rank: Rank
    endpoint: str
    arguments: dict[str, str]


Find = Callable[[StaffMember], Waiting | None]
_lines: list[tuple[Line, Find]] = []


def on_desk(label: Label, *, rank: Rank, endpoint: str, **arguments: str) -> Callable[[Find], Find]:
    """Register a line of the desk: a function of the member, which returns None when they may not act on it.

    It sends one query at most, such as that of `count_waiting`.

    Args:
        endpoint: of the page where the duty is done; `arguments` complete its address.
    """

    def register(find: Find) -> Find:
        _lines.append((Line(label, rank, endpoint, arguments), find))
        return find

    return register


def count_waiting(since: Select[Any]) -> Waiting:
    """Count rows and find the oldest, in one query that stops soon after `MOST`.

    Args:
        since: a select of one column, the date or instant since which each thing waits, without order.
    """
    first = since.order_by(since.selected_columns[0]).limit(MOST + 1).subquery()
    count, oldest = db.session.execute(select(func.count(), func.min(first.c[0])).select_from(first)).one()
    return Waiting(count, oldest)


def desk_of(member: StaffMember) -> list[tuple[Line, Waiting]]:
    """Return the lines on which something waits for a member, running clocks first."""
    found = [(line, waiting) for line, find in _lines if (waiting := find(member)) and waiting.count]
    return sorted(found, key=lambda pair: pair[0].rank)
