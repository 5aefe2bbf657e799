"""Where sealed objects are kept: a folder, or a bucket that speaks S3."""

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from portal.infrastructure.storage.contract import (
    AlreadyStored,
    NotStored,
    Storage,
    StorageError,
    StorageFull,
    StorageUnavailable,
    StoredObject,
    UnsafeKey,
)
from portal.infrastructure.storage.local import LocalStorage

__all__ = [
    "AlreadyStored",
    "NotStored",
    "Storage",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "StoredObject",
    "UnsafeKey",
    "storage_from_url",
]

_S3_OPTIONS = frozenset({"endpoint", "region", "access_key_id", "secret_access_key"})


def storage_from_url(url: str) -> Storage:
    """Return the store that a PORTAL_STORAGE_URL names.

    Args:
        url: `file:///absolute/folder`, or `s3://bucket[/prefix]?endpoint=…&region=…`, where `access_key_id` and
            `secret_access_key` may be in the URL or in the usual AWS_… environment variables.

    Raises:
        ValueError: it is neither. The text does not repeat the URL, which may hold a secret.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(_folder_of(parts))
    if parts.scheme == "s3":
        return _bucket_of(parts)
    raise ValueError("the storage URL must begin with file:/// or s3://")


def _folder_of(parts: SplitResult) -> Path:
    folder = Path(unquote(parts.path))
    if parts.netloc or parts.query or not folder.is_absolute() or ".." in folder.parts or folder == Path("/"):
        raise ValueError("a file storage URL is file:// and an absolute folder, as in file:///srv/portal/objects")
    return folder


def _bucket_of(parts: SplitResult) -> Storage:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not parts.netloc or "@" in parts.netloc:
        raise ValueError("an S3 storage URL is s3://bucket?endpoint=…&region=…")
    if not set(options) <= _S3_OPTIONS:
        raise ValueError(f"an S3 storage URL knows these options only: {', '.join(sorted(_S3_OPTIONS))}")
    # Loading the S3 client costs time and memory that a single-machine portal should not pay.
    from portal.infrastructure.storage.s3 import S3Storage

    return S3Storage(parts.netloc, prefix=parts.path.strip("/"), **options)
