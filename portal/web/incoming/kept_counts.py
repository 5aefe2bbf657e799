"""Counts of tries in the database, outside the request's own transaction: they survive a restart."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Float, String, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.expression import case

from portal.infrastructure.database import db
from portal.web.incoming.counting import Limits, UsedUp, Windows, name_of


class RateCount(db.Model):
    """Tries within one window.

    Attributes:
        count: the tries, those under way included.
        under_way: how many of them are neither right nor wrong yet.
        expires: when the window ends, in seconds since 1970. No two windows of a key end at the same instant, so it
            also names the window.
    """

    __tablename__ = "rate_counts"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    under_way: Mapped[int] = mapped_column(default=0, server_default="0")
    expires: Mapped[float] = mapped_column(Float)


def count(limits: Limits, amount: int, *, is_under_way: bool) -> Windows:
    """Count some tries against every limit, or against none of them when one leaves no room.

    Raises:
        UsedUp: one leaves no room.
    """
    instant, most = time.time(), {name_of(limit, key): limit.amount for limit, key in limits}
    # First read only: a caller who is past a limit causes no write, which would make everybody wait for the disk.
    with db.engine.connect() as connection:
        _check(_running(connection, list(most), instant), most, instant, missing=amount, own=amount)
    values: list[dict[str, Any]] = [
        {
            "key": name_of(limit, key), "count": amount, "under_way": amount * is_under_way,
            "expires": instant + limit.get_expiry(),
        }
        for limit, key in limits
    ]  # fmt: skip
    with _writing() as connection, connection.begin():
        # One order for everybody, so that two tries at once wait for each other and do not deadlock.
        rows = connection.execute(_upsert(instant), sorted(values, key=lambda value: value["key"])).all()
        _check(rows, most, instant, missing=0, own=amount * is_under_way)
        return {row.key: row.expires for row in rows}


def end(windows: Windows, amount: int, *, is_taken_back: bool) -> None:
    """Note that tries are not under way any more, and take them off where they were right."""
    statement = (
        update(RateCount.__table__)
        .where(RateCount.key == bindparam("name"), RateCount.expires == bindparam("window"))
        .where(RateCount.under_way >= amount, RateCount.count >= amount)
        .values(under_way=RateCount.under_way - amount, count=RateCount.count - amount * is_taken_back)
    )
    with _writing() as connection, connection.begin():
        connection.execute(statement, [{"name": key, "window": windows[key]} for key in sorted(windows)])


def counted(name: str) -> int:
    """Return how many tries the running window of a count holds."""
    with db.engine.connect() as connection:
        return sum(row.count for row in _running(connection, [name], time.time()))


def _running(connection: Connection, names: list[str], instant: float) -> Sequence[Any]:
    columns = (RateCount.key, RateCount.count, RateCount.under_way, RateCount.expires)
    return connection.execute(select(*columns).where(RateCount.key.in_(names), RateCount.expires > instant)).all()


def _check(rows: Sequence[Any], most: dict[str, int], instant: float, *, missing: int, own: int) -> None:
    """Raise `UsedUp` when a count is past its limit.

    Args:
        missing: the caller's own tries, where the counts do not hold them yet.
        own: those that are, or will be, under way.
    """
    over = [row for row in rows if row.count + missing > most[row.key]]
    if over:
        is_crowd = all(row.count - row.under_way + own <= most[row.key] for row in over)
        raise UsedUp(max(row.expires for row in over) - instant, is_crowd=is_crowd)


def _upsert(instant: float) -> Any:
    """Return the statement without its rows: with them, SQLAlchemy would write its SQL anew for each try."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(RateCount)
    is_over, new = RateCount.expires <= instant, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((is_over, new.count), else_=RateCount.count + new.count),
            "under_way": case((is_over, new.under_way), else_=RateCount.under_way + new.under_way),
            "expires": case((is_over, new.expires), else_=RateCount.expires),
        },
    ).returning(RateCount.key, RateCount.count, RateCount.under_way, RateCount.expires)


def _writing() -> Connection:
    return db.engine.connect().execution_options(portal_write=True)
