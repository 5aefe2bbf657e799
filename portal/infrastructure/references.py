"""The reference of a case: how a new one is written, and how it is read from what people type."""

import re
import unicodedata

from portal.infrastructure.plain_letters import without_accents

_LONGEST = 200
_DIGIT = "[0-9oil]"  # whoever copies by hand reads the letter for the digit
# What stands before a reference in letters, subjects of mails and cells of tables, without accents.
_LABEL = "(?:ref|reference|dossier|demande|case|request|your|votre|n|no|num|numero|number|re|fw|fwd|tr)-?"
_TYPED = re.compile(rf"-?(?:{_LABEL}){{0,4}}dr-?({_DIGIT}{{4}})-?({_DIGIT}{{1,8}})-?")
_LETTERS = str.maketrans("oil", "011")
# Of a pattern, of a footnote, and of no keyboard: they cut no reference into its parts.
_NO_GAP = re.compile(r"%|[\x00-\x08\x0e-\x1f\x7f]|[\u00b2\u00b3\u00b9\u2070-\u2089]")


def write_reference(year: int, number: int) -> str:
    """Return the reference of the case with a number in its year: DR-2026-00431."""
    return f"DR-{year:04}-{number:05}"


def read_reference(typed: str) -> str | None:
    """Return a typed reference in the form in which we write it, DR-2026-00431; None when it is no reference.

    Small letters, spaces, dashes and other signs between its parts or none, full-width signs, digits of other scripts,
    missing noughts, the letter O for a nought, “Réf. n°” before it and punctuation around it make no difference.
    """
    is_read = len(typed) <= _LONGEST and not _NO_GAP.search(typed)
    found = _TYPED.fullmatch(_plain(typed)) if is_read else None
    return write_reference(*(int(part.translate(_LETTERS)) for part in found.groups())) if found else None


def _plain(typed: str) -> str:
    """Return small plain letters and digits, with one hyphen wherever something else stood, visible or not."""
    # Invisible signs come along when a reference is copied out of a mail or a table.
    seen = "".join(sign for sign in typed if unicodedata.category(sign) != "Cf").translate(
        {ord("°"): "o", ord("ー"): "-"}
    )
    signs = (str(unicodedata.decimal(sign, sign)) for sign in without_accents(seen).lower())
    return re.sub(r"-+", "-", "".join(sign if sign.isalnum() else "-" for sign in signs))
