"""Decide from the bytes alone whether an upload may be a document. No picture or page is decoded here.

Only what must be known before decoding is decided: the format, how much memory it would take, whether another program
could open the same bytes as something else (archive, web page, PDF). Whether a document is whole and can be read, its
decoder says, locked up: it reads many that a look from outside would call broken.

Every loop here is bounded: a hostile file of 10 MB must not cost more than a fraction of a second.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

MAX_BYTES = 10 * 1024 * 1024
MAX_PAGES = 4
MAX_PIXELS = 64_000_000
MAX_EDGE = 20_000
# Honest files have a few hundred parts (segments, chunks, boxes); a file with so many is made to waste our time.
_MOST_PARTS = 20_000


class DocumentKind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"


class UploadProblem(StrEnum):
    EMPTY = "empty"
    """No byte arrived."""
    TOO_BIG = "too_big"
    """More bytes than the limit (details: size, limit)."""
    WRONG_TYPE = "wrong_type"
    """Neither JPEG, PNG, WebP, HEIC nor PDF, whatever the name says."""
    NOT_THE_PDF = "not_the_pdf"
    """A picture, where this paper must be the PDF itself: a picture of it does not hold its electronic signature."""
    UNREADABLE = "unreadable"
    """It begins like one of these formats and does not go on like it."""
    TRUNCATED = "truncated"
    """It ends in the middle, as after a broken transfer."""
    ENCRYPTED_PDF = "encrypted_pdf"
    """The PDF is protected by a password."""
    ANIMATED = "animated"
    """The picture moves: it holds several frames."""
    TOO_MANY_PAGES = "too_many_pages"
    """More pages than the limit (details: pages, limit)."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """Larger than the limit (details: width, height, limit)."""
    POLYGLOT = "polyglot"
    """It is two formats at once: an archive, a web page or a PDF hides in it."""
    TIMED_OUT = "timed_out"
    """It could not be shown within the time that any honest document needs."""


class DocumentRefused(Exception):
    """The document cannot be used. `problem` says why, `details` hold the numbers of its sentence."""

    def __init__(self, problem: UploadProblem, **details: int) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.details = details


@dataclass(frozen=True, slots=True)
class Inspection:
    kind: DocumentKind
    width: int | None
    """Pixels as stored, before any rotation; None for a PDF."""
    height: int | None


def inspect(data: bytes) -> Inspection:
    """Return the format and size of a document, by its bytes; never by a name or a type that the sender gave.

    Raises:
        DocumentRefused: the bytes are no acceptable document; `problem` says why.
    """
    if not data:
        raise DocumentRefused(UploadProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise DocumentRefused(UploadProblem.TOO_BIG, size=len(data), limit=MAX_BYTES)
    kind = _kind_of(data)
    if _hides_another_format(data, kind):
        raise DocumentRefused(UploadProblem.POLYGLOT)
    if kind is DocumentKind.PDF:
        _inspect_pdf(data)
        return Inspection(kind, None, None)
    width, height = _INSPECTIONS[kind](data)
    _check_size(width, height)
    return Inspection(kind, width, height)


def _kind_of(data: bytes) -> DocumentKind:
    if data.startswith(b"\xff\xd8\xff"):
        return DocumentKind.JPEG
    if data.startswith(_PNG_SIGNATURE):
        return DocumentKind.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return DocumentKind.WEBP
    if data[4:8] == b"ftyp" and _has_heic_brand(data):
        return DocumentKind.HEIC
    if b"%PDF-" in data[:_PDF_START_REACH]:
        return DocumentKind.PDF
    raise DocumentRefused(UploadProblem.WRONG_TYPE)


def _check_size(width: int, height: int) -> None:
    if width == 0 or height == 0:
        raise DocumentRefused(UploadProblem.UNREADABLE)
    if width * height > MAX_PIXELS or max(width, height) > MAX_EDGE:
        raise DocumentRefused(UploadProblem.TOO_MANY_PIXELS, width=width, height=height, limit=MAX_PIXELS)


# JPEG (ITU-T T.81, annex B)

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Decoders pass over stray bytes before a marker, and so do we.
_ANY_MARKER = re.compile(rb"\xff[^\x00\xff]")


def _inspect_jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_MOST_PARTS):
        found = _ANY_MARKER.search(data, at)
        if found is None:
            raise DocumentRefused(UploadProblem.TRUNCATED if at >= len(data) else UploadProblem.UNREADABLE)
        marker, at = data[found.end() - 1], found.end()
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        segment = data[at : at + _big_endian(data, at, 2)]
        if marker in _FRAME_MARKERS:
            height, width = _big_endian(segment, 3, 2), _big_endian(segment, 5, 2)
            return width, height
        at += max(2, len(segment))
    raise DocumentRefused(UploadProblem.UNREADABLE)


# PNG (ISO/IEC 15948)

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _inspect_png(data: bytes) -> tuple[int, int]:
    at = len(_PNG_SIGNATURE)
    if data[at + 4 : at + 8] != b"IHDR":
        raise DocumentRefused(UploadProblem.UNREADABLE)
    size = _big_endian(data, at + 8, 4), _big_endian(data, at + 12, 4)
    frames = 0
    for _ in range(_MOST_PARTS):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        # A file may announce any number of frames; each frame has a chunk of its own.
        frames += name == b"fcTL"
        at += 12 + length
        if name == b"IEND" or at >= len(data):
            break
    else:
        raise DocumentRefused(UploadProblem.UNREADABLE)
    if frames > 1:
        raise DocumentRefused(UploadProblem.ANIMATED)
    return size


# WebP (RFC 9649)


def _inspect_webp(data: bytes) -> tuple[int, int]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise DocumentRefused(UploadProblem.TRUNCATED)
    size, frames, at = None, 0, 12
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            break
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        size = size or _webp_size(name, data[at + 8 : at + 8 + 10])
        frames += name == b"ANMF"
        at += 8 + length + length % 2
    if frames > 1:
        raise DocumentRefused(UploadProblem.ANIMATED)
    if size is None:
        raise DocumentRefused(UploadProblem.UNREADABLE)
    return size


def _webp_size(name: bytes, head: bytes) -> tuple[int, int] | None:
    if name == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if name == b"VP8 ":
        return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    if name == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


# HEIC (ISO/IEC 23008-12 on ISO/IEC 14496-12)

_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1"})
_OTHER_CODECS = frozenset({b"avif", b"avis", b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis"})
_BOX_NAME = re.compile(rb"[ -~]{4}")


def _has_heic_brand(data: bytes) -> bool:
    end = min(_big_endian(data, 0, 4), 1024, len(data))
    # Bytes 12 to 15 are a version number, no brand.
    brands = {data[at : at + 4] for at in (8, *range(16, end, 4))}
    return bool(brands & _HEVC_BRANDS) or bool(brands & _CONTAINER_BRANDS and not brands & _OTHER_CODECS)


def _inspect_heic(data: bytes) -> tuple[int, int]:
    sizes = []
    for name, start, end in _boxes(data, 0, len(data), is_top=True):
        if name == b"moov":
            raise DocumentRefused(UploadProblem.ANIMATED)
        if name == b"meta":
            sizes += _extents(data, start, end)
    if not sizes:
        raise DocumentRefused(UploadProblem.UNREADABLE)
    return max(sizes, key=lambda size: size[0] * size[1])


def _extents(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Return every width and height declared at meta / iprp / ipco / ispe (tiles, thumbnail, whole)."""
    return [
        (_big_endian(data, inside + 4, 4), _big_endian(data, inside + 8, 4))
        # A meta box has four bytes of version and flags before its content, and so has ispe.
        for properties, properties_end in _boxes_named(b"iprp", data, start + 4, end)
        for container, container_end in _boxes_named(b"ipco", data, properties, properties_end)
        for inside, _ in _boxes_named(b"ispe", data, container, container_end)
    ]


