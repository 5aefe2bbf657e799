"""Clean what people typed, in one line or in several: the same rule for every form and every import.

Control characters are removed: no keyboard makes them, no page shows them, and PostgreSQL cannot store NUL.

In one line the signs that turn the direction of writing are removed too. A name or a reference stands inside sentences
of ours, and would turn their words. In several lines they stay: such a text is a block of its own, beyond which nothing
turns, and somebody who writes Arabic or Hebrew may need them. The two overrides go from there as well: no language
needs them, and they make a word read as another.

Everything else stays as typed: joined emoji, non-breaking spaces, line ends.
"""

import re
import unicodedata
from typing import Final

# C0 and C1 controls, and single surrogates, which no encoding can write. Tab and line end are text in several lines.
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_OVERRIDES: Final = re.compile(r"[\u202d\u202e]")
_NOT_IN_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# The line ends of mails, of Word and of web pages.
_LINE_END: Final = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
_DIRECTIONS: Final = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
UNSEEN: Final = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that Unicode counts as printable and that show nothing: fillers, joiners, variants of a sign."""


def one_line(text: str) -> str:
    """Return a text as it is kept in one line: composed, a blank for controls and line ends, no signs of direction."""
    return without_directions(_NOT_IN_A_LINE.sub(" ", unicodedata.normalize("NFC", text))).strip()


def name_of(text: str) -> str:
    """Return a name, or words to search by, in one line. Several blanks, of any width, become one space.

    A name of invisible signs alone is none: nobody could be addressed by it, or told from somebody without one.
    """
    return "" if shows_nothing(text) else " ".join(one_line(text).split())


def several_lines(text: str) -> str:
    """Return a text as it is kept in several lines: composed, every line end a newline, no controls, no overrides."""
    composed = unicodedata.normalize("NFC", text)
    return without_overrides(_NO_TEXT.sub("", _LINE_END.sub("\n", composed))).strip()


def holds_controls(text: str, *, has_lines: bool = False) -> bool:
    """Tell whether a text holds controls, for a caller that refuses them instead of removing them.

    Args:
        has_lines: whether the text may have several lines; tab and line ends are then allowed.
    """
    return (_NO_TEXT if has_lines else _NOT_IN_A_LINE).search(text) is not None


def without_overrides(text: str) -> str:
    """Return a text of several lines without the signs that force the direction of letters."""
    return text if text.isascii() else _OVERRIDES.sub("", text)


def without_directions(text: str) -> str:
    """Return a text of one line without the signs that turn the direction of writing."""
    return text if text.isascii() else text.translate(_DIRECTIONS)


def shows_nothing(text: str) -> bool:
    """Tell whether a text holds blanks and invisible signs alone: whoever reads it sees that nothing stands there."""
    return all(sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"} or UNSEEN.match(sign) for sign in text)
