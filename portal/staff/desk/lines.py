"""The desk: each domain registers a line for a duty of its own. Members who may do that duty see how much waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import FromClause, Select, func, select, true

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


@dataclass(frozen=True)
class Counted:
    """What is counted with the other lines: a select of one row, how many and since when."""

    figures: Select[int, Any]


Find = Callable[[StaffMember], Waiting | Counted | None]
_lines: list[tuple[Line, Find]] = []


def on_desk(label: Label, *, rank: Rank, endpoint: str, **arguments: str) -> Callable[[Find], Find]:
    """Register a line of the desk: a function of the member, which returns None when they may not act on it.

    It sends one query at most; what `count_waiting` returns is counted together with the other lines.

    Args:
        endpoint: of the page where the duty is done; `arguments` complete its address.
    """

    def register(find: Find) -> Find:
        _lines.append((Line(label, rank, endpoint, arguments), find))
        return find

    return register


def count_waiting(since: Select[Any]) -> Counted:
    """Return what counts rows and finds the oldest, and stops soon after `MOST`.

    Args:
        since: a select of one column, the date or instant since which each thing waits, without order.
    """
    first = since.order_by(since.selected_columns[0]).limit(MOST + 1).subquery()
    return Counted(select(func.count(), func.min(first.c[0])).select_from(first))


def count_all(counted: Sequence[Counted]) -> list[Waiting]:
    """Count everything in one query; none for nothing."""
    if not counted:
        return []
    rows = [each.figures.subquery() for each in counted]
    together: FromClause = rows[0]
    for row in rows[1:]:
        together = together.join(row, true())
    figures = db.session.execute(select(*(column for row in rows for column in row.c)).select_from(together)).one()
    return [Waiting(*figures[place : place + 2]) for place in range(0, len(figures), 2)]


def desk_of(member: StaffMember) -> list[tuple[Line, Waiting]]:
    """Return the lines on which something waits for a member, running clocks first."""
    asked = [(line, found) for line, find in _lines if (found := find(member))]
    counted = iter(count_all([found for _line, found in asked if isinstance(found, Counted)]))
    known = [(line, next(counted) if isinstance(found, Counted) else found) for line, found in asked]
    waits = [(line, waiting) for line, waiting in known if waiting.count]
    return sorted(waits, key=lambda pair: pair[0].rank)
