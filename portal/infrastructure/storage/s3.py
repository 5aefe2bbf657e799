"""Objects in a bucket that speaks S3, for a portal on several machines."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from portal.infrastructure.storage.contract import (
    AlreadyStored,
    NotStored,
    StorageError,
    StorageFull,
    StorageUnavailable,
    StoredObject,
    checked_key,
)

if TYPE_CHECKING:
    from obstore.store import S3Config

# Below this size one conditional PUT is enough. From this size on, parts are sent one by one, to bound the memory.
WHOLE_PUT_BYTES = 8 * 1024 * 1024
READ_SIZE = 64 * 1024
_UNFINISHED = ".unfinished"
_OUT_OF_ROOM = ("InsufficientStorage", "QuotaExceeded", "StorageFull", "status code: 507")


class S3Storage:
    """A `Storage` in a bucket. Without credentials here, the AWS_… environment variables are read."""

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str | None = None,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
    ) -> None:
        settings = {
            "endpoint": endpoint,
            "region": region or "us-east-1",
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "conditional_put": "etag",
            "copy_if_not_exists": "multipart",
        }
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=cast("S3Config", {name: value for name, value in settings.items() if value is not None}),
            client_options={
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=30),
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            # A person must hear within seconds that the store is down; the default would be three minutes.
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
        )

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        checked_key(key)
        source = iter(chunks)
        beginning = _up_to(source, WHOLE_PUT_BYTES)
        if len(beginning) >= WHOLE_PUT_BYTES:
            self._put_in_parts(key, chain([beginning], source))
            return
        with _faults():
            obstore.put(self._store, key, beginning, mode="create")

    def open(self, key: str) -> Iterator[bytes]:
        checked_key(key)
        with _faults():
            stream = obstore.get(self._store, key).stream(min_chunk_size=READ_SIZE)
        return _chunks(stream)

    def delete(self, key: str) -> None:
        checked_key(key)
        with _faults():
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError as error:
                # A key that is gone already is no error. A missing bucket is one: the bytes that should be destroyed
                # may be elsewhere.
                if "NoSuchKey" not in str(error):
                    raise StorageUnavailable("the bucket is not where it should be") from None

    def exists(self, key: str) -> bool:
        checked_key(key)
        try:
            with _faults():
                obstore.head(self._store, key)
        except NotStored:
            return False
        return True

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        if prefix:
            checked_key(prefix)
        for found in self._list(prefix):
            if not found.key.startswith("."):
                yield found

    def clear_unfinished(self, before: datetime) -> int:
        """Remove abandoned temporary objects.

        Parts of a multipart upload that was cut off are invisible here: give the bucket a lifecycle rule
        that aborts incomplete multipart uploads.
        """
        old = [found.key for found in self._list(_UNFINISHED) if found.modified_at < before]
        with _faults():
            for key in old:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, key)
        return len(old)

    def _put_in_parts(self, key: str, chunks: Iterator[bytes]) -> None:
        # A multipart upload cannot be made conditional. So the bytes first go under a name that nobody else has, and
        # the copy to the real key is the conditional step.
        unfinished = f"{_UNFINISHED}/{secrets.token_hex(16)}"
        with _faults():
            writer = obstore.open_writer(self._store, unfinished, buffer_size=WHOLE_PUT_BYTES, max_concurrency=1)
        try:
            for chunk in chunks:
                with _faults():
                    writer.write(chunk)
            with _faults():
                writer.close()
                obstore.copy(self._store, unfinished, key, overwrite=False)
        finally:
            with suppress(FileNotFoundError, BaseError):
                obstore.delete(self._store, unfinished)

    def _list(self, prefix: str) -> Iterator[StoredObject]:
        with _faults():
            for batch in obstore.list(self._store, prefix or None, chunk_size=500):
                for found in batch:
                    yield StoredObject(found["path"], found["size"], found["last_modified"])


def _up_to(source: Iterator[bytes], size: int) -> bytes:
    collected = bytearray()
    for chunk in source:
        collected += chunk
        if len(collected) >= size:
            break
    return bytes(collected)


def _chunks(stream: Any) -> Iterator[bytes]:
    with _faults():
        for chunk in stream:
            yield bytes(chunk)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (AlreadyExistsError, PreconditionError) as error:
        raise AlreadyStored("an object with this key is stored already") from error
    except (BaseError, OSError) as error:
        raise _storage_fault(error) from None


def _storage_fault(error: Exception) -> StorageError:
    # The client's own text names hosts, keys and headers: only the kind of error is passed on.
    text = str(error)
    if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
        return NotStored("no object has this key")
    if any(sign in text for sign in _OUT_OF_ROOM):
        return StorageFull("the bucket is full")
    return StorageUnavailable(f"the bucket cannot be used: {type(error).__name__}")
