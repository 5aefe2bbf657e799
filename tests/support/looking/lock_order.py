"""Watches, in every test, that a transaction locks rows in the one order of `portal.infrastructure.locking.order`.

Two transactions that lock the same rows in two orders may wait for each other. Seldom would a test show that by a
deadlock; so the order itself is watched, on SQLite too, which knows no locks of rows and runs the same statements.
"""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Insert, Select, TextClause, Update, event

from portal.infrastructure.locking.order import ORDER

# The statements that number and count what marketing reads are written as texts.
_ADDED_OR_CHANGED = re.compile(r"INSERT INTO (\w+) .*ON CONFLICT")
_PORTAL = str(Path(__file__).parents[3] / "portal")
_RANK = {table: rank for rank, table in enumerate(ORDER)}
_known: dict[Any, list[str]] = {}  # by what SQLAlchemy knows a statement by, whatever its values


class LockedOutOfOrder(AssertionError):
    """A transaction locked rows of a table after those of a table that comes later."""


def watch_lock_order() -> None:
    """Raise `LockedOutOfOrder` in every transaction of this process that breaks the order."""
    event.listen(Engine, "begin", _begin)
    event.listen(Engine, "before_execute", _check)


def _begin(connection: Connection) -> None:
    connection.info["locked"], connection.info["added"] = [], set()


def _check(connection: Connection, statement: Any, *_: Any) -> None:
    locked: list[str] = connection.info.setdefault("locked", [])
    added: set[str] = connection.info.setdefault("added", set())
    if isinstance(statement, Insert):
        added.add(statement.table.name)
    for table in locked_tables(statement):
        # Where a transaction adds rows of its own, these are the ones that it changes: nobody waits for them.
        if table not in _RANK or table in locked or table in added:
            continue
        later = [name for name in locked if _RANK[name] > _RANK[table]]
        locked.append(table)
        if later and _is_portal_at_work():
            raise LockedOutOfOrder(
                f"{table} is locked after {', '.join(later)}: see portal/infrastructure/locking/order.py"
            )


def _is_portal_at_work() -> bool:
    """Whether the portal locks, or writes, and not a test that prepares its rows."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_PORTAL) and not path.endswith("infrastructure/database.py"):
            return True
        frame = frame.f_back
    return False


def locked_tables(statement: Any) -> list[str]:
    """Return the tables in which a statement locks rows that are there already. What it only adds waits for nobody."""
    if isinstance(statement, Select):
        lock = statement._for_update_arg
        if lock is None or lock.read:
            return []
        key = statement._generate_cache_key()
        if key is None:
            return _locked_by_select(statement)
        if key.key not in _known:
            _known[key.key] = _locked_by_select(statement)
        return _known[key.key]
    if isinstance(statement, Update | Delete):
        return [statement.table.name]
    if isinstance(statement, TextClause):
        return _ADDED_OR_CHANGED.findall(statement.text)
    return []


def _locked_by_select(statement: Select[Any]) -> list[str]:
    of = statement._for_update_arg.of
    chosen = [getattr(part, "table", part) for part in of] if of else statement.get_final_froms()
    return [table.name for table in chosen if hasattr(table, "name")]
