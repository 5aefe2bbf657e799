"""Every row by which the database still reaches a person, found in the schema itself.

It knows neither the parts nor how they are erased: it follows foreign keys, and looks into the columns that hold
addresses. So it finds what an erasure forgot, also in a table that was added since.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, String, Table, and_, false, or_, select, true

from portal.infrastructure.database import db

_HUB = "customers"


@cache
def reached_tables() -> tuple[Table, ...]:
    """Return the tables from which foreign keys lead to a customer, the nearest first."""
    reached = [db.metadata.tables[_HUB]]
    for table in reached:
        names = {each.name for each in reached}
        reached += [each for each in db.metadata.sorted_tables if each.name not in names and _keys(each, {table.name})]
    return tuple(reached)


def is_reached(table: Table, customer_id: int) -> ColumnElement[bool]:
    """Return the condition that a foreign key, or a chain of them, leads from a row of a table to a customer."""
    if table.name == _HUB:
        return table.c.id == customer_id
    order = {each.name: place for place, each in enumerate(reached_tables())}
    nearer = {name for name, place in order.items() if place < order.get(table.name, 0)}
    return or_(false(), *(_leads(key, customer_id) for key in _keys(table, nearer)))


def _leads(key: Column[Any], customer_id: int) -> ColumnElement[bool]:
    target = _target(key)
    if target.table.name == _HUB:
        return key == customer_id
    return key.in_(select(target).where(is_reached(target.table, customer_id)))


def _keys(table: Table, names: Iterable[str]) -> list[Column[Any]]:
    return [column for column in table.columns if column.foreign_keys and _target(column).table.name in names]


def _target(column: Column[Any]) -> Column[Any]:
    (foreign,) = column.foreign_keys
    return foreign.column


def address_columns(tables: Iterable[Table]) -> Iterator[Column[Any]]:
    """Yield the columns of tables that hold an e-mail address, by their names."""
    for table in tables:
        for column in table.columns:
            if isinstance(column.type, String) and ("email" in column.name or "address" in column.name):
                yield column


def is_nobodys(table: Table) -> ColumnElement[bool]:
    """Return the condition that no foreign key of a row leads to any customer: only its address tells whose it is."""
    names = {each.name for each in reached_tables()}
    conditions = (_leads_nowhere(key) for key in _keys(table, names))
    return and_(true(), *conditions)


def _leads_nowhere(key: Column[Any]) -> ColumnElement[bool]:
    target = _target(key)
    if target.table.name == _HUB:
        return key.is_(None)
    return or_(key.is_(None), key.in_(select(target).where(is_nobodys(target.table))))
