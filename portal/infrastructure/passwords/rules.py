"""What a password must be: long, not among the common or stolen ones, not made of the names of owner or organisation.

Lengths count characters after Unicode composition, as the hash does (NIST SP 800-63B, ASVS 6.2).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path

from portal.infrastructure.plain_letters import without_accents

LONGEST = 128
FEWEST_DISTINCT = 6
# So many characters must be left of a password when names, and the digits and signs around them, are removed.
OWN_PART = 8
# A shorter part of a name occurs by chance in many phrases.
TELLING_WORD = 4

COMMON_FILE = Path(__file__).parent / "common_passwords.txt"
LISTED_FILE = Path(__file__).parent / "listed_words.txt"

_DIGITS_AND_SIGNS = "0123456789 !?.,:;*$#@+-_&/"
_SPELT_OUT = str.maketrans({"œ": "oe", "æ": "ae"})
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz" * 2, "0123456789" * 13, "13579" * 2, "02468" * 2,
    "7894561230", "147258369",
    "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю", "ςερτυθιοπασδφγηξκλζχψωβνμ", "bépoèvdljzwauie,ctsrnmçàyx.k'qghf",
    "pyfgcrlaoeuidhtns-qjkxbmwvz", "qwfpgjluyarstdhneiozxcvbkm",
    "1234567890-=", "!@#$%^&*()_+", "²&é\"'(-è_çà)=", "1234567890°+",
)  # fmt: skip
# A password is made of rows when it falls into so few pieces of a keyboard or the alphabet, of so many letters each.
FEW_PIECES, ROW_PIECE = 5, 3
# What people put for a letter when a digit or a sign is asked for.
_LETTERS_MEANT = str.maketrans("0134578@$€!", "oieastbasei")


class PasswordFault(StrEnum):
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    """Hashing it would cost more than it protects."""
    MADE_OF_NAMES = "made_of_names"
    """It is an address or a name, or adds little to them."""
    TOO_COMMON = "too_common"
    """It is among those that everybody tries first, or one piece repeated, or a row of keys."""
    BREACHED = "breached"
    """On the operator's list of passwords that were stolen somewhere."""


def password_fault(
    password: str, names: Iterable[str], *, shortest: int, is_breached: Callable[[str], bool] = lambda _password: False
) -> PasswordFault | None:
    """Return what is wrong with a new password, or None.

    Args:
        password: as typed; spaces count, nothing is cut off.
        names: what somebody who guesses tries with this person: their address and names, the organisation's name.
        shortest: the fewest characters that are accepted.
        is_breached: tells whether a password is known to thieves; asked last, because it reads from the disk.
    """
    if is_too_long(password):
        return PasswordFault.TOO_LONG
    small = unicodedata.normalize("NFC", password).casefold()
    if len(small) < shortest:
        return PasswordFault.TOO_SHORT
    if _is_made_of(folded(password), [folded(name) for name in names]):
        return PasswordFault.MADE_OF_NAMES
    if _is_common(small) or _is_listed(folded(password)):
        return PasswordFault.TOO_COMMON
    return PasswordFault.BREACHED if is_breached(password) else None


def folded(text: str) -> str:
    """Return a text in small letters without accents, œ and æ spelt out."""
    return without_accents(unicodedata.normalize("NFC", text).casefold()).translate(_SPELT_OUT)


def plain_signs(text: str) -> str:
    """Return the letters and digits of a text."""
    return "".join(sign for sign in text if sign.isalnum())


def is_too_long(password: str) -> bool:
    """Tell whether a password is longer than any that we accept, so that it need not be hashed."""
    return len(unicodedata.normalize("NFC", password)) > LONGEST


def _is_made_of(password: str, names: list[str]) -> bool:
    if any("@" in name and name in password for name in names):
        return True
    words = {word for name in names for word in [name, *re.split(r"[\W_]+", name)] if len(word) >= TELLING_WORD}
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != password and len(rest.strip(_DIGITS_AND_SIGNS)) < OWN_PART


def _is_common(password: str) -> bool:
    # Somebody who guesses first adds digits and signs after a listed word, or spaces inside it.
    bare = "".join(password.split())
    if {password, bare, bare.rstrip(_DIGITS_AND_SIGNS)} & _common_passwords():
        return True
    inside = bare.strip(_DIGITS_AND_SIGNS)
    if len(set(bare)) < FEWEST_DISTINCT or _is_half(bare) or (len(inside) >= OWN_PART and _is_half(inside)):
        return True
    pieces = _pieces_of_rows(bare)
    return pieces <= FEW_PIECES and len(bare) >= ROW_PIECE * pieces


def _pieces_of_rows(password: str) -> int:
    """Return into how few pieces a password falls that each stand in a row, forwards or backwards."""
    pieces, start = 0, 0
    while start < len(password):
        end = start + 1
        while end < len(password) and _is_in_row(password[start : end + 1]):
            end += 1
        pieces, start = pieces + 1, end
    return pieces


def _is_in_row(piece: str) -> bool:
    return any(piece in row or piece in row[::-1] for row in _ROWS)


def _is_listed(password: str) -> bool:
    """Tell whether a folded password is a listed word or row of words, perhaps backwards, or with digits around it.

    Digits and signs in the place of letters are read as the letters too.
    """
    meant = password.strip(_DIGITS_AND_SIGNS).translate(_LETTERS_MEANT)
    return _is_listed_as_it_stands(password) or _is_listed_as_it_stands(meant) or meant in _common_passwords()


def _is_listed_as_it_stands(password: str) -> bool:
    words, rows = _listed_words()
    plain = plain_signs(password)
    if len(plain) < OWN_PART:
        return password in words
    tries = {password, plain, plain.strip("0123456789")}
    tries |= {text[::-1] for text in tries}
    is_in_row = any(text in row for text in tries if len(text) >= OWN_PART for row in rows)
    return _is_half(plain) or not words.isdisjoint(tries) or is_in_row


def _is_half(password: str) -> bool:
    """Tell whether a password is one piece again and again, perhaps cut at the end, or the same backwards."""
    is_again = any(password[size:] == password[:-size] for size in range(1, len(password) // 2 + 1))
    return is_again or password == password[::-1]


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(line.casefold() for line in _lines(COMMON_FILE))


@cache
def _listed_words() -> tuple[frozenset[str], list[str]]:
    """Return the listed words, and the rows of words; each row twice, because it may begin anywhere."""
    lines = _lines(LISTED_FILE)
    rows = [line.replace(" ", "") * 2 for line in lines if " " in line]
    return frozenset(line for line in lines if " " not in line), rows


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
