"""Documents become pictures of pixels only; hostile ones end with a reason, in bounded time."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from portal.identity_checks.decoding import isolation, rendition
from portal.identity_checks.decoding.inspection import DocumentKind, DocumentRefused, UploadProblem, inspect
from portal.identity_checks.decoding.isolation import CHILD, Way
from portal.identity_checks.decoding.rendition import (
    RenditionBusy,
    RenditionPage,
    RenditionUnavailable,
    isolation_report,
)
from tests.support.documents import specimens
from tests.support.documents.tiled_heic import tiled_heic
from tests.support.servers.served import until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def slots(tmp_path: Path) -> Path:
    return tmp_path / "slots"


@pytest.fixture(params=list(Way))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each way to start the child; on a machine without bubblewrap only the plain one."""
    chosen: Way = request.param
    if isolation.chosen_way() is Way.DIRECT and chosen is Way.BUBBLEWRAP:
        pytest.skip("bubblewrap cannot be used here (Debian package bubblewrap)")
    monkeypatch.setattr(isolation, "chosen_way", lambda: chosen)
    return chosen


def render(
    document: bytes, kind: DocumentKind, *, slots: Path, deadline_seconds: float = 15, wait_seconds: float = 30
) -> list[RenditionPage]:
    """Render within the portal's own deadline, and wait longer for a place than a page does."""
    return rendition.render(document, kind, slots=slots, deadline_seconds=deadline_seconds, wait_seconds=wait_seconds)


@pytest.fixture
def deadline(slots: Path, way: Way) -> float:
    """A deadline in seconds that is soon over, and that leaves a child the time to get ready on a machine as busy as now."""
    started = time.monotonic()
    render(specimens.front(), DocumentKind.JPEG, slots=slots)
    return 1 + 5 * (time.monotonic() - started)


def looks_like(page: RenditionPage, expected: Image.Image) -> bool:
    shown = Image.open(BytesIO(page.jpeg))
    if shown.size != expected.size:
        return False
    difference = ImageStat.Stat(ImageChops.difference(shown, expected.convert("RGB"))).mean
    return max(difference) < 6


@pytest.mark.parametrize(
    "exif",
    [bytes.fromhex("FFFFFFFF00000008"), bytes.fromhex("4D4D002A"), b"", b"MM", b"II*\0\xff\xff\xff\xff", bytes(40)],
)
def test_damaged_exif_costs_the_orientation_and_not_the_picture(slots: Path, exif: bytes) -> None:
    (page,) = render(specimens.with_exif(exif), DocumentKind.JPEG, slots=slots)
    assert looks_like(page, the_front())
    plain = specimens.png(the_front())
    (page,) = render(plain[:33] + specimens.png_chunk(b"eXIf", exif) + plain[33:], DocumentKind.PNG, slots=slots)
    assert looks_like(page, the_front())


def test_what_its_decoder_reads_is_taken(slots: Path) -> None:
    stray = specimens.front()[:2] + b"\xff\0" + specimens.front()[2:]
    assert looks_like(render(stray, DocumentKind.JPEG, slots=slots)[0], the_front())
    for lossless in (True, False):
        buffer = BytesIO()
        the_front().save(buffer, "WEBP", lossless=lossless)
        assert looks_like(render(buffer.getvalue(), DocumentKind.WEBP, slots=slots)[0], the_front())
    assert len(render(specimens.still_apng(), DocumentKind.PNG, slots=slots)) == 1
    assert len(render(specimens.locked_against_changes(), DocumentKind.PDF, slots=slots)) == 1
    padded = b"\r\nstray\n" + specimens.scanned_pdf() + b"\n" * 4000 + b"stray"
    assert len(render(padded, DocumentKind.PDF, slots=slots)) == len(
        render(specimens.scanned_pdf(), DocumentKind.PDF, slots=slots)
    )


def with_segment(marker: int, content: bytes) -> bytes:
    front = specimens.front()
    return front[:2] + bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content + front[2:]


