"""Uploads are judged by their bytes: honest ones of every phone pass, the rest gets its exact reason."""

import struct
import time
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.identity_checks.decoding.inspection import (
    MAX_BYTES,
    DocumentKind,
    DocumentRefused,
    UploadProblem,
    inspect,
)
from tests.support.documents import specimens
from tests.support.documents.specimens import front, turned_heic


def problem_of(data: bytes) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as refusal:
        inspect(data)
    return refusal.value


def outcome_of(data: bytes) -> UploadProblem | None:
    try:
        inspect(data)
    except DocumentRefused as refusal:
        return refusal.problem
    return None


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("make", "kind", "size"),
    [
        (specimens.front, DocumentKind.JPEG, (1012, 638)),
        (specimens.passport, DocumentKind.JPEG, (1480, 1040)),
        (specimens.phone_jpeg, DocumentKind.JPEG, (638, 1012)),
        (specimens.with_second_picture, DocumentKind.JPEG, (1012, 638)),
        (specimens.motion_photo, DocumentKind.JPEG, (1012, 638)),
        (specimens.with_makers_notes, DocumentKind.JPEG, (1012, 638)),
        (lambda: front() + bytes(5000), DocumentKind.JPEG, (1012, 638)),
        (lambda: front() + b'vivo{"camera":"back"}', DocumentKind.JPEG, (1012, 638)),
        (
            lambda: specimens.jpeg(Image.new("RGB", (900, 600)), progressive=True),
            DocumentKind.JPEG,
            (900, 600),
        ),
        (lambda: specimens.jpeg(Image.new("CMYK", (900, 600))), DocumentKind.JPEG, (900, 600)),
        (specimens.chatty_png, DocumentKind.PNG, (1012, 638)),
        (lambda: specimens.png(Image.new("I;16", (9, 7))), DocumentKind.PNG, (9, 7)),
        (specimens.png_bomb, DocumentKind.PNG, (8000, 8000)),
        (specimens.turned_heic, DocumentKind.HEIC, (454, 720)),
        (lambda: saved(Image.new("RGB", (9, 7)), "WEBP"), DocumentKind.WEBP, (9, 7)),
        (lambda: saved(Image.new("RGB", (9, 7)), "WEBP", lossless=True), DocumentKind.WEBP, (9, 7)),
        (
            lambda: saved(Image.new("RGBA", (9, 7), (1, 2, 3, 90)), "WEBP", exif=b"Exif\0\0MM"),
            DocumentKind.WEBP,
            (9, 7),
        ),
        (lambda: specimens.still_apng(), DocumentKind.PNG, (20, 20)),
        (lambda: front()[:2] + b"\xff\0" + front()[2:], DocumentKind.JPEG, (1012, 638)),
        (specimens.scanned_pdf, DocumentKind.PDF, (None, None)),
        (specimens.locked_against_changes, DocumentKind.PDF, (None, None)),
        (lambda: b"\r\nstray\n" + specimens.scanned_pdf() + b"\n" * 4000 + b"stray", DocumentKind.PDF, (None, None)),
        (lambda: specimens.pdf_of_pages([b""] * 4), DocumentKind.PDF, (None, None)),
        (specimens.blacked_out_pdf, DocumentKind.PDF, (None, None)),
        (lambda: specimens.scanned_pdf() + b"\r\n\r\n", DocumentKind.PDF, (None, None)),
    ],
)
def test_an_honest_document_passes(
    make: Callable[[], bytes], kind: DocumentKind, size: tuple[int | None, int | None]
) -> None:
    found = inspect(make())
    assert found.kind is kind
    assert (found.width, found.height) == size


def with_brands(major: bytes, *others: bytes) -> bytes:
    data = turned_heic()
    head = b"ftyp" + major + bytes(4) + b"".join(others)
    return struct.pack(">I", len(head) + 4) + head + data[struct.unpack(">I", data[:4])[0] :]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"])
def test_every_brand_of_heic_is_heic(brand: bytes) -> None:
    assert inspect(with_brands(brand, b"mif1")).kind is DocumentKind.HEIC
    assert inspect(with_brands(b"mif1", brand, b"jpeg")).kind is DocumentKind.HEIC


