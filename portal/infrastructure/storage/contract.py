"""What every store of sealed objects promises, whichever one is configured."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MAX_KEY_LENGTH = 200
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class StorageError(Exception):
    """Something about stored objects went wrong."""


class AlreadyStored(StorageError):
    """An object has this key already; objects are written once and never changed."""


class NotStored(StorageError):
    """No object has this key."""


class StorageUnavailable(StorageError):
    """The store cannot be reached, refuses us, or failed to make the bytes durable: try again later."""


class StorageFull(StorageError):
    """No room is left (bytes, inodes or quota). Nothing of the object stays behind."""


class UnsafeKey(StorageError, ValueError):
    """The key is not of the form that the portal generates: it could lead outside the store."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size: int
    modified_at: datetime


class Storage(Protocol):
    """Objects are written once, whole or not at all, read as a stream, and deleted.

    Keys are names that the portal makes (letters, digits, `. _ -`, folders by `/`), never a person's file name. Every
    method may raise `UnsafeKey` for another key, and `StorageUnavailable`.
    """

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store the chunks under a new key; on return they survive a power cut.

        Raises:
            AlreadyStored: the key is taken.
            StorageFull: there is no room.
            Exception: whatever `chunks` itself raises.
        """

    def open(self, key: str) -> Iterator[bytes]:
        """Return the object's bytes as a stream of chunks. Raises `NotStored` at once."""

    def delete(self, key: str) -> None:
        """Remove the object; a key that is already gone is no error."""

    def exists(self, key: str) -> bool: ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Return the objects in the folder `prefix` and below ("" for all), in no promised order."""

    def clear_unfinished(self, before: datetime) -> int:
        """Remove what killed puts left behind before an instant (aware, UTC); return how many objects."""


def checked_key(key: str) -> str:
    """Return the key if it is one of ours, else raise `UnsafeKey`."""
    if len(key) > MAX_KEY_LENGTH or _KEY.fullmatch(key) is None:
        raise UnsafeKey("a storage key holds letters, digits, dots, dashes and slashes only")
    return key