def with_chunk(name: bytes, content: bytes, *, breaks_sum: bool = False) -> bytes:
    plain, chunk = specimens.png(the_front()), specimens.png_chunk(name, content)
    return plain[:33] + (chunk[:-1] + bytes((chunk[-1] ^ 1,)) if breaks_sum else chunk) + plain[33:]


TWO_FRAMES = (2).to_bytes(4, "big") + bytes(4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_segment(0xEE, b"Adobe"),
        lambda: with_segment(0xE0, b"JFIF\0"),
        lambda: with_segment(0xE2, b"ICC_PROFILE\0\x01\x02junk"),
        lambda: specimens.front() + bytes(range(1, 256)) * 20,
        lambda: with_chunk(b"tEXt", b"a\0b", breaks_sum=True),
        lambda: with_chunk(b"gAMA", b"\0"),
        lambda: with_chunk(b"pHYs", b""),
        lambda: with_chunk(b"acTL", TWO_FRAMES),
        lambda: with_chunk(b"acTL", bytes(8)),
        lambda: with_chunk(b"fcTL", bytes(26)),
        lambda: specimens.png(the_front())[:-12],
        lambda: specimens.png(the_front())[:-4],
    ],
)
def test_what_is_damaged_beside_the_picture_costs_nothing(slots: Path, make: Callable[[], bytes]) -> None:
    data = make()
    (page,) = render(data, inspect(data).kind, slots=slots)
    assert looks_like(page, the_front())


@pytest.mark.parametrize(
    ("before", "after"), [(b"%%EOF", b""), (b"%PDF-1.7", b"%PDF-0.0"), (b"%PDF-1.7", b"%PDF-"), (b"startxref", b"startxref\n9\n%")]
)  # fmt: skip
def test_a_pdf_that_its_decoder_mends_is_taken(slots: Path, before: bytes, after: bytes) -> None:
    data = specimens.scanned_pdf().replace(before, after)
    assert len(render(data, inspect(data).kind, slots=slots)) == 2


@pytest.mark.parametrize("make", [specimens.front, specimens.chatty_png, specimens.scanned_pdf])
@pytest.mark.parametrize("part", [0.4, 0.99])
def test_a_broken_transfer_is_told(slots: Path, make: Callable[[], bytes], part: float) -> None:
    data = make()
    cut = data[: int(len(data) * part)]
    assert refusal_of(cut, inspect(cut).kind, slots).problem is UploadProblem.TRUNCATED


def the_front() -> Image.Image:
    return specimens.picture_of(specimens.front())


def refusal_of(document: bytes, kind: DocumentKind, slots: Path, **options: float) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as refusal:
        render(document, kind, slots=slots, **options)
    return refusal.value


# Honest documents


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (specimens.front, DocumentKind.JPEG),
        (specimens.phone_jpeg, DocumentKind.JPEG),
        (specimens.with_second_picture, DocumentKind.JPEG),
        (specimens.motion_photo, DocumentKind.JPEG),
        (specimens.with_makers_notes, DocumentKind.JPEG),
        (specimens.chatty_png, DocumentKind.PNG),
    ],
)
def test_an_honest_picture_is_shown_upright(
    make: Callable[[], bytes], kind: DocumentKind, slots: Path, way: Way
) -> None:
    (page,) = render(make(), kind, slots=slots)
    assert (page.width, page.height) == (1012, 638)
    assert looks_like(page, the_front())


def test_a_heic_is_shown_upright(slots: Path, way: Way) -> None:
    (page,) = render(specimens.turned_heic(), DocumentKind.HEIC, slots=slots)
    assert looks_like(page, the_front().resize((720, 454)))


def test_the_main_picture_of_several_in_a_heic_is_shown_whole(slots: Path) -> None:
    (page,) = render(tiled_heic(1, 5, shows_tiles=True), DocumentKind.HEIC, slots=slots)
    five = Image.new("RGB", (3600, 454))
    for number in range(5):
        five.paste(the_front().resize((720, 454)), (720 * number, 0))
    assert (page.width, page.height) == (2000, 252)
    assert looks_like(page, five.resize((2000, 252)))


