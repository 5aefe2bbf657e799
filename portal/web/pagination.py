"""Keyset pages, without OFFSET: they stay stable when rows are inserted, and the last page is as quick as the first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import ColumnElement, Select, and_, or_
from werkzeug.exceptions import BadRequest

from portal.infrastructure import installed
from portal.infrastructure.database import db

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows.

    Attributes:
        rows: what the page shows.
        next_cursor: goes into the address of the next page; None on the last.
        previous_cursor: goes into the address of the page before; None on the first.
        last_read: the last row that was looked at, shown or not, so that a search can say how far it went.
    """

    rows: Sequence[Row]
    next_cursor: str | None
    previous_cursor: str | None
    last_read: Row | None = None


def keyset_page(
    statement: Select[Any],
    columns: Sequence[tuple[Any, bool]],
    key: Callable[[Any], tuple[Any, ...]],
    *,
    cursor: str | None,
    size: int,
    name: str,
    wanted: Callable[[Any], bool] | None = None,
    read: int | None = None,
) -> Page[Any]:
    """Run a select as one keyset page.

    Args:
        statement: a select of one entity, without order.
        columns: the ordering as (column, is_descending), ending with a unique column.
        key: returns a row's values of those columns.
        cursor: what a neighbouring page gave, or None for the first page.
        size: rows a page.
        name: the name of the list; a cursor of another list is refused.
        wanted: tells of a row whether the page shows it, where the database cannot tell.
        read: rows that one page looks at, where it shows only some of them. A page with few or none may have a next.

    Raises:
        BadRequest: for a cursor that this portal did not make.
    """
    reach = read or size
    backwards, values = _read(cursor, name)
    if values is not None:
        statement = statement.where(_after(columns, values, backwards))
    order = [column.desc() if descending != backwards else column.asc() for column, descending in columns]
    rows = list(db.session.execute(statement.order_by(*order).limit(reach + 1)).scalars())
    has_more, rows = len(rows) > reach, rows[:reach]
    shown = [row for row in rows if wanted(row)] if wanted else rows
    if len(shown) > size:
        # What is wanted and has no room here comes first on the next page.
        has_more, shown = True, shown[:size]
        rows = rows[: rows.index(shown[-1]) + 1]
    if backwards:
        rows, shown = rows[::-1], shown[::-1]
    has_next = bool(rows) and (has_more or backwards)
    has_previous = bool(rows) and (has_more if backwards else values is not None)
    return Page(
        shown,
        _write(name, False, key(rows[-1])) if has_next else None,
        _write(name, True, key(rows[0])) if has_previous else None,
        rows[-1] if rows else None,
    )


def _after(columns: Sequence[tuple[Any, bool]], values: Sequence[Any], backwards: bool) -> ColumnElement[bool]:
    alternatives = []
    for index, (column, descending) in enumerate(columns):
        equal = [other == values[place] for place, (other, _) in enumerate(columns[:index])]
        beyond = column < values[index] if descending != backwards else column > values[index]
        alternatives.append(and_(*equal, beyond))
    return or_(*alternatives)


def _serializer(name: str) -> URLSafeSerializer:
    return URLSafeSerializer(installed.settings().secret_key, salt=f"cursor:{name}")


def _write(name: str, backwards: bool, values: tuple[Any, ...]) -> str:
    packed = [["t", v.isoformat()] if isinstance(v, datetime) else ["d", v.isoformat()] if isinstance(v, date) else v
              for v in values]  # fmt: skip
    return str(_serializer(name).dumps([backwards, packed]))


def _read(cursor: str | None, name: str) -> tuple[bool, list[Any] | None]:
    if not cursor:
        return False, None
    try:
        backwards, packed = _serializer(name).loads(cursor)
    except BadSignature:
        raise BadRequest from None
    readers = {"t": datetime.fromisoformat, "d": date.fromisoformat}
    return backwards, [readers[v[0]](v[1]) if isinstance(v, list) else v for v in packed]
