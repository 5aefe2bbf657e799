"""Objects of the store that no row names: what a killed process left."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.infrastructure import installed
from portal.infrastructure.database import after_commit
from portal.infrastructure.storage import StorageError
from portal.personal_data.expiry.endings import Place, Tally


@dataclass(frozen=True)
class Objects:
    """The objects of a folder that are older than anything there may be.

    Attributes:
        is_named: tells whether a row names the object of a key.
    """

    folder: str
    is_named: Callable[[str], bool] = lambda key: False

    def tally(self, over_before: datetime) -> Tally:
        return Tally(len(self._past(over_before)), {})

    def overdue(self, over_before: datetime) -> int:
        return 0

    def total(self, over_before: datetime) -> int:
        return sum(1 for _item in installed.storage().list(self.folder))

    def slice(self, over_before: datetime, after: Any, size: int) -> Place | None:
        keys = [key for key in self._past(over_before) if after is None or key > after][:size]
        return Place(keys, keys[-1]) if keys else None

    def remove(self, over_before: datetime, ids: list[Any]) -> int:
        """Remove objects after the commit. What the store keeps for now is found again by the next run."""
        unnamed = [key for key in ids if not self.is_named(key)]
        after_commit(lambda: _delete(unnamed))
        return len(unnamed)

    def _past(self, over_before: datetime) -> list[str]:
        old = (item.key for item in installed.storage().list(self.folder) if item.modified_at < over_before)
        return sorted(key for key in old if not self.is_named(key))


def _delete(keys: list[str]) -> None:
    with suppress(StorageError):
        for key in keys:
            installed.storage().delete(key)