def test_a_scanned_pdf_shows_every_page_in_order(slots: Path, way: Way) -> None:
    first, second = render(specimens.scanned_pdf(), DocumentKind.PDF, slots=slots)
    assert looks_like(first, the_front().resize((first.width, first.height)))
    back = specimens.picture_of(specimens.back())
    assert looks_like(second, back.resize((second.width, second.height)))


def test_paper_of_every_size_fits(slots: Path) -> None:
    sizes = [b"595.28 841.89", b"841.89 595.28", b"612 792", b"100.3 333.7"]
    document = specimens.pdf_of_pages([b"0 0 1 rg 0 0 9000 9000 re f"] * 4)
    for size in sizes:
        document = document.replace(b"[0 0 420 595]", b"[0 0 " + size + b"]", 1)
    pages = render(document, DocumentKind.PDF, slots=slots)
    assert [max(page.width, page.height) for page in pages] == [2000, 2000, 2000, 1391]
    assert all(looks_like(page, Image.new("RGB", (page.width, page.height), "blue")) for page in pages)


def test_text_without_its_font_is_still_legible(slots: Path) -> None:
    words = b"BT /F1 40 Tf 40 300 Td (Camille Martin) Tj ET"
    (page,) = render(specimens.pdf_of_pages([words]), DocumentKind.PDF, slots=slots)
    ink = Image.open(BytesIO(page.jpeg)).convert("L").point(lambda value: value < 128, "1").getbbox()
    assert ink is not None
    assert ink[2] - ink[0] > page.width / 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_a_camera_writes_is_turned_upright(orientation: int, slots: Path) -> None:
    stored_as = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = the_front()
    if orientation in stored_as:
        picture = picture.transpose(stored_as[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    (page,) = render(specimens.jpeg(picture, exif=exif), DocumentKind.JPEG, slots=slots)
    assert looks_like(page, the_front())


def test_a_damaged_exif_block_costs_only_the_orientation(slots: Path) -> None:
    damaged = specimens.jpeg(the_front(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 40)
    (page,) = render(damaged, DocumentKind.JPEG, slots=slots)
    assert looks_like(page, the_front())


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((6000, 4000), (2000, 1333)),
        ((4000, 1000), (2000, 500)),
        ((2000, 2000), (2000, 2000)),
        ((3, 2), (3, 2)),
    ],
)
@pytest.mark.parametrize("kind", [DocumentKind.JPEG, DocumentKind.PNG])
def test_a_large_picture_is_brought_to_two_thousand_pixels(
    kind: DocumentKind, size: tuple[int, int], expected: tuple[int, int], slots: Path
) -> None:
    make = specimens.jpeg if kind is DocumentKind.JPEG else specimens.png
    (page,) = render(make(Image.new("RGB", size, (200, 60, 10))), kind, slots=slots)
    assert (page.width, page.height) == expected
    assert looks_like(page, Image.new("RGB", expected, (200, 60, 10)))


def grey_ramp() -> Image.Image:
    return Image.linear_gradient("L")


@pytest.mark.parametrize(
    "document",
    [
        specimens.png(grey_ramp()),
        specimens.png(grey_ramp().convert("I").point(lambda value: value * 257).convert("I;16")),
        specimens.png(grey_ramp().convert("P")),
        specimens.png(grey_ramp().convert("LA")),
        specimens.png(grey_ramp().convert("RGBA")),
    ],
    ids=["grey", "16 bits", "palette", "grey with alpha", "colour with alpha"],
)
def test_every_kind_of_png_keeps_its_greys(document: bytes, slots: Path) -> None:
    (page,) = render(document, DocumentKind.PNG, slots=slots)
    assert looks_like(page, grey_ramp())


def test_a_large_black_and_white_scan_is_shown(slots: Path) -> None:
    (page,) = render(specimens.png(Image.new("1", (6000, 6000), 1)), DocumentKind.PNG, slots=slots)
    assert looks_like(page, Image.new("RGB", (2000, 2000), "white"))


def test_what_is_transparent_is_shown_on_white(slots: Path) -> None:
    half = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    (page,) = render(specimens.png(half), DocumentKind.PNG, slots=slots)
    assert looks_like(page, Image.new("RGB", (40, 40), "white"))


def test_a_four_colour_jpeg_is_shown(slots: Path) -> None:
    document = specimens.jpeg(the_front().convert("CMYK"), quality=95)
    (page,) = render(document, DocumentKind.JPEG, slots=slots)
    assert (page.width, page.height) == (1012, 638)


def test_what_a_person_blacked_out_stays_black(slots: Path) -> None:
    (page,) = render(specimens.blacked_out_pdf(), DocumentKind.PDF, slots=slots)
    shown = Image.open(BytesIO(page.jpeg))
    red, black = shown.getpixel((page.width // 2, 40)), shown.getpixel((page.width // 2, page.height - 40))
    assert isinstance(red, tuple)
    assert isinstance(black, tuple)
    assert red[0] > 200
    assert max(black) < 40


# Nothing but pixels


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (specimens.phone_jpeg, DocumentKind.JPEG),
        (specimens.chatty_png, DocumentKind.PNG),
        (specimens.turned_heic, DocumentKind.HEIC),
        (specimens.talkative_pdf, DocumentKind.PDF),
        (specimens.motion_photo, DocumentKind.JPEG),
    ],
)
def test_a_rendition_carries_pixels_and_nothing_else(
    make: Callable[[], bytes], kind: DocumentKind, slots: Path
) -> None:
    for page in render(make(), kind, slots=slots):
        assert segments(page.jpeg) <= {"APP0", "DQT", "SOF0", "DHT", "SOS"}
        for word in (
            specimens.CANARY,
            b"Canary",
            b"Exif",
            b"http://ns.adobe",
            b"ICC_PROFILE",
            b"xmpmeta",
            b"ftyp",
        ):
            assert word not in page.jpeg
        assert not re.search(rb"/(JS|JavaScript|AA|OpenAction|Launch|EmbeddedFile|URI)\b", page.jpeg)
        assert page.jpeg.endswith(b"\xff\xd9")
        assert page.jpeg.count(b"\xff\xd8\xff") == 1


def segments(jpeg: bytes) -> set[str]:
    """Return the names of a JPEG's segments, up to its pixels."""
    names = {0xE0: "APP0", 0xDB: "DQT", 0xC0: "SOF0", 0xC4: "DHT", 0xDA: "SOS"}
    found, at = set(), 2
    while "SOS" not in found:
        found.add(names.get(jpeg[at + 1], f"{jpeg[at + 1]:X}"))
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


def test_the_same_pixels_give_the_same_bytes(slots: Path) -> None:
    first = render(specimens.phone_jpeg(), DocumentKind.JPEG, slots=slots)
    assert render(specimens.phone_jpeg(), DocumentKind.JPEG, slots=slots) == first


# Refused, with the reason


@pytest.mark.parametrize(
    ("document", "kind", "problem"),
    [
        (b"\xff\xd8\xff" + b"x" * 400, DocumentKind.JPEG, UploadProblem.UNREADABLE),
        (b"", DocumentKind.JPEG, UploadProblem.UNREADABLE),
        (specimens.front()[:20_000], DocumentKind.JPEG, UploadProblem.TRUNCATED),
        (
            specimens.raw_png(9, 9, specimens.png_chunk(b"IDAT", b"junk")),
            DocumentKind.PNG,
            UploadProblem.UNREADABLE,
        ),
        (specimens.turned_heic()[:3000], DocumentKind.HEIC, UploadProblem.UNREADABLE),
        (b"%PDF-1.7\njunk\n%%EOF", DocumentKind.PDF, UploadProblem.UNREADABLE),
        (specimens.pdf([b"<< /Type /Catalog >>"]), DocumentKind.PDF, UploadProblem.UNREADABLE),
        (specimens.protected_pdf(), DocumentKind.PDF, UploadProblem.ENCRYPTED_PDF),
        (specimens.protected_pdf(b"/Encr#79pt"), DocumentKind.PDF, UploadProblem.ENCRYPTED_PDF),
        (specimens.flooded_jpeg(), DocumentKind.JPEG, UploadProblem.TOO_MANY_PIXELS),
        (specimens.raw_png(60_000, 60_000), DocumentKind.PNG, UploadProblem.TOO_MANY_PIXELS),
    ],
)
def test_a_document_that_cannot_be_shown_is_refused_with_its_reason(
    document: bytes, kind: DocumentKind, problem: UploadProblem, slots: Path
) -> None:
    assert refusal_of(document, kind, slots).problem is problem


def test_the_decoder_never_guesses_the_type(slots: Path) -> None:
    for kind in (DocumentKind.PNG, DocumentKind.HEIC, DocumentKind.PDF):
        assert refusal_of(specimens.front(), kind, slots).problem is UploadProblem.UNREADABLE
    gif = BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    for kind in DocumentKind:
        assert refusal_of(gif.getvalue(), kind, slots).problem is UploadProblem.UNREADABLE


def test_pages_hidden_from_the_inspection_are_counted(slots: Path) -> None:
    refusal = refusal_of(specimens.pdf_of_pages([b""] * 7), DocumentKind.PDF, slots)
    assert refusal.problem is UploadProblem.TOO_MANY_PAGES
    assert refusal.details == {"pages": 7, "limit": 4}


def test_a_page_of_absurd_size_is_refused(slots: Path) -> None:
    for box in (b"[0 0 0 0]", b"[0 0 1e30 10]", b"[0 0 30000 30000]"):
        document = specimens.pdf_of_pages([b""]).replace(b"[0 0 420 595]", box)
        try:
            (page,) = render(document, DocumentKind.PDF, slots=slots)
        except DocumentRefused:
            continue
        # PDFium answers some of these with its default sheet, which does no harm.
        assert max(page.width, page.height) <= 2000


# Bombs


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (specimens.form_that_calls_itself, DocumentKind.PDF),
        (specimens.form_bomb, DocumentKind.PDF),
        (specimens.scan_bomb, DocumentKind.JPEG),
    ],
)
def test_a_document_without_end_is_stopped_at_the_deadline(
    make: Callable[[], bytes], kind: DocumentKind, slots: Path, way: Way
) -> None:
    document = make()
    started = time.monotonic()
    refusal = refusal_of(document, kind, slots, deadline_seconds=1.5)
    assert time.monotonic() - started < 5
    assert refusal.problem is UploadProblem.TIMED_OUT
    assert own_children() == set()


