"""Search every table for the words that were planted."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from portal.infrastructure.database import db


def in_rows(words: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield table, column and value of everything in the database that holds one of some words."""
    db.session.rollback()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for column, value in row.items():
                if holds(value, words):
                    yield table.name, str(column), repr(value)[:120]


def holds(value: Any, words: tuple[str, ...]) -> bool:
    """Tell whether a value of a column holds one of some words."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return any(word in text for word in words)
