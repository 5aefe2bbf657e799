"""Identity documents of nobody: drawn for the demonstration and the tests, marked as specimens all over.

They imitate no state's document: no emblem, no security print, no number that could exist.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

CARD_SIZE = (1012, 638)
PASSPORT_SIZE = (1480, 1040)
_INK = (24, 34, 58)
_PALE_INK = (92, 106, 138)
_MARK = (176, 38, 54)
_Ink = tuple[int, int, int] | int

_DIAERESIS, _CEDILLA = "\u0308", "\u0327"
# Strokes of the French accents, in parts of the letter size, from the letter's top (cedilla: from its foot).
_STROKES = {
    "\u0300": ((-0.11, -0.20), (0.04, -0.08)),
    "\u0301": ((0.11, -0.20), (-0.04, -0.08)),
    "\u0302": ((-0.13, -0.08), (0, -0.19), (0.13, -0.08)),
    "\u0303": ((-0.14, -0.09), (-0.05, -0.15), (0.05, -0.09), (0.14, -0.15)),
    _DIAERESIS: ((-0.12, -0.13), (0.12, -0.13)),
    _CEDILLA: ((0, 0), (0.05, 0.10), (-0.06, 0.17)),
}


@dataclass(frozen=True, slots=True)
class Holder:
    surname: str
    given_name: str
    born: date


def card_front(holder: Holder, expires: date) -> bytes:
    """Return a JPEG of the side with the name, the date of birth and the date of validity."""
    picture, draw = _paper(CARD_SIZE, "CARTE D’IDENTITÉ / IDENTITY CARD")
    _portrait(draw, (52, 150, 332, 510))
    _fields(
        draw,
        (380, 150),
        [
            ("Nom / Surname", holder.surname.upper()),
            ("Prénom / Given name", holder.given_name),
            ("Date de naissance / Date of birth", _written(holder.born)),
            ("Date d’expiration / Expiry date", _written(expires)),
        ],
    )
    return _finished(picture)


def card_back(holder: Holder, issued: date, expires: date) -> bytes:
    """Return a JPEG of the side with the authority and the machine-readable lines."""
    picture, draw = _paper(CARD_SIZE, "VERSO / BACK")
    _fields(
        draw,
        (52, 140),
        [
            ("Autorité / Authority", "Préfecture de démonstration"),
            ("Date de délivrance / Date of issue", _written(issued)),
            ("Date d’expiration / Expiry date", _written(expires)),
        ],
    )
    _machine_lines(draw, 520, CARD_SIZE[0], holder, 30)
    return _finished(picture)


def passport_page(holder: Holder, issued: date, expires: date) -> bytes:
    """Return a JPEG of a passport's data page."""
    picture, draw = _paper(PASSPORT_SIZE, "PASSEPORT / PASSPORT")
    _portrait(draw, (70, 170, 460, 680))
    _fields(
        draw,
        (530, 160),
        [
            ("Nom / Surname", holder.surname.upper()),
            ("Prénom / Given name", holder.given_name),
            ("Date de naissance / Date of birth", _written(holder.born)),
            ("Date de délivrance / Date of issue", _written(issued)),
            ("Date d’expiration / Expiry date", _written(expires)),
        ],
    )
    _machine_lines(draw, 890, PASSPORT_SIZE[0], holder, 44)
    return _finished(picture)


