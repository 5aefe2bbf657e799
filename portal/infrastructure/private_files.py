"""Files that the owner of the process alone may read: the instance folder, and a database of SQLite."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_JOURNALS = ("-wal", "-shm", "-journal")


def keep_private(path: Path) -> None:
    """Take a file or folder, and the journals of a database, away from everybody but its owner.

    The mode alone is changed, and no file opened: a process that closes a file of SQLite's gives up its locks on it.
    """
    for private in _with_journals(path):
        # A folder of somebody else's, as a mounted volume may be, is for its owner to close. `flask doctor` names it.
        with suppress(FileNotFoundError, PermissionError):
            if is_open_to_others(private):
                private.chmod(stat.S_IMODE(private.stat().st_mode) & ~0o077)


def open_to_others(path: Path) -> list[Path]:
    """Return the folder or file, and those of its journals, that others may read, write or enter."""
    return [private for private in _with_journals(path) if private.exists() and is_open_to_others(private)]


def is_open_to_others(path: Path) -> bool:
    """Tell whether anybody but the owner may do anything with a file or folder."""
    return bool(path.stat().st_mode & 0o077)


def _with_journals(path: Path) -> Iterator[Path]:
    yield path
    for ending in _JOURNALS:
        yield path.with_name(path.name + ending)