@pytest.mark.parametrize("brand", [b"mif1", b"mif2", b"msf1"])
def test_a_plain_container_of_pictures_is_heic_unless_it_names_another_codec(brand: bytes) -> None:
    assert inspect(with_brands(brand, b"miaf")).kind is DocumentKind.HEIC
    for codec in (b"avif", b"avis", b"vvic", b"jpeg"):
        assert problem_of(with_brands(brand, codec)).problem is UploadProblem.WRONG_TYPE


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"a text named card.jpg",
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\0",
        b"\x7fELF",
        b"\xff\xd8",
        b"\x89PNG\r\n",
        b"%!PS-Adobe-3.0",
        saved(Image.new("RGB", (9, 9)), "GIF"),
        saved(Image.new("RGB", (9, 9)), "TIFF"),
        saved(Image.new("RGB", (9, 9)), "BMP"),
        specimens.archive("word/document.xml"),
        b"PK\x03\x04" + front(),
        with_brands(b"avif", b"mif1"),
        with_brands(b"isom", b"mp42"),
        b"\0\0\0\x18ftyp",
    ],
)  # fmt: skip
def test_anything_else_is_of_the_wrong_type_whatever_its_name(data: bytes) -> None:
    assert problem_of(data).problem is UploadProblem.WRONG_TYPE


def test_nothing_and_too_much_are_told_with_their_size() -> None:
    assert problem_of(b"").problem is UploadProblem.EMPTY
    refusal = problem_of(front() + bytes(MAX_BYTES))
    assert refusal.problem is UploadProblem.TOO_BIG
    assert refusal.details == {"size": len(front()) + MAX_BYTES, "limit": MAX_BYTES}
    assert inspect(front() + bytes(MAX_BYTES - len(front()))).kind is DocumentKind.JPEG


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9, 0.99])
def test_a_broken_transfer_of_boxes_is_told(part: float) -> None:
    """Of the other formats the decoder tells it: it reads many that have lost something at their end."""
    data = turned_heic()
    assert problem_of(data[: int(len(data) * part)]).problem is UploadProblem.TRUNCATED
    assert problem_of(data[:-1]).problem is UploadProblem.TRUNCATED


@pytest.mark.parametrize(
    ("data", "width", "height"),
    [
        (specimens.flooded_jpeg(), 65_000, 65_000),
        (specimens.raw_png(60_000, 60_000), 60_000, 60_000),
        (specimens.raw_png(2**31 - 1, 2**31 - 1), 2**31 - 1, 2**31 - 1),
        (specimens.raw_png(30_000, 1), 30_000, 1),
        (specimens.flooded_heic(), 30_000, 30_000),
    ],
)
def test_a_flood_of_pixels_is_refused_from_the_header_alone(data: bytes, width: int, height: int) -> None:
    refusal = problem_of(data)
    assert refusal.problem is UploadProblem.TOO_MANY_PIXELS
    assert refusal.details == {"width": width, "height": height, "limit": 64_000_000}


@pytest.mark.parametrize(
    "data",
    [
        specimens.raw_png(0, 9),
        specimens.flooded_jpeg(0, 9),
        b"\x89PNG\r\n\x1a\n" + specimens.png_chunk(b"IDAT", b"x") + specimens.png_chunk(b"IEND", b""),
        b"\xff\xd8\xff\xe0\0\x04xx" + b"plain text" * 10,
        b"\xff\xd8\xff\xd9",
        turned_heic().replace(b"ispe", b"xxxx"),
    ],
)
def test_what_only_begins_like_a_document_is_unreadable(data: bytes) -> None:
    assert problem_of(data).problem is UploadProblem.UNREADABLE


def test_moving_pictures_are_refused() -> None:
    assert problem_of(specimens.animated_png()).problem is UploadProblem.ANIMATED
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    assert (
        problem_of(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])).problem is UploadProblem.ANIMATED
    )
    film = struct.pack(">I", 8) + b"moov"
    assert problem_of(turned_heic() + film).problem is UploadProblem.ANIMATED


def test_a_pdf_with_too_many_pages_is_told_with_its_count() -> None:
    refusal = problem_of(specimens.pdf_of_pages([b""] * 5))
    assert refusal.problem is UploadProblem.TOO_MANY_PAGES
    assert refusal.details == {"pages": 5, "limit": 4}


def test_only_the_latest_revision_of_a_pdf_counts_its_pages() -> None:
    revised = specimens.pdf_of_pages([b""] * 5)
    revised += b"2 0 obj\n<< /Count 2 /Kids [ 3 0 R 5 0 R ] /Type /Pages >>\nendobj\n%%EOF\n"
    assert inspect(revised).kind is DocumentKind.PDF