def test_a_document_that_eats_processor_time_is_stopped_by_the_kernel_too(
    slots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    quick = tmp_path / "rendering_child.py"
    quick.write_text(CHILD.read_text().replace("CPU_SECONDS = 10", "CPU_SECONDS = 1"))
    monkeypatch.setattr(rendition, "CHILD", quick)
    refusal = refusal_of(specimens.form_bomb(), DocumentKind.PDF, slots, deadline_seconds=30)
    assert refusal.problem is UploadProblem.TIMED_OUT


def test_a_bomb_of_pixels_within_the_limit_is_shown_in_bounded_memory(slots: Path) -> None:
    (page,) = render(specimens.png_bomb(), DocumentKind.PNG, slots=slots)
    assert (page.width, page.height) == (2000, 2000)


def test_a_bomb_of_text_does_not_unpack(slots: Path) -> None:
    assert refusal_of(specimens.text_bomb(), DocumentKind.PNG, slots).problem is UploadProblem.UNREADABLE


# Turns


def hold_places(folder: Path) -> list[threading.Thread]:
    """Have every place taken by a document without end, until its decoder is killed."""

    def hold() -> None:
        with pytest.raises(DocumentRefused):
            render(specimens.form_bomb(), DocumentKind.PDF, slots=folder, deadline_seconds=120)

    holders = [threading.Thread(target=hold) for _ in range(rendition.AT_ONCE)]
    for holder in holders:
        holder.start()
    until(lambda: len(decoders()) == rendition.AT_ONCE or None, "the decoders of every place")
    return holders


def decoders() -> set[int]:
    """Return our processes, or those below them, that decode by now."""
    candidates = own_children() | {child for holder in own_children() for child in descendants_of(holder)}
    return {child for child in candidates if is_busy(child)}


def test_only_so_many_renditions_run_at_a_time(slots: Path) -> None:
    holders = hold_places(slots)
    with pytest.raises(RenditionBusy):
        render(specimens.front(), DocumentKind.JPEG, slots=slots, wait_seconds=0.2)
    assert len(own_children()) == rendition.AT_ONCE
    assert {niceness(child) for child in decoders()} >= {os.nice(0) + 5}, "whoever decodes lets the pages go first"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(render, specimens.front(), DocumentKind.JPEG, slots=slots, wait_seconds=120)
        os.kill(decoders().pop(), signal.SIGKILL)
        (page,) = waiting.result()
    assert looks_like(page, the_front())
    for decoder in decoders():
        os.kill(decoder, signal.SIGKILL)
    for holder in holders:
        holder.join()


def test_a_killed_process_gives_its_place_back_and_takes_its_child_along(slots: Path, way: Way) -> None:
    script = f"""
    from pathlib import Path
    from portal.identity_checks.decoding import isolation
    from portal.identity_checks.decoding.inspection import DocumentKind
    from portal.identity_checks.decoding.rendition import render
    from tests.support.documents.specimens import form_bomb
    isolation.chosen_way = lambda: isolation.Way({way.value!r})
    render(form_bomb(), DocumentKind.PDF, slots=Path({str(slots)!r}), deadline_seconds=60)
    """
    processes = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT) for _ in range(rendition.AT_ONCE)
    ]
    until(lambda: all(busy_below(process.pid) for process in processes) or None, "the decoders of both")
    below = {child for process in processes for child in descendants_of(process.pid)}
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not any(is_alive(child) for child in below) or None, "the end of the children of the dead")
    assert render(specimens.front(), DocumentKind.JPEG, slots=slots, wait_seconds=0)