def _boxes_named(wanted: bytes, data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    return ((start, stop) for name, start, stop in _boxes(data, at, end) if name == wanted)


def _boxes(data: bytes, at: int, end: int, *, is_top: bool = False) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box's type and where its content begins and ends."""
    for _ in range(_MOST_PARTS):
        if at >= end:
            return
        if is_top and not _BOX_NAME.fullmatch(data, at + 4, at + 8):
            return  # what a telephone writes after the picture
        length, header = _big_endian(data, at, 4), 8
        if length == 1:
            length, header = _big_endian(data, at + 8, 8), 16
        elif length == 0:
            length = end - at
        if length < header:
            raise DocumentRefused(UploadProblem.UNREADABLE)
        if at + length > end:
            raise DocumentRefused(UploadProblem.TRUNCATED if is_top else UploadProblem.UNREADABLE)
        yield data[at + 4 : at + 8], at + header, at + length
        at += length
    raise DocumentRefused(UploadProblem.UNREADABLE)


# PDF (ISO 32000)

# ISO 32000-1, annex H: readers look for the header in the first kilobyte.
_PDF_START_REACH = 1024
_PAGE_TREE = re.compile(rb"/Type\s{0,20}/Pages\b")
_PAGE_COUNT = re.compile(rb"/Count\s{1,20}(\d{1,9})\b")
_PAGE_TREE_REACH = 4096
_MOST_PAGE_TREES = 500


def _inspect_pdf(data: bytes) -> None:
    # Whether a password is needed, the decoder says: many PDFs are locked against changes and open to everybody.
    pages = _visible_page_count(data)
    if pages > MAX_PAGES:
        raise DocumentRefused(UploadProblem.TOO_MANY_PAGES, pages=pages, limit=MAX_PAGES)


def _visible_page_count(data: bytes) -> int:
    """Return how many pages the PDF declares, as far as that can be read without decoding it; 0 where it cannot.

    It is the count at the root of the last page tree. This answers most people at once; the child that renders the
    document counts for certain.
    """
    pages = 0
    for found in islice(_PAGE_TREE.finditer(data), _MOST_PAGE_TREES):
        before = data[max(0, found.start() - _PAGE_TREE_REACH) : found.start()].rpartition(b"obj")[2]
        after = data[found.end() : found.end() + _PAGE_TREE_REACH].partition(b"endobj")[0]
        count = _PAGE_COUNT.search(before + after)
        if count and b"/Parent" not in before + after:
            pages = int(count[1])
    return pages


# Two formats at once

# These words are long enough that compressed data does not hold them by chance.
_MARKUP = re.compile(rb"<(?:!doctype\s{1,9}html|html|body|script|iframe|object|\?php)[\s>]", re.IGNORECASE)
_PDF_ANYWHERE = re.compile(rb"%PDF-[12]\.")
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"__HALT_COMPILER")
_ZIP_END, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"
# By chance, one file of 10 MB in four hundred holds a single such signature.
_MOST_ZIP_ENDS = 100


