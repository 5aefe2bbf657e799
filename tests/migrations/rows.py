"""Rows for every table of a database, whatever its schema is: made from what the database says of its columns."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select, text, types

from portal.infrastructure.database import db

Rows = dict[str, list[tuple[Any, ...]]]

# What a type alone does not say, by table and column. A revision whose new table refuses what is made here (a check, a
# trigger) gets its line with the revision.
# An audit event follows the head, which moves with it. The one row of the head comes with its table.
HEAD = "audit_head"
_NEXT = "SELECT {} FROM audit_head WHERE id = 1"
_MOVE_HEAD = text(
    "UPDATE audit_head SET sequence = sequence + 1,"
    " hash = (SELECT hash FROM audit_events WHERE sequence = audit_head.sequence + 1) WHERE id = 1"
)
VALUES: dict[tuple[str, str], Any] = {
    ("audit_events", "sequence"): text(f"({_NEXT.format('sequence + 1')})"),
    ("audit_events", "previous_hash"): text(f"({_NEXT.format('hash')})"),
    # Of age: what revision 0015 does to children is told by tests/preferences/choices/test_children.py.
    ("customers", "birth_date"): date(1988, 3, 4),
}
# May be empty, and yet a check wants it or another one to be there.
NEEDED = {("instructions", "request_id")}


def schema() -> MetaData:
    """Return the tables that the database has now, without Alembic's own."""
    found = MetaData()
    found.reflect(db.engine)
    found.remove(found.tables["alembic_version"])
    return found


def fill(tables: MetaData, first: int) -> None:
    """Add two rows to every table, numbered from `first`: one with all of its columns, one with what must be there."""
    with _writing() as connection, connection.begin():
        for table in tables.sorted_tables:
            if table.name == HEAD:
                continue
            for number, is_whole in ((first, True), (first + 1, False)):
                connection.execute(insert(table).values(_row(table, number, is_whole)))
                if table.name == "audit_events":
                    connection.execute(_MOVE_HEAD)


def read(tables: MetaData) -> Rows:
    """Return every row of some tables, by the columns that they had when they were looked at."""
    with db.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(*table.columns).order_by(*table.primary_key))]
            for table in tables.sorted_tables
        }


def columns_without_data(tables: MetaData) -> list[str]:
    """Return each column in which no row holds anything."""
    with db.engine.connect() as connection:
        return [
            f"{table.name}.{column.name}"
            for table in tables.sorted_tables
            for column in table.columns
            if not connection.execute(select(func.count(column))).scalar()
        ]


def _writing() -> Connection:
    return db.engine.connect().execution_options(portal_write=True)


def _row(table: Table, number: int, is_whole: bool) -> dict[str, Any]:
    return {
        column.name: _value(table, column, number)
        for column in table.columns
        if is_whole or not column.nullable or column.primary_key or (table.name, column.name) in NEEDED
    }


def _value(table: Table, column: Column[Any], number: int) -> Any:
    if (table.name, column.name) in VALUES:
        return VALUES[table.name, column.name]
    kind = column.type
    if isinstance(kind, types.Boolean):
        return True
    if isinstance(kind, types.Integer):  # a number of its own, or that of the row that it points at
        return number
    if isinstance(kind, types.Numeric | types.Float):
        return number
    if isinstance(kind, types.JSON):
        return {"number": number}
    if isinstance(kind, types.DateTime):
        return datetime(2026, 11, 22, 8, 30, number % 60, tzinfo=UTC)
    if isinstance(kind, types.Date):
        return date(2026, 11, number % 28 + 1)
    if isinstance(kind, types.LargeBinary):
        return f"bytes {number}".encode()
    assert isinstance(kind, types.String), f"say in VALUES of {__file__} what {table.name}.{column.name} holds"
    return f"{number}"[: kind.length]
