"""Objects as files in one folder, for a single machine.

It is written with plain system calls, because obstore's LocalStore neither fsyncs nor sets modes (files come out 0644).
With it, an acknowledged document could vanish in a power cut, and any account of the machine could read it.
"""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from portal.infrastructure.storage.contract import (
    AlreadyStored,
    NotStored,
    StorageError,
    StorageFull,
    StorageUnavailable,
    StoredObject,
    checked_key,
)

READ_SIZE = 64 * 1024
# A leading dot cannot occur in a key, so nothing in this folder can be asked for or listed.
_UNFINISHED = ".unfinished"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class LocalStorage:
    """A `Storage` in `folder`, which is made (0700) when first written to; files are 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        target = self._path(key)
        with _faults():
            if target.exists():
                raise AlreadyStored("an object with this key is stored already")
            _make_folder(target.parent)
            _make_folder(self._folder / _UNFINISHED)
        unfinished = self._folder / _UNFINISHED / secrets.token_hex(16)
        try:
            _write_durably(unfinished, chunks)
            with _faults():
                _publish(unfinished, target)
        finally:
            with suppress(OSError):
                unfinished.unlink()

    def open(self, key: str) -> Iterator[bytes]:
        path = self._path(key)
        with _faults():
            try:
                return _Stream(_opened(path))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise NotStored("no object has this key") from error

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _faults(), suppress(FileNotFoundError, NotADirectoryError):
            # The folder is synced also where the file is gone already: an earlier try may have removed it in memory
            # only, if its sync failed.
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)

    def exists(self, key: str) -> bool:
        path = self._path(key)
        with _faults():
            return path.is_file()

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        folder = self._path(prefix) if prefix else self._folder
        with _faults():
            yield from self._walk(folder)

    def clear_unfinished(self, before: datetime) -> int:
        cleared = 0
        with _faults(), suppress(FileNotFoundError), os.scandir(self._folder / _UNFINISHED) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if _modified_at(entry.stat(follow_symlinks=False)) < before:
                        os.unlink(entry.path)
                        cleared += 1
        return cleared

    def _path(self, key: str) -> Path:
        return self._folder / checked_key(key)

    def _walk(self, folder: Path) -> Iterator[StoredObject]:
        # An object or a folder may go away while the list is read: it is then simply not listed.
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        key = str(Path(entry.path).relative_to(self._folder))
                        yield StoredObject(key, status.st_size, _modified_at(status))


class _Stream(Iterator[bytes]):
    """A file's chunks. It is a class, since a generator that is closed before its first chunk leaves its file open."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def __next__(self) -> bytes:
        if self._file.closed:
            raise StopIteration
        with _faults():
            chunk = self._file.read(READ_SIZE)
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        self._file.close()


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _storage_fault(error) from error


def _storage_fault(error: OSError) -> StorageError:
    reason = os.strerror(error.errno) if error.errno else "input/output error"
    if error.errno in _NO_ROOM:
        return StorageFull(f"the object store is full: {reason}")
    return StorageUnavailable(f"the object store failed: {reason}")


def _opened(path: Path) -> BufferedReader:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def _publish(unfinished: Path, target: Path) -> None:
    try:
        # link() and not rename(): it refuses to replace, so two puts of one key cannot both succeed.
        os.link(unfinished, target)
    except FileExistsError as error:
        raise AlreadyStored("an object with this key is stored already") from error
    _sync_folder(target.parent)


def _write_durably(path: Path, chunks: Iterable[bytes]) -> None:
    with _faults():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for chunk in chunks:
            with _faults():
                _write_all(descriptor, chunk)
        with _faults():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _modified_at(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)
