"""Identity documents against the bare library: sealing, opening, and what a rendition in its own process costs."""

import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pi_heif
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image, ImageOps

from portal.identity_checks.decoding.inspection import DocumentKind, inspect
from portal.identity_checks.decoding.rendition import JPEG_QUALITY, LONGEST_EDGE, render
from portal.infrastructure.sealing.keys import new_data_key
from portal.infrastructure.sealing.streams import CHUNK_SIZE, open_whole, seal_stream
from tests.support.documents import specimens

ROUNDS = 15
SIZE = 160 * CHUNK_SIZE


def measure_documents() -> None:
    """Print P8, and a specimen card rendered here against the same pixels by the library alone."""
    pi_heif.register_heif_opener()
    data, key = bytes(SIZE), new_data_key()
    sealed, bare = list(seal_stream(key, [data], "bench")), _bare_sealed(data, key)
    _compare(
        "P8 sealing 10 MB (bare AES-GCM chunks)",
        lambda: list(seal_stream(key, [data], "bench")),
        lambda: _bare_sealed(data, key),
    )
    _compare(
        "P8 opening 10 MB (bare AES-GCM chunks)",
        lambda: open_whole(key, sealed, "bench"),
        lambda: _bare_opened(bare, key),
    )
    with tempfile.TemporaryDirectory() as name:
        slots = Path(name)
        for title, card, kind in (
            ("specimen card, JPEG", specimens.front(), DocumentKind.JPEG),
            ("specimen card, HEIC", specimens.turned_heic(), DocumentKind.HEIC),
            (
                "12 megapixel JPEG",
                specimens.jpeg(specimens.picture_of(specimens.front()).resize((4032, 2544))),
                DocumentKind.JPEG,
            ),
        ):
            rendered = lambda card=card, kind=kind: (inspect(card), render(card, kind, slots=slots))  # noqa: E731
            _compare(f"{title} (Pillow, in the process)", rendered, lambda card=card: _bare_rendered(card))
            _compare(f"{title} (Pillow, in a cold process)", rendered, lambda card=card: _cold_rendered(card))


def _compare(name: str, act: Callable[[], object], floor: Callable[[], object]) -> None:
    act(), floor()
    mine, bare = (
        statistics.median(times) for times in zip(*[(_time(act), _time(floor)) for _ in range(ROUNDS)], strict=True)
    )
    print(f"{name:<46} {mine / bare:6.2f} × floor   ({mine:8.2f} ms against {bare:8.2f} ms of time)")


def _time(act: Callable[[], object]) -> float:
    """Return the milliseconds of one call. Not of processor: the kernel does not tell that of a grandchild in bubblewrap."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _bare_sealed(data: bytes, key: bytes) -> list[bytes]:
    cipher = AESGCM(key)
    return [
        cipher.encrypt(at.to_bytes(12, "big"), data[at : at + CHUNK_SIZE], b"")
        for at in range(0, len(data), CHUNK_SIZE)
    ]


def _bare_opened(chunks: list[bytes], key: bytes) -> bytes:
    cipher = AESGCM(key)
    return b"".join(
        cipher.decrypt((number * CHUNK_SIZE).to_bytes(12, "big"), chunk, b"") for number, chunk in enumerate(chunks)
    )


def _bare_rendered(card: bytes) -> bytes:
    with Image.open(BytesIO(card)) as picture:
        picture.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    buffer = BytesIO()
    upright.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


_COLD = textwrap.dedent(f"""
    import sys
    from io import BytesIO
    from PIL import Image, ImageOps
    import pi_heif
    pi_heif.register_heif_opener()
    picture = Image.open(BytesIO(sys.stdin.buffer.read()))
    picture.draft("RGB", ({LONGEST_EDGE}, {LONGEST_EDGE}))
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail(({LONGEST_EDGE}, {LONGEST_EDGE}))
    upright.save(sys.stdout.buffer, "JPEG", quality={JPEG_QUALITY})
""")


def _cold_rendered(card: bytes) -> bytes:
    done = subprocess.run([sys.executable, "-I", "-c", _COLD], input=card, capture_output=True, check=True)
    return done.stdout
