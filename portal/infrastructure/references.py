"""The reference of a case: how a new one is written, and how it is read from what people type."""

import re
import unicodedata

_LONGEST = 200
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width signs, as East Asian keyboards type them
_AROUND = r"[\s.,;:!?()\[\]{}<>«»“”„‘’\"']*"
_GAP = r"[\s\u2010-\u2015\u2212-]*"  # any space, any dash, or nothing
_DIGIT = "[0-9OIL]"  # whoever copies by hand reads the letter for the digit
_TYPED = re.compile(
    rf"{_AROUND}(?:(?:n[°º]|№)\s*)?DR{_GAP}({_DIGIT}{{4}}){_GAP}({_DIGIT}{{1,8}}){_AROUND}", re.IGNORECASE
)
_LETTERS = str.maketrans("OoIiLl", "001111")


def write_reference(year: int, number: int) -> str:
    """Return the reference of the case with a number in its year: DR-2026-00431."""
    return f"DR-{year:04}-{number:05}"


def read_reference(typed: str) -> str | None:
    """Return a typed reference in the form in which we write it, DR-2026-00431; None when it is no reference.

    Small letters, spaces, dashes of any kind or none, full-width signs, missing noughts, the letter O for a nought,
    “n°” before it and punctuation around it make no difference.
    """
    # Invisible signs come along when a reference is copied out of a mail or a table.
    seen = "".join(sign for sign in typed[:_LONGEST] if unicodedata.category(sign) != "Cf").translate(_WIDE)
    found = _TYPED.fullmatch(seen) if len(typed) <= _LONGEST else None
    return write_reference(*(int(part.translate(_LETTERS)) for part in found.groups())) if found else None
