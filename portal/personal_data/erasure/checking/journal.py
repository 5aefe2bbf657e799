"""SQLite's write-ahead log keeps old pages, and what was erased on them, until a checkpoint empties it."""

from contextlib import closing

from portal.infrastructure.database import db

_MOMENT_MS = 50


def is_emptied() -> bool:
    """Empty the log, and tell whether that went through; a reader that holds an older state prevents it for now.

    PostgreSQL has no such log here: its free pages go with its own vacuum, and the certificate's day of the backups
    covers them.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    db.session.rollback()
    with closing(db.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={_MOMENT_MS}")
        try:
            # What is copied without a lock need not be copied while everybody who writes waits.
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            is_busy, *_pages = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={patience}")
    return not is_busy
