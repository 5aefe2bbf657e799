"""A passport that is unlike any other, with words wherever a camera may write them, and the traces to search for."""

import secrets
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from portal.identity_checks.decoding.inspection import DocumentKind
from portal.identity_checks.decoding.rendition import render
from portal.identity_checks.documents.intake import pack
from portal.identity_checks.documents.previews import preview_of
from tests.support.documents import specimens

TRACE = 48
"""The length of a trace: so many bytes of a noisy compressed picture occur nowhere else by chance."""


@dataclass(frozen=True)
class Planted:
    """A file as a phone sends it.

    Attributes:
        passport: the JPEG.
        rendition: what the portal keeps of it, before sealing.
        words: what its EXIF, XMP and comment say; no picture that the portal shows may hold them.
        traces: the words, and pieces of the compressed original, rendition and preview; no disk may hold one in clear.
    """

    passport: bytes
    rendition: bytes
    words: bytes
    traces: tuple[bytes, ...]


def planted_passport() -> Planted:
    """Return a passport drawn with a patch of noise that no other passport has."""
    words = secrets.token_hex(TRACE // 2).encode()
    picture = Image.open(BytesIO(specimens.passport()))
    picture.paste(Image.frombytes("RGB", (240, 120), secrets.token_bytes(240 * 120 * 3)), (40, 60))
    exif = Image.Exif()
    exif[0x010F] = words.decode()
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=88, exif=exif, comment=words, xmp=b"<x:xmpmeta>" + words)
    passport = buffer.getvalue()
    with tempfile.TemporaryDirectory() as slots:
        pages = render(passport, DocumentKind.JPEG, slots=Path(slots))
    rendition, preview = pack([page.jpeg for page in pages]), pack([preview_of(page) for page in pages])
    return Planted(passport, rendition, words, (words, *_pieces(passport), *_pieces(rendition), *_pieces(preview)))


def _pieces(content: bytes) -> list[bytes]:
    return [content[len(content) * place // 9 :][:TRACE] for place in (3, 4, 6)]
