"""What counts as a text that somebody typed, in one line and in several: the rule of every form and every import.

Controls are left out, since no keyboard makes them, no page shows them and PostgreSQL holds no NUL. So are, in one
line, the signs that turn the direction of writing: a name, a reference or a title stands amid words of ours, and
would turn those. Several lines stand in a block of their own, beyond which nothing turns, and whoever writes Arabic
or Hebrew may mean them there. Whatever else people type stays: joined emoji, spaces that do not break, line ends.
"""

import re
import unicodedata
from typing import Final

# C0 and C1 controls, and the halves of a pair that no encoding can write; tab and line end are text in several lines.
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# What programs write at the end of a line: of a mail, of Word, of a web page.
_LINE_END: Final = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
_DIRECTIONS: Final = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: str) -> str:
    """Return a text as it is kept in one line: composed, each control or line end a blank, no turn of direction."""
    return without_directions(_NOT_IN_A_LINE.sub(" ", unicodedata.normalize("NFC", text))).strip()


def name_of(text: str) -> str:
    """Return a name, or words to search by, in one line: blanks in a row, of whatever width, are one space."""
    return " ".join(one_line(text).split())


def several_lines(text: str) -> str:
    """Return a text as it is kept in several lines: composed, its line ends all alike, without controls."""
    return _NO_TEXT.sub("", _LINE_END.sub("\n", unicodedata.normalize("NFC", text))).strip()


def holds_controls(text: str, *, has_lines: bool = False) -> bool:
    """Tell whether a text holds what nobody types, for who refuses it instead of leaving it out.

    Args:
        has_lines: tab and line ends are text.
    """
    return (_NO_TEXT if has_lines else _NOT_IN_A_LINE).search(text) is not None


def without_directions(text: str) -> str:
    """Return a text of one line without the signs that turn the direction of writing."""
    return text if text.isascii() else text.translate(_DIRECTIONS)
