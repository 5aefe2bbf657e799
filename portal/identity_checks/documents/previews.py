"""The cleaned picture of a side, shown to the person who sent it and to nobody else.

Its key is wrapped by a key that only the cookie of their session carries (`keys.SessionKey`). Once they have signed
out, nobody can show the preview: not with the database and the storage, and not with the opening keys of the staff
side.
"""

from collections.abc import Iterable
from io import BytesIO

from PIL import Image

from portal.identity_checks.decoding.rendition import RenditionPage
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure import installed
from portal.infrastructure.sealing.keys import KeyBroken, SessionKey
from portal.infrastructure.sealing.streams import SealBroken, open_whole
from portal.infrastructure.storage import NotStored

FOLDER = "previews"
LONGEST_EDGE = 1000
JPEG_QUALITY = 75


class PreviewGone(Exception):
    """There is no preview, or another session sent it."""


class PreviewDamaged(Exception):
    """The stored bytes are not what was sealed; none of them is given out."""


def preview_of(page: RenditionPage) -> bytes:
    """Return a page of a rendition as a smaller JPEG file; its pixels were rebuilt by us already."""
    picture = Image.open(BytesIO(page.jpeg))
    picture.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def preview_id(public_id: str) -> str:
    """Return the object id that a document's preview is sealed under."""
    return f"{public_id}:preview"


def open_preview(document: IdentityDocument, viewer: SessionKey) -> bytes:
    """Return the packed pages of a document's preview. Raises `PreviewGone`, `PreviewDamaged`, `StorageError`."""
    storage_key, wrapped, object_id = document.preview_storage_key, document.preview_key, preview_id(document.public_id)
    if storage_key is None or wrapped is None:
        raise PreviewGone
    try:
        key = viewer.unwrap(wrapped, object_id.encode())
        return open_whole(key, installed.storage().open(storage_key), object_id)
    except (KeyBroken, NotStored):
        raise PreviewGone from None
    except SealBroken as fault:
        raise PreviewDamaged from fault


def shown_to(documents: Iterable[IdentityDocument], viewer: SessionKey) -> set[str]:
    """Return the public ids of the documents whose preview this session can see."""
    return {document.public_id for document in documents if _is_readable(document, viewer)}


def _is_readable(document: IdentityDocument, viewer: SessionKey) -> bool:
    try:
        key = viewer.unwrap(document.preview_key or b"", preview_id(document.public_id).encode())
    except KeyBroken:
        return False
    return bool(key)