HTML = b"<html><script>fetch('/data')</script></html>"


@pytest.mark.parametrize(
    "data",
    [
        front() + specimens.archive(),
        front() + b"\0" * 100 + specimens.archive("a", "b"),
        front() + b"Rar!\x1a\x07\x01\0",
        front() + b"7z\xbc\xaf\x27\x1c",
        front() + HTML,
        front() + b"<?php system($_GET[0]); ?>",
        front() + specimens.scanned_pdf(),
        specimens.jpeg(Image.new("RGB", (9, 9)), comment=HTML),
        specimens.jpeg(Image.new("RGB", (9, 9)), comment=specimens.archive()),
        specimens.jpeg(Image.new("RGB", (9, 9)), comment=b"%PDF-1.4 "),
        specimens.motion_photo() + specimens.archive(),
        specimens.chatty_png() + specimens.archive(),
        specimens.chatty_png() + HTML,
        specimens.raw_png(9, 9, specimens.png_chunk(b"tEXt", b"x\0" + HTML)),
        turned_heic() + HTML,
        turned_heic() + struct.pack(">I", 8 + len(specimens.archive())) + b"free" + specimens.archive(),
        specimens.pdf([b"<< /Type /Catalog >>", HTML]),
        specimens.scanned_pdf() + specimens.archive(),
    ],
)
def test_two_formats_at_once_are_refused(data: bytes) -> None:
    assert problem_of(data).problem is UploadProblem.POLYGLOT


PNG_START = specimens.raw_png(1, 1)[:33]
HEIC_START = turned_heic()[:28]


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (b"\xff\xd8\xff\xe0\0\x02\xff\xda\0\x02", b"\xff"),
        (b"\xff\xd8", b"\xff\xfe\0\x02"),
        (b"\xff\xd8\xff\xda\0\x02", b"\xff\x01\0\x02"),
        (front() + bytes(5000), b"<!doctype "),
        (PNG_START, bytes(4)),
        (PNG_START, specimens.png_chunk(b"IDAT", b"")),
        (HEIC_START, b"\0\0\0\x08free"),
        (HEIC_START, b"\0\0\0\0meta"),
        (HEIC_START + struct.pack(">I", MAX_BYTES - 100) + b"meta" + bytes(4), b"\0\0\0\x08iprp"),
        (b"%PDF-1.7\n", b" obj"),
        (b"%PDF-1.7\n", b"/Type/Pages/Count 1"),
        (b"%PDF-1.7\n/Type", b" "),
        (b"%PDF-1.7\n", b"/Encrypt 1 "),
        (b"%PDF-1.7\n", b"PK\x05\x06" + bytes(6) + b"\1\0"),
        (b"%PDF-1.7\n", b"PK\x05\x06"),
    ],
    ids=range(15),
)
def test_no_file_wastes_our_time(head: bytes, again: bytes) -> None:
    data = head + again * ((MAX_BYTES - 20 - len(head)) // len(again)) + b"%%EOF"
    started = time.process_time()
    assert outcome_of(data) is not UploadProblem.TOO_BIG
    assert time.process_time() - started < 0.5


SEEDS = [
    front()[:3000] + b"\xff\xd9",
    specimens.chatty_png()[:4000],
    turned_heic()[:2000],
    specimens.scanned_pdf()[:2000],
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3999), st.integers(0, 255)), max_size=12),
    st.binary(max_size=40),
)
def test_damage_never_raises_anything_but_a_refusal(seed: bytes, changes: list[tuple[int, int]], tail: bytes) -> None:
    data = bytearray(seed)
    for position, value in changes:
        data[position % len(data)] = value
    for candidate in (bytes(data), bytes(data) + tail, bytes(data)[: len(tail) * 50]):
        assert outcome_of(candidate) is not UploadProblem.TOO_BIG


def test_bytes_that_look_like_an_archive_by_chance_pass() -> None:
    noise = zlib.compress(b"PK\x05\x06" + bytes(range(256)) * 40, 0)
    data = specimens.raw_png(64, 64, specimens.png_chunk(b"IDAT", noise))
    assert b"PK\x05\x06" in data
    assert inspect(data).kind is DocumentKind.PNG
