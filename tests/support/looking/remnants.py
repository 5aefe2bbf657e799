"""Search everything that a portal may have written, from outside: folders, bucket, each table, raw database files."""

from collections.abc import Iterable
from pathlib import Path

from flask import current_app
from sqlalchemy import text

from portal.config import Settings
from portal.infrastructure.database import db
from tests.support.looking.searching import found_in_files


def assert_no_trace(settings: Settings, traces: Iterable[bytes], *further: Path) -> None:
    """Assert that no trace stands in any file, stored object or table.

    Args:
        further: more folders to search, such as that of temporary files.
    """
    wanted = list(traces)
    found = found_in_files({settings.instance, _database_folder(), *further}, wanted)
    assert not found, "\n".join(found)
    for name, content in (*_objects(), *_tables()):
        for trace in wanted:
            assert trace not in content, f"{name} holds {trace[:40]!r}"


def _database_folder() -> Path:
    """Return where the database keeps its files, its write-ahead log among them."""
    if db.engine.dialect.name == "sqlite":
        return Path(db.engine.url.database or "").parent
    with db.engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        return Path(connection.execute(text("SHOW data_directory")).scalar_one())


def _objects() -> Iterable[tuple[str, bytes]]:
    storage = current_app.extensions["storage"]
    for found in storage.list():
        yield found.key, b"".join(storage.open(found.key))


def _tables() -> Iterable[tuple[str, bytes]]:
    """Yield every row of every table as the bytes of its values; the raw files may hold them packed."""
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                yield (
                    table.name,
                    b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in row),
                )
