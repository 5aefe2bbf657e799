"""How a writer gets its turn: in order on SQLite, and on both databases after a bounded wait or not at all."""

import sqlite3
import threading
import time
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from portal.infrastructure.locking.queue import queued

_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', :milliseconds, true)")

PATIENCE = 10.0
"""Seconds that a writer waits for the others before it gives up. A person waits for the page all that time."""

PATIENCE_OF_NOTES = 0.05
"""Seconds that a note waits which may be left out, such as the last use of a session."""

_ASK_AGAIN_AFTER = 0.001
_BUSY = 5
"""SQLITE_BUSY; the reasons of a longer code stand in its upper bytes (https://www.sqlite.org/rescode.html)."""

_next = threading.Lock()
"""Held by the one thread of this process that waits outside it: many that ask would keep the one that writes from its
work, since only one thread of a process runs at a time."""


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, patience = options.get("portal_write"), options.get("portal_patience", PATIENCE)
    if connection.dialect.name == "postgresql":
        if writes:
            milliseconds = str(round(patience * 1000))
            connection.execute(_LOCK_TIMEOUT, {"milliseconds": milliseconds})
        return
    # A transaction that begins by reading and then writes fails if somebody else wrote in between. So a writer takes
    # the write lock at its beginning.
    if writes:
        _begin_in_turn(connection, time.monotonic() + patience)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_in_turn(connection: Connection, deadline: float) -> None:
    """Begin to write when those who came before have had their turns. Raises `OperationalError` past the deadline.

    SQLite's own way to wait makes each try later than the one before, up to a tenth of a second, while whoever has just
    come asks every few milliseconds. So among many writers the oldest starves.
    """
    sqlite: Any = connection.connection.dbapi_connection
    is_next = _next.acquire(timeout=max(deadline - time.monotonic(), 0))
    (usual,) = sqlite.execute("PRAGMA busy_timeout").fetchone()
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        with queued(str(connection.engine.url.database), deadline):
            while not _has_begun(sqlite, connection, is_last=time.monotonic() >= deadline):
                time.sleep(_ASK_AGAIN_AFTER)
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {usual}")
        if is_next:
            _next.release()


def _has_begun(sqlite: Any, connection: Connection, *, is_last: bool) -> bool:
    """Begin to write unless somebody else does. The last time, and for other faults, fail as every statement does."""
    try:
        sqlite.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == _BUSY and not is_last:
            return False
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    return True
