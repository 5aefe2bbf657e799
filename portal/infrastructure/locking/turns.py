"""How a writer gets its turn: fairly on SQLite, and on both databases after a bounded wait or not at all.

SQLite's own way to wait makes each try later than the one before, up to a tenth of a second, while whoever has just
come asks every few milliseconds. So among many writers the oldest starves. Here it is the other way round: the longer a
writer has waited, the more often it asks. No queue is kept anywhere, so a killed writer leaves nothing behind, and
programs that know nothing of the portal may write beside it.
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event

PATIENCE = 10.0
"""Seconds that a writer waits for the others before it gives up. A person waits for the page all that time."""

PATIENCE_OF_NOTES = 0.05
"""Seconds that a note waits which may be left out, such as the last use of a session."""

_FIRST_PAUSE, _SHORTEST_PAUSE = 0.006, 0.001
_BUSY = 5
"""SQLITE_BUSY; the reasons of a longer code stand in its upper bytes (https://www.sqlite.org/rescode.html)."""


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, patience = options.get("portal_write"), options.get("portal_patience", PATIENCE)
    if connection.dialect.name == "postgresql":
        if writes:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(patience * 1000)}")
        return
    # A transaction that begins by reading and then writes fails if somebody else wrote in between. So a writer takes
    # the write lock at its beginning.
    if writes:
        _begin_in_turn(connection, patience)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_in_turn(connection: Connection, patience: float) -> None:
    """Begin to write as soon as nobody else does. Raises `OperationalError` after so many seconds."""
    sqlite: Any = connection.connection.dbapi_connection
    began = time.monotonic()
    (usual,) = sqlite.execute("PRAGMA busy_timeout").fetchone()
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        while (waited := time.monotonic() - began) < patience:
            try:
                sqlite.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != _BUSY:
                    break
            time.sleep(max(_FIRST_PAUSE - waited / 20, _SHORTEST_PAUSE))
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last time, so that its failure is told as any other
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {usual}")