def _hides_another_format(data: bytes, kind: DocumentKind) -> bool:
    if any(signature in data for signature in _ARCHIVES) or _has_zip_directory(data):
        return True
    if data[257:262] == b"ustar" or data[0x8001:0x8006] == b"CD001":
        return True
    if kind is DocumentKind.PDF:
        # A PDF may quote markup anywhere inside. Only at its beginning could a browser take it for a page.
        return bool(_MARKUP.search(data, 0, 1024))
    return bool(_PDF_ANYWHERE.search(data) or _MARKUP.search(data))


def _has_zip_directory(data: bytes) -> bool:
    """Tell whether a ZIP's end record points at a real directory. The record's four bytes alone occur by chance too."""
    at = data.find(_ZIP_END)
    for _ in range(_MOST_ZIP_ENDS):
        if not 0 <= at <= len(data) - 22:
            return False
        entries, directory_size = struct.unpack_from("<HI", data, at + 10)
        if entries == 0 or data.startswith(_ZIP_ENTRY, max(0, at - directory_size)):
            return True
        at = data.find(_ZIP_END, at + 1)
    return True


def _big_endian(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise DocumentRefused(UploadProblem.TRUNCATED)
    return int.from_bytes(data[at : at + size], "big")


_INSPECTIONS = {
    DocumentKind.JPEG: _inspect_jpeg,
    DocumentKind.PNG: _inspect_png,
    DocumentKind.WEBP: _inspect_webp,
    DocumentKind.HEIC: _inspect_heic,
}
