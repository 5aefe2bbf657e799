"""Search everything that a portal keeps for the words that were planted: tables, files, objects, jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.config import Settings
from portal.infrastructure.database import db


def in_rows(words: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield table, column and value of everything in the database that holds one of some words."""
    db.session.rollback()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for column, value in row.items():
                if holds(value, words):
                    yield table.name, str(column), repr(value)[:120]


def in_files(settings: Settings, words: tuple[str, ...], *besides: Path) -> Iterator[str]:
    """Yield the files of an instance that hold one of some words: the database, its log, the store, wake-ups."""
    wanted = [word.encode() for word in words]
    for path in sorted(path for folder in (settings.instance, *besides) for path in folder.rglob("*")):
        if path.is_file() and path.parent.name != "mail" and any(word in path.read_bytes() for word in wanted):
            yield path.name


def holds(value: Any, words: tuple[str, ...]) -> bool:
    """Tell whether a value of a column holds one of some words."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return any(word in text for word in words)
