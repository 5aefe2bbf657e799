"""How many records a customer has in each category, and the newest. Each write updates them, so no page counts."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.infrastructure.database import db
from portal.infrastructure.id_lists import among
from portal.personal_data.corrections.own_file import OWN_FILE
from portal.records.archive.models import ArchivedRecord
from portal.records.models import CategoryCount, Record

RECORDS = Record.__table__
COUNTS = CategoryCount.__table__

Pile = tuple[int, str]


class HeldKind(NamedTuple):
    """How many records of a kind one system sent; those in use and those in the archive apart, by their table."""

    part: str
    category: str
    kind: str
    source: str
    number: int


def kinds_held(customer_id: int) -> list[HeldKind]:
    """Count what a customer has, in use and in the archive, by kind and system. It reads every record of theirs."""
    found: list[HeldKind] = []
    for model in (Record, ArchivedRecord):
        what = (model.category, model.kind, model.source)
        counted = select(*what, func.count()).where(model.customer_id == customer_id).group_by(*what)
        found += [HeldKind(model.__tablename__, *row) for row in db.session.execute(counted.order_by(*what))]
    return found


def systems_of(customer_id: int, kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return by kind the systems that sent what a customer has of some kinds, in use or in the archive.

    The line of a customer names no system: behind the person's own file stands each that sent anything about them.
    """
    named, found = set(kinds), dict[str, set[str]]()
    for model in (Record, ArchivedRecord):
        sent = select(model.kind, model.source).where(model.customer_id == customer_id).distinct()
        if OWN_FILE not in named:
            sent = sent.where(model.kind.in_(named))
        for kind, source in db.session.execute(sent):
            for each in named & {kind, OWN_FILE}:
                found.setdefault(each, set()).add(source)
    return {kind: sorted(sources) for kind, sources in found.items()}


class CountChanges:
    """By how much a batch changes each count. A pile is one category of one customer."""

    def __init__(self) -> None:
        self._counts: Counter[Pile] = Counter()
        self._newest: dict[Pile, datetime] = {}
        self._lost: set[Pile] = set()

    def add(self, pile: Pile, recorded_at: datetime) -> None:
        """Note a record that joins a pile."""
        self._counts[pile] += 1
        self._newest[pile] = max(recorded_at, self._newest.get(pile, recorded_at))

    def take_off(self, pile: Pile, number: int = 1) -> None:
        """Note that records leave a pile: they may have been the newest."""
        self._counts[pile] -= number
        self._lost.add(pile)

    def write(self) -> None:
        """Write the changes; the records must have been written before."""
        if self._counts:
            self._write_counts()
        if self._lost:
            self._find_newest_again()

    def _write_counts(self) -> None:
        connection = db.session.connection()
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = upsert(COUNTS)
        last, offered = COUNTS.c.last_recorded_at, statement.excluded.last_recorded_at
        statement = statement.on_conflict_do_update(
            index_elements=["customer_id", "category"],
            set_={
                "count": COUNTS.c.count + statement.excluded.count,
                "last_recorded_at": case((or_(last.is_(None), offered > last), offered), else_=last),
            },
        )
        rows = [
            {
                "customer_id": pile[0],
                "category": pile[1],
                "count": count,
                "last_recorded_at": self._newest.get(pile),
            }
            for pile, count in sorted(self._counts.items())
        ]
        connection.execute(statement, rows)

    def _find_newest_again(self) -> None:
        newest = (
            select(RECORDS.c.recorded_at)
            .where(RECORDS.c.customer_id == COUNTS.c.customer_id, RECORDS.c.category == COUNTS.c.category)
            .order_by(RECORDS.c.recorded_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        # All at once: some other category of theirs may be looked at too, which changes nothing.
        customers, categories = (sorted(set(column)) for column in zip(*self._lost, strict=True))
        theirs = (among(COUNTS.c.customer_id, customers), COUNTS.c.category.in_(categories))
        connection = db.session.connection()
        connection.execute(update(COUNTS).where(*theirs).values(last_recorded_at=newest))
        connection.execute(delete(COUNTS).where(*theirs, COUNTS.c.count <= 0))
