"""Write across a picture who looks at it, when, and for which case, so that a photograph of the screen tells."""

from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from portal.infrastructure.plain_letters import spelt

_TURNS: Final = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
TURNS: Final = (0, *_TURNS)
"""Degrees by which a picture may be turned, clockwise."""

_SIGNS: Final = str.maketrans("’‘‐‑–", "''---")


def plain_letters(name: str) -> str | None:
    """Return a name in letters without accents, or None where letters of another script would be lost."""
    plain = spelt(name.translate(_SIGNS))
    return plain if plain.strip() and plain.isascii() and plain.isprintable() else None


def watermarked(jpeg: bytes, text: str, *, turn: int = 0) -> bytes:
    """Return a JPEG page turned clockwise, with a text repeated across it.

    Pale letters with a dark edge stand out from light and from dark pictures, and what is under them can be read.

    Args:
        text: as `plain_letters` returns it; the font that comes with Pillow has no other letters.
        turn: degrees, one of `TURNS`.
    """
    with Image.open(BytesIO(jpeg)) as opened:
        picture = opened.convert("RGB")
    if turn:
        picture = picture.transpose(_TURNS[turn])
    font = ImageFont.load_default(max(16, max(picture.size) // 45))
    for colour, strength, edge in (("black", 60, 1), ("white", 90, 0)):
        stamp = _stamp(text, font, strength, edge)
        for place in _places(picture.size, stamp.size):
            picture.paste(colour, place, mask=stamp)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _stamp(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, strength: int, edge: int) -> Image.Image:
    """Return one slanted line of text as a mask: how strongly each point is painted."""
    left, top, right, bottom = font.getbbox(text, stroke_width=1)
    line = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(line).text((1 - left, 1 - top), text, font=font, fill=strength, stroke_width=edge)
    return line.rotate(24, resample=Image.Resampling.BILINEAR, expand=True)


def _places(size: tuple[int, int], stamp: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the places of the stamp, so close that no useful part of a document can be cut out without it."""
    across, down = stamp
    for row, top in enumerate(range(-stamp[1] // 2, size[1], down)):
        for left in range(-stamp[0] // 2 - row % 2 * across // 2, size[0], across):
            yield left, top