def test_a_folder_that_cannot_hold_locks_says_so(tmp_path: Path) -> None:
    (tmp_path / "slots").write_text("a file is in the way")
    with pytest.raises(RenditionUnavailable):
        render(specimens.front(), DocumentKind.JPEG, slots=tmp_path / "slots")


_earlier: set[int] = set()


@pytest.fixture(autouse=True)
def _know_earlier_children() -> None:
    # A portal that other tests are served by is a child of this process too.
    _earlier.clear()
    _earlier.update(children_of(os.getpid()))


def own_children() -> set[int]:
    """Return the children that this process got since the test began."""
    return children_of(os.getpid()) - _earlier


def children_of(pid: int) -> set[int]:
    return {
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    }


def descendants_of(pid: int) -> set[int]:
    below = set(children_of(pid))
    return below | {deeper for child in below for deeper in descendants_of(child)}


def busy_below(pid: int) -> bool:
    return any(is_busy(child) for child in descendants_of(pid))


def is_busy(pid: int) -> bool:
    """Tell whether a process has burnt a fifth of a second: the bomb is being decoded."""
    try:
        return processor_time(pid) > 0.2
    except FileNotFoundError:
        return False


def processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def niceness(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# A child that lies


@pytest.fixture
def lying_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a script of ours in the child's place, as if the decoder had been taken over."""

    def replace(code: str) -> None:
        script = tmp_path / "lying_child.py"
        script.write_text("import os, sys, time, struct\n" + textwrap.dedent(code))
        monkeypatch.setattr(rendition, "CHILD", script)

    return replace


@pytest.mark.parametrize(
    "code",
    [
        "os.write(1, b'R')",
        "os.write(1, b'RX')",
        "os.write(1, b'RX\\x0fno such reason!')",
        "os.write(1, b'RX\\x09timed_out')",
        "os.write(1, b'RX\\x18too_many_pages <script>')",
        "os.write(1, b'R<html>')",
        "os.write(1, b'RP')",
        "os.write(1, b'RP\\0')",
        "os.write(1, b'RP\\1' + struct.pack('>HH', 65535, 65535) + b'x' * 1000)",
        "os.write(1, b'RP\\1' + struct.pack('>HH', 2001, 1) + b'x' * 6003)",
        "os.write(1, b'RP\\1' + struct.pack('>HH', 0, 10))",
        "os.write(1, b'RP\\2' + struct.pack('>HH', 1, 1) + b'xxx')",
        "os.write(1, b'RP\\1' + struct.pack('>HH', 10, 10) + b'x' * 299)",
        "os.write(1, b'R'); os.close(0); os.kill(os.getpid(), 11)",
        "os.write(1, b'RP\\xff')\nwhile True: os.write(1, b'x' * 65536)",
        "os.write(1, b'R')\nwhile True: os.write(1, b'x' * 65536)",
    ],
)
def test_a_lying_child_is_never_believed(code: str, lying_child: Callable[[str], None], slots: Path) -> None:
    lying_child(code)
    started = time.monotonic()
    refusal = refusal_of(specimens.front(), DocumentKind.JPEG, slots, deadline_seconds=10)
    assert refusal.problem is UploadProblem.UNREADABLE
    assert time.monotonic() - started < 9


def test_more_pages_than_allowed_are_not_read(lying_child: Callable[[str], None], slots: Path) -> None:
    lying_child("os.write(1, b'RP\\xff' + (struct.pack('>HH', 1, 1) + b'xxx') * 255)")
    assert len(render(specimens.front(), DocumentKind.JPEG, slots=slots)) == 4


@pytest.mark.parametrize("code", ["", "sys.exit(1)", "os.write(1, b'P')", "raise MemoryError", "time.sleep(60)"])
def test_a_child_that_never_gets_ready_is_not_the_documents_fault(
    code: str, lying_child: Callable[[str], None], slots: Path
) -> None:
    lying_child(code)
    with pytest.raises(RenditionUnavailable):
        render(specimens.front(), DocumentKind.JPEG, slots=slots, deadline_seconds=1)


def test_a_child_that_stops_reading_or_answering_is_killed_with_all_it_started(
    deadline: float, lying_child: Callable[[str], None], slots: Path, tmp_path: Path
) -> None:
    lying_child("os.write(1, b'R'); os.fork(); time.sleep(600)")
    refusal = refusal_of(b"x" * 5_000_000, DocumentKind.JPEG, slots, deadline_seconds=deadline)
    assert refusal.problem is UploadProblem.TIMED_OUT
    lying_child("os.write(1, b'R')\nif os.fork(): os._exit(0)\ntime.sleep(600)")
    refusal_of(b"x", DocumentKind.JPEG, slots, deadline_seconds=deadline)
    until(lambda: not processes_running(tmp_path) or None, "the end of whatever the child started")


def processes_running(folder: Path) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{folder}/lying_child.py".encode() in (process / "cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


# The lock itself, tried from inside

PROBE = """
import json, mmap, socket, threading
def outcome(act):
    try:
        act()
    except BaseException as error:
        return "refused"
    return "done"
def allocate():
    mmap.mmap(-1, 2 * 1024 ** 3).close()
def fork():
    if os.fork() == 0:
        os._exit(0)
def start_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
def network(family, kind):
    socket.socket(family, kind).close()
attempts = {
    "internet socket": lambda: network(socket.AF_INET, socket.SOCK_STREAM),
    "datagram socket": lambda: network(socket.AF_INET, socket.SOCK_DGRAM),
    "local socket": lambda: network(socket.AF_UNIX, socket.SOCK_STREAM),
    "read a file of the portal": lambda: open(APP_FILE).close(),
    "read a file of the system": lambda: open("/usr/bin/env").close(),
    "read the child itself": lambda: open(__file__).close(),
    "list the root": lambda: os.listdir("/"),
    "write a file": lambda: open(WRITTEN, "w").close(),
    "fork": fork,
    "run a program": lambda: os.posix_spawn("/usr/bin/env", ["env"], {}),
    "open a pipe": os.pipe,
    "take two gigabytes": allocate,
    "become root": lambda: os.setuid(0) if os.getuid() else None,
}
"""


@pytest.fixture
def written() -> Iterator[Path]:
    """A file in a folder where even a process that gave up its rights could write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder) / "written"


def probe(tmp_path: Path, written: Path, way: Way, *, locked: bool, needs_threads: bool = False) -> dict[str, str]:
    """Run the probe in the child's place, after the child's own lock or without it."""
    source = CHILD.read_text().partition('\nif __name__ == "__main__":')[0]
    lock = f"lock_down(needs_threads={needs_threads})" if locked else ""
    script = tmp_path / "probe.py"
    script.write_text(
        f"{source}\nAPP_FILE = {str(ROOT / 'portal' / 'clock.py')!r}\nWRITTEN = {str(written)!r}\n{PROBE}\n"
        f"parent = _take_standard_output()\nseen = os.path.exists(APP_FILE)\n{lock}\n"
        "results = {name: outcome(act) for name, act in attempts.items()}\n"
        "results |= {'portal visible': str(seen), 'thread': outcome(start_thread)}\n"
        "parent.write(json.dumps(results).encode())\nparent.close()\n"
    )
    child = isolation.start(script, way=way)
    told, _ = child.communicate(timeout=120)
    results: dict[str, str] = json.loads(told)
    return results


def attempts(results: dict[str, str]) -> set[str]:
    return {name for name, outcome in results.items() if outcome == "done"}


@pytest.mark.parametrize("needs_threads", [False, True])
def test_inside_the_lock_nothing_can_be_reached(tmp_path: Path, written: Path, way: Way, needs_threads: bool) -> None:
    results = probe(tmp_path, written, way, locked=True, needs_threads=needs_threads)
    assert attempts(results) == ({"thread"} if needs_threads else set())
    assert not written.exists()


def test_the_kernel_confirms_the_lock(tmp_path: Path, way: Way) -> None:
    """Seen from outside, by the kernel's own account of the locked process."""
    script = tmp_path / "waiting.py"
    source = CHILD.read_text().partition('\nif __name__ == "__main__":')[0]
    script.write_text(f"{source}\nlock_down()\nos.write(1, b'R')\nos.read(0, 1)\n")
    child = isolation.start(script, way=way)
    assert child.stdout is not None
    assert child.stdout.read(1) == b"R"
    locked = Path(f"/proc/{max(descendants_of(child.pid), default=child.pid)}")
    status = dict(line.split(":\t", 1) for line in (locked / "status").read_text().splitlines())
    network = os.readlink(locked / "ns" / "net")
    child.communicate(b"x", timeout=120)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert network != os.readlink("/proc/self/ns/net")
    if os.geteuid() == 0:
        assert status["Uid"].split() == ["65534"] * 4
        assert status["Gid"].split() == ["65534"] * 4
        assert status["Groups"].split() == []


def test_bubblewrap_shows_nothing_of_the_portal(tmp_path: Path, written: Path, way: Way) -> None:
    expected = "False" if way is Way.BUBBLEWRAP else "True"
    assert probe(tmp_path, written, way, locked=True)["portal visible"] == expected


def test_without_the_lock_the_probe_reaches_everything(tmp_path: Path, written: Path) -> None:
    """The control: were the probe blind, the test above would prove nothing."""
    done = attempts(probe(tmp_path, written, Way.DIRECT, locked=False))
    assert written.exists()
    assert {
        "internet socket",
        "datagram socket",
        "local socket",
        "read a file of the portal",
        "read a file of the system",
        "read the child itself",
        "list the root",
        "write a file",
        "fork",
        "run a program",
        "open a pipe",
        "take two gigabytes",
        "thread",
    } <= done


def test_the_report_names_what_holds_and_what_is_missing() -> None:
    report = isolation_report()
    assert report
    assert all(line.startswith(("holds: ", "missing: ")) for line in report)
    assert any(line.startswith("holds: limits:") for line in report)
    if isolation.chosen_way() is Way.DIRECT:
        assert any("bubblewrap" in line for line in report if line.startswith("missing"))


def test_the_report_of_a_machine_that_cannot_start_the_child_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slots: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(isolation, "CHILD", broken)
    isolation._probe.cache_clear()
    try:
        assert isolation_report() == ["missing: the process that decodes documents does not start on this machine"]
        with pytest.raises(RenditionUnavailable):
            render(specimens.front(), DocumentKind.JPEG, slots=slots)
    finally:
        isolation._probe.cache_clear()