def _paper(size: tuple[int, int], title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", size, (238, 242, 247))
    draw = ImageDraw.Draw(picture)
    width, height = size
    for step in range(0, width + height, 26):
        draw.line([(step, 0), (step - height, height)], fill=(225, 233, 241), width=9)
    draw.rectangle([0, 0, width, 96], fill=(208, 221, 234))
    draw.rectangle([4, 4, width - 5, height - 5], outline=_PALE_INK, width=3)
    _write(draw, (52, 26), title, 40, _INK)
    return picture, draw


def _portrait(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    middle = (left + right) // 2
    draw.rectangle(box, fill=(215, 222, 230), outline=_PALE_INK, width=3)
    head = width // 4
    draw.ellipse([middle - head, top + height // 6, middle + head, top + height // 6 + head * 5 // 2], fill=_PALE_INK)
    shoulders = [left + width // 9, top + height * 2 // 3, right - width // 9, bottom + height // 4]
    draw.pieslice(shoulders, 180, 360, fill=_PALE_INK)


def _fields(draw: ImageDraw.ImageDraw, at: tuple[int, int], fields: list[tuple[str, str]]) -> None:
    left, top = at
    for label, value in fields:
        _write(draw, (left, top), label, 24, _PALE_INK)
        _write(draw, (left, top + 30), value, 40, _INK)
        top += 100


def _machine_lines(draw: ImageDraw.ImageDraw, top: int, width: int, holder: Holder, length: int) -> None:
    letters = unicodedata.normalize("NFD", holder.surname.upper())
    name = "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
    step = (width - 104) / length
    for number, start in enumerate((f"SPECIMEN<<{name}", "DEMONSTRATION<<NOT<A<DOCUMENT")):
        for position, letter in enumerate((start + "<" * length)[:length]):
            place = (52 + (position + 0.5) * step, top + number * 62)
            draw.text(place, letter, font=_font(34), fill=_INK, anchor="ms")


def _finished(picture: Image.Image) -> bytes:
    _stamp(picture, "SPÉCIMEN", 0.42)
    _stamp(picture, "SPECIMEN", 0.76)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _stamp(picture: Image.Image, word: str, height: float) -> None:
    width = picture.width
    size = width // 8
    stamp = Image.new("L", (width, width // 4), 0)
    _write(ImageDraw.Draw(stamp), (int(width - _length(word, size)) // 2, size // 2), word, size, 120)
    turned = stamp.rotate(14, expand=True, resample=Image.Resampling.BICUBIC)
    place = ((width - turned.width) // 2, int(picture.height * height) - turned.height // 2)
    picture.paste(Image.new("RGB", turned.size, _MARK), place, turned)


def _write(draw: ImageDraw.ImageDraw, at: tuple[float, int], text: str, size: int, ink: _Ink) -> None:
    """Write a line of text. Accents are drawn stroke by stroke, because the font that comes with Pillow has none."""
    x, baseline = at[0], at[1] + size
    for written in _letters(text):
        letter, marks = written[0], written[1:]
        width = _font(size).getlength(letter)
        middle = x + width / 2
        if letter == "i" and marks:
            # The mark takes the place of the dot, so only the stem is drawn.
            half = size * 0.045
            draw.rectangle([middle - half, baseline - size * 0.52, middle + half, baseline], fill=ink)
            top = baseline - size * 0.52
        else:
            draw.text((x, baseline), letter, font=_font(size), fill=ink, anchor="ls")
            top = _font(size).getbbox(letter, anchor="ls")[1] + baseline
        for mark in marks:
            _draw_mark(draw, mark, middle, baseline if mark == _CEDILLA else top, size, ink)
        x += width


def _draw_mark(draw: ImageDraw.ImageDraw, mark: str, middle: float, edge: float, size: int, ink: _Ink) -> None:
    points = [(middle + x * size, edge + y * size) for x, y in _STROKES.get(mark, ())]
    if mark == _DIAERESIS:
        radius = size * 0.055
        for x, y in points:
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)
    elif points:
        draw.line(points, fill=ink, width=max(2, round(size * 0.075)), joint="curve")


def _letters(text: str) -> list[str]:
    """Return each letter followed by its marks."""
    letters: list[str] = []
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character) and letters:
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _length(text: str, size: int) -> float:
    return sum(_font(size).getlength(letter[0]) for letter in _letters(text))


def _written(day: date) -> str:
    return day.strftime("%d.%m.%Y")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # The font that comes with Pillow: the same picture on every machine.
    return ImageFont.load_default(size)
