"""Replace the master key while the portal serves: data keys under an older one are wrapped again, slice by slice.

The stored objects are not touched. Each has a data key of its own, and only the wrapping of that key changes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, true

from portal.infrastructure.database import db, transaction
from portal.infrastructure.sealing.keys import MasterKeys

SLICE = 100
EVERY_ROW = true()


@dataclass(frozen=True)
class WrappedKeys:
    """A table that holds wrapped data keys.

    Attributes:
        model: the mapped class; its key is `id`.
        version: returns the version of the master key that wraps a row's key, or None when the row holds no key.
        rewrap: wraps the key of a row again, under the current master key.
        holds: a condition that leaves out rows without a key, where most have none.
    """

    model: Any
    version: Callable[[Any], int | None]
    rewrap: Callable[[Any, MasterKeys], None]
    holds: Any = EVERY_ROW


_tables: list[WrappedKeys] = []


def register(table: WrappedKeys) -> None:
    """Register a table whose keys `rotate` wraps again."""
    _tables.append(table)


def waiting(keys: MasterKeys) -> dict[int, int]:
    """Return how many keys are wrapped by each version that is not the current one."""
    found: dict[int, int] = {}
    for table in _tables:
        held = select(table.model).where(table.holds)
        for row in db.session.execute(held.execution_options(yield_per=SLICE)).scalars():
            version = table.version(row)
            if version not in {None, keys.current}:
                found[version] = found.get(version, 0) + 1
    return found


def rotate(keys: MasterKeys) -> int:
    """Wrap again every key that is wrapped by an older master key; return how many there were.

    Each slice is a transaction of its own, so that a kill loses nothing and nobody waits for long.

    Raises:
        KeyMissing, KeyBroken: a key does not open. The slices before it stay wrapped by the current key.
    """
    return sum(_rotate_slice(table, keys, ids) for table in _tables for ids in _slices(table))


def _slices(table: WrappedKeys) -> Iterator[list[int]]:
    after = 0
    while ids := list(db.session.execute(
        select(table.model.id).where(table.model.id > after, table.holds).order_by(table.model.id).limit(SLICE)
    ).scalars()):  # fmt: skip
        yield ids
        after = ids[-1]


def _rotate_slice(table: WrappedKeys, keys: MasterKeys, ids: list[int]) -> int:
    with transaction() as session:
        statement = select(table.model).where(table.model.id.in_(ids)).with_for_update(key_share=True)
        rows = [row for row in session.execute(statement).scalars() if table.version(row) not in {None, keys.current}]
        for row in rows:
            table.rewrap(row, keys)
    return len(rows)
