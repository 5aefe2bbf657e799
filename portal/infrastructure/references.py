"""The reference of a case: how a new one is written, and how it is read from what people type."""

import re

from portal.infrastructure.typed_texts import without_directions

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width signs, as East Asian keyboards type them
_AROUND = r"[\s.,;:!?()\[\]{}<>«»“”„‘’\"']*"
_GAP = r"[\s\u2010-\u2015\u2212-]*"  # any space, any dash, or nothing
_TYPED = re.compile(rf"{_AROUND}(?:(?:n[°º]|№)\s*)?DR{_GAP}([0-9]{{4}}){_GAP}([0-9]{{1,8}}){_AROUND}", re.IGNORECASE)


def write_reference(year: int, number: int) -> str:
    """Return the reference of the case with a number in its year: DR-2026-00431."""
    return f"DR-{year:04}-{number:05}"


def read_reference(typed: str) -> str | None:
    """Return a typed reference in the form in which we write it, DR-2026-00431; None when it is no reference.

    Small letters, spaces, dashes of any kind or none, full-width signs, missing noughts, “n°” before it and
    punctuation around it make no difference.
    """
    # Invisible signs of direction come along when a reference is copied out of a mail or a table.
    found = _TYPED.fullmatch(without_directions(typed).translate(_WIDE))
    return write_reference(int(found[1]), int(found[2])) if found else None
