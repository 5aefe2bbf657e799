"""How many records of a kind each customer has in the archive, and the last day of them all."""

from collections import Counter
from datetime import date

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.infrastructure.database import db
from portal.records.archive.models import ArchiveCount, ArchivedRecord

COUNTS = ArchiveCount.__table__
ROWS = ArchivedRecord.__table__

Pile = tuple[int, str, str]
"""A kind of a category of a customer."""


class ArchiveCountChanges:
    """By how much a slice changes each count."""

    def __init__(self) -> None:
        self._counts: Counter[Pile] = Counter()
        self._lost: set[Pile] = set()
        self._last_days: dict[Pile, date] = {}

    def add(self, pile: Pile, last_day: date, number: int = 1) -> None:
        """Note that records join a pile, of which one stays as long as all the others, until `last_day`."""
        self._counts[pile] += number
        self._last_days[pile] = max(last_day, self._last_days.get(pile, last_day))

    def take_off(self, pile: Pile, number: int = 1) -> None:
        """Note that records leave a pile: their last day may have been that of the pile."""
        self._counts[pile] -= number
        self._lost.add(pile)

    def move(self, pile: Pile) -> None:
        """Note that a record of a pile has another last day."""
        self._lost.add(pile)

    def write(self) -> None:
        """Write the changes; the records must have been written before."""
        if self._counts:
            self._write_counts()
        if self._lost:
            self._find_last_days_again()

    def _write_counts(self) -> None:
        connection = db.session.connection()
        is_postgresql = connection.dialect.name == "postgresql"
        statement = (postgresql.insert if is_postgresql else sqlite.insert)(COUNTS)
        latest = func.greatest if is_postgresql else func.max
        last, offered = COUNTS.c.last_day, statement.excluded.last_day
        statement = statement.on_conflict_do_update(
            index_elements=["customer_id", "category", "kind"],
            set_={
                "count": COUNTS.c.count + statement.excluded.count,
                "last_day": latest(func.coalesce(last, offered), func.coalesce(offered, last)),
            },
        )
        rows = [
            {"customer_id": pile[0], "category": pile[1], "kind": pile[2], "count": count,
             "last_day": self._last_days.get(pile)}
            for pile, count in sorted(self._counts.items())
        ]  # fmt: skip
        connection.execute(statement, rows)

    def _find_last_days_again(self) -> None:
        last_day = (
            select(func.max(ROWS.c.expires_on))
            .where(ROWS.c.customer_id == COUNTS.c.customer_id, ROWS.c.kind == COUNTS.c.kind)
            .scalar_subquery()
        )
        named = (
            COUNTS.c.customer_id == bindparam("of_customer"),
            COUNTS.c.category == bindparam("named"),
            COUNTS.c.kind == bindparam("of_kind"),
        )
        connection = db.session.connection()
        piles = [dict(zip(("of_customer", "named", "of_kind"), pile, strict=True)) for pile in sorted(self._lost)]
        connection.execute(update(COUNTS).where(*named).values(last_day=last_day), piles)
        connection.execute(delete(COUNTS).where(*named, COUNTS.c.count <= 0), piles)
