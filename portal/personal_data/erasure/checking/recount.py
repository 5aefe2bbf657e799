"""Whether an erasure left something it should not have: counted in the schema, not by the parts that erased.

After an erasure of everything no row may reach the person but those that a part says it leaves (`becoming.leaves`), and
in these no other column may hold anything. After an erasure of some kinds, nothing of them from before it is in use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
)

from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import leaves
from portal.personal_data.erasure.checking.reach import address_columns, is_nobodys, is_reached, reached_tables
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import read_items
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.expiry.endings import Reach, parts
from portal.personal_data.outcomes import ItemOutcome


@dataclass(frozen=True)
class Remnant:
    """What is left that should not be: so many rows of a table, or so many values of one of its columns."""

    table: str
    column: str
    count: int

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.count}" if self.column else f"{self.table}: {self.count}"


def remnants_of(erasure: Erasure, addresses: Iterable[str]) -> list[Remnant]:
    """Return what an erasure should have erased and did not; reads only.

    Args:
        addresses: every address by which the person was known, in its normal form.
    """
    if Scope.read(erasure.scope).is_whole:
        spared = erasure.request_id if erasure.finished_at is None else None
        return [
            *_left_of_records(erasure), *left_of(erasure.customer_id, spared=spared), *left_by_address(addresses)
        ]  # fmt: skip
    return _left_of_records(erasure)


def left_of(customer_id: int, *, spared: int | None = None) -> list[Remnant]:
    """Return what foreign keys still lead to of somebody who is erased, beyond what the parts say they leave.

    Args:
        spared: the id of the request that is being answered: its words go once the answer has left.

    Records are told apart by the kinds that the plan lets stay.
    """
    kept = leaves()
    tables = [table for table in reached_tables() if not _is_of_records(table)]
    return [found for table in tables for found in _left_in(table, kept.get(table.name), customer_id, spared)]


def left_by_address(addresses: Iterable[str]) -> list[Remnant]:
    """Return the rows that hold one of some addresses and are no customer's: another customer may have it by now."""
    wanted = sorted(set(addresses))
    of_staff = {name for part in parts() if part.reach is Reach.STAFF for name in part.tables}
    tables = [table for table in db.metadata.sorted_tables if table.name not in of_staff]
    found = []
    for column in address_columns(tables) if wanted else ():
        holds = (func.lower(column).in_(wanted), is_nobodys(column.table))
        count = db.session.execute(select(func.count()).select_from(column.table).where(*holds)).scalar_one()
        if count:
            found.append(Remnant(column.table.name, column.name, count))
    return found


def _left_in(table: Table, kept: frozenset[str] | None, customer_id: int, spared: int | None) -> list[Remnant]:
    columns = [] if kept is None else [column for column in table.columns if _may_hold_nothing(column, kept)]
    counts = [func.count(case((_is_full(column), 1))) for column in columns]
    theirs = (is_reached(table, customer_id), _is_not(table, spared))
    count, *full = db.session.execute(select(func.count(), *counts).select_from(table).where(*theirs)).one()
    if kept is None:
        return [Remnant(table.name, "", count)] if count else []
    return [Remnant(table.name, column.name, each) for column, each in zip(columns, full, strict=True) if each]


def _may_hold_nothing(column: Column[Any], kept: frozenset[str]) -> bool:
    return column.name not in kept and not column.primary_key and not _leads_to_person(column)


def _leads_to_person(column: Column[Any]) -> bool:
    reached = {table.name for table in reached_tables()}
    return any(key.column.table.name in reached for key in column.foreign_keys)


def _is_not(table: Table, spared: int | None) -> ColumnElement[bool]:
    """Return the condition that a row is neither a request nor belongs to it."""
    name = "id" if table.name == "rights_requests" else "request_id"
    if spared is None or name not in table.c:
        return true()
    return or_(table.c[name].is_(None), table.c[name] != spared)


def _is_full(column: Column[Any]) -> ColumnElement[bool]:
    kind = column.type
    if isinstance(kind, JSON):
        return and_(column.is_not(None), cast(column, Text).not_in(["{}", "[]", "null"]))
    if isinstance(kind, Boolean):
        return column.is_(true())
    empty: Any = "" if isinstance(kind, String) else b"" if isinstance(kind, LargeBinary) else None
    empty = 0 if isinstance(kind, Integer) else empty
    return column.is_not(None) if empty is None else and_(column.is_not(None), column != empty)


def _left_of_records(erasure: Erasure) -> list[Remnant]:
    """Return what of the erased kinds, from before the erasure, is still in use, or in the archive without a reason."""
    return [found for table in reached_tables() if _is_of_records(table) for found in _left_of_kinds(table, erasure)]


def _is_of_records(table: Table) -> bool:
    return {"kind", "external_id", "recorded_at"} <= set(table.c.keys())


def _left_of_kinds(table: Table, erasure: Erasure) -> list[Remnant]:
    stay = {ItemOutcome.KEPT, ItemOutcome.REFUSED} | ({ItemOutcome.ARCHIVED} if "archived_at" in table.c else set())
    items, scope = read_items(erasure.items), Scope.read(erasure.scope)
    staying = {item.kind for item in items if item.outcome in stay}
    theirs = (table.c.customer_id == erasure.customer_id, table.c.kind.not_in(staying), *_meant(table, scope, erasure))
    counted = select(table.c.kind, func.count()).where(*theirs).group_by(table.c.kind)
    return [Remnant(table.name, kind, count) for kind, count in db.session.execute(counted)]


def _meant(table: Table, scope: Scope, erasure: Erasure) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions that a record is in the scope of an erasure, and was there when that began."""
    match scope.extent:
        case Extent.WHOLE:
            return
        case Extent.CATEGORIES:
            yield table.c.category.in_(scope.names)
        case Extent.KINDS:
            yield table.c.kind.in_(scope.names)
        case Extent.RECORDS:
            yield or_(*(and_(table.c.kind == kind, table.c.external_id == number) for kind, number in scope.records))
        case _:
            yield false()
    yield table.c.received_at < (erasure.started_at or erasure.runs_at)
