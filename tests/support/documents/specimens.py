"""Documents for the tests: honest ones as phones make them, and hostile ones as attackers make them."""

import hashlib
import struct
import zlib
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from PIL import Image, ImageCms, PngImagePlugin

from portal.demo.specimens import Holder, card_back, card_front, passport_page

HOLDER = Holder("Martin", "Camille", date(1990, 3, 5))
CANARY = b"CanaryOfTheOriginal"
"""A word to plant wherever a document can hide words; no rendition may hold it."""


# Honest documents


@cache
def front() -> bytes:
    return card_front(HOLDER, date(2031, 1, 2))


@cache
def back() -> bytes:
    return card_back(HOLDER, date(2021, 1, 2), date(2031, 1, 2))


@cache
def passport() -> bytes:
    return passport_page(HOLDER, date(2021, 1, 2), date(2031, 1, 2))


@cache
def turned_heic() -> bytes:
    """The card's front (720 × 454): stored on its side, turned upright by its `irot`, with EXIF inside."""
    return Path(__file__).with_name("specimen.heic").read_bytes()


def picture_of(document: bytes) -> Image.Image:
    picture = Image.open(BytesIO(document))
    picture.load()
    return picture


def jpeg(picture: Image.Image, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def png(picture: Image.Image, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


@cache
def phone_jpeg() -> bytes:
    """The front as a phone stores it: on its side (orientation 6), with metadata on where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = CANARY.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0), 29: CANARY.decode()})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + CANARY
    lying = picture_of(front()).rotate(90, expand=True)
    return jpeg(lying, exif=exif, comment=CANARY, icc_profile=profile, xmp=b"<x:xmpmeta>" + CANARY, quality=85)


@cache
def chatty_png() -> bytes:
    """The front as PNG with words in each kind of text chunk."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", CANARY.decode())
    text.add_text("Packed", CANARY.decode(), zip=True)
    text.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{CANARY.decode()}")
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    return png(picture_of(front()), pnginfo=text, exif=exif)


@cache
def with_second_picture() -> bytes:
    """What phones write for portraits and high dynamic range: another JPEG after the end of the first."""
    return front() + jpeg(Image.new("L", (64, 40)))


@cache
def motion_photo() -> bytes:
    """What phones write for moving photos: a film after the end of the picture."""
    return front() + struct.pack(">I", 24) + b"ftypmp42" + bytes(12) + b"\0\0\x40\0mdat" + b"film" * 4094


@cache
def with_makers_notes() -> bytes:
    """What some makers append: their own records with a directory at the very end."""
    return front() + b"maker" * 2000 + b"SEFH" + bytes(40) + b"SEFT"


# PDF


def pdf(objects: list[bytes], trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """Return a PDF of these objects, numbered from 1, the first being the catalogue."""
    data = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n" % (len(objects) + 1, trailer, len(data))
    return bytes(data) + table + end + b"%%EOF\n"


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(content), dictionary) + content + b"\nendstream"


def pdf_of_pages(contents: list[bytes], page_extra: bytes = b"", catalogue_extra: bytes = b"") -> bytes:
    """Return a PDF with one A5 page for each content stream."""
    pages = b" ".join(b"%d 0 R" % (3 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue_extra + b" >>",
        b"<< /Type /Pages /Kids [ " + pages + b" ] /Count %d >>" % len(contents),
    ]
    for number, content in enumerate(contents):
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents %d 0 R " % (4 + 2 * number)
        font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> "
        objects += [page + font + page_extra + b" >>", stream(content)]
    return pdf(objects)


RED, BLUE = b"1 0 0 rg 0 0 420 595 re f", b"0 0 1 rg 0 0 420 595 re f"


@cache
def scanned_pdf() -> bytes:
    """Two pages as a scanner makes them: the card's two sides as pictures."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [ 3 0 R 6 0 R ] /Count 2 >>"]
    for number, side in enumerate((front(), back())):
        first = 3 + 3 * number
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 506 319] /Contents %d 0 R "
            b"/Resources << /XObject << /Im %d 0 R >> >> >>" % (first + 1, first + 2),
            stream(b"506 0 0 319 0 0 cm /Im Do"),
            stream(
                side,
                b"/Type /XObject /Subtype /Image /Width 1012 /Height 638 /ColorSpace /DeviceRGB "
                b"/BitsPerComponent 8 /Filter /DCTDecode",
            ),
        ]
    return pdf(objects)


def talkative_pdf() -> bytes:
    """A page that also wants to run a script, open a page, start a program and hand over a file."""
    script = b"<< /S /JavaScript /JS (app.alert\\('" + CANARY + b"'\\)) >>"
    return pdf_of_pages(
        [RED],
        b"/AA << /O " + script + b" >> /Annots [ << /Type /Annot /Subtype /Link /Rect [0 0 400 500] "
        b"/A << /S /URI /URI (http://" + CANARY + b".example/) >> >> ]",
        b"/OpenAction "
        + script
        + b" /Names << /JavaScript << /Names [ (x) "
        + script
        + b" ] >> /EmbeddedFiles << >> >>",
    )


def blacked_out_pdf() -> bytes:
    """A red page on which the person laid a black box, as an annotation."""
    box = (
        b"/Annots [ << /Type /Annot /Subtype /Square /Rect [0 0 420 300] /IC [0 0 0] /C [0 0 0] /F 4 "
        b"/AP << /N 5 0 R >> >> ]"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R " + box + b" >>",
        stream(RED),
        stream(b"0 0 0 rg 0 0 420 300 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 420 300]"),
    ]
    return pdf(objects)


def form_that_calls_itself() -> bytes:
    """A form that draws itself: PDFium never returns from it."""
    return _with_forms([(b"/F0 Do " * 20, b"/F0 5 0 R")])


def form_bomb(levels: int = 12) -> bytes:
    """Each form draws the next ten times: 10 to the power of `levels` small squares."""
    forms = [(b"/F%d Do " % (level + 1) * 10, b"/F%d %d 0 R" % (level + 1, level + 6)) for level in range(levels)]
    return _with_forms([*forms, (b"0 0 9 9 re f", b"")])


def _with_forms(forms: list[tuple[bytes, bytes]]) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R "
        b"/Resources << /XObject << /F0 5 0 R >> >> >>",
        stream(b"/F0 Do"),
    ]
    for content, resources in forms:
        head = b"/Type /XObject /Subtype /Form /BBox [0 0 420 595] /Resources << /XObject << %s >> >>" % resources
        objects.append(stream(content, head))
    return pdf(objects)


def protected_pdf(name: bytes = b"/Encrypt") -> bytes:
    """A PDF that asks for a password. No password opens it: the tests only need that it asks."""
    lock = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] >>",
        lock,
    ]
    return pdf(objects, name + b" 4 0 R /ID [ <00> <00> ]")


# Hostile pictures


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def raw_png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + png_chunk(b"IEND", b"")


@cache
def png_bomb(width: int = 8000, height: int = 8000) -> bytes:
    """Less than a megabyte of nothing that unpacks to 192 MB of pixels."""
    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return raw_png(width, height, png_chunk(b"IDAT", packed))


@cache
def text_bomb() -> bytes:
    """A tiny picture whose compressed text unpacks to 100 MB."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    text = png_chunk(b"zTXt", b"Comment\0\0" + packed)
    return raw_png(1, 1, text, png_chunk(b"IDAT", zlib.compress(bytes(4))))


@cache
def scan_bomb(edge: int = 7000, scans: int = 400) -> bytes:
    """A small progressive JPEG that makes a decoder go over a large picture again and again."""
    data = jpeg(Image.new("L", (edge, edge)), progressive=True, quality=30)
    last = data.rfind(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def flooded_jpeg(width: int = 65_000, height: int = 65_000) -> bytes:
    """A JPEG whose header claims 4 gigapixels."""
    data = bytearray(jpeg(Image.new("RGB", (16, 16))))
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def flooded_heic() -> bytes:
    """The HEIC specimen, its header claiming 30 000 × 30 000."""
    data = bytearray(turned_heic())
    extent = data.find(b"ispe")
    data[extent + 8 : extent + 16] = struct.pack(">II", 30_000, 30_000)
    return bytes(data)


def animated_png() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    return png(frames[0], save_all=True, append_images=frames[1:])


def archive(*names: str) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as file:
        for name in names or ("inside.txt",):
            file.writestr(ZipInfo(name), "hidden")
    return buffer.getvalue()


def still_apng() -> bytes:
    """A PNG that says it moves and has one frame, as some programs save every picture."""
    plain = png(Image.new("RGB", (20, 20), "red"))
    return plain[:33] + png_chunk(b"acTL", struct.pack(">II", 1, 0)) + plain[33:]


def with_exif(exif: bytes) -> bytes:
    """A JPEG with a block of EXIF data, whole or damaged."""
    block = b"Exif\0\0" + exif
    return front()[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + front()[2:]


def locked_against_changes() -> bytes:
    """A PDF that everybody may open, and that only its owner's password lets change (ISO 32000-1, 7.6.3, revision 2).

    Its pages have no content, so that nothing has to be encrypted but the two entries.
    """
    padding = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    owner = hashlib.md5(b"owner" + padding[:27], usedforsecurity=False).digest()[:5]
    owner_entry = _rc4(owner, padding)
    key = hashlib.md5(padding + owner_entry + struct.pack("<i", -60) + b"\0", usedforsecurity=False).digest()[:5]
    lock = b"<< /Filter /Standard /V 1 /R 2 /P -60 /O <%b> /U <%b> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] >>",
        lock % (owner_entry.hex().encode(), _rc4(key, padding).hex().encode()),
    ]
    return pdf(objects, b"/Encrypt 4 0 R /ID [ <00> <00> ]")


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
