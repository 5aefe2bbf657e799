"""What a staff password must not be, where fifteen characters have put most common passwords out already."""

import re
import unicodedata

SHORTEST = 15
LONGEST = 128
FEWEST_DISTINCT = 6

_RUNS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "0123456789" * 13,
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)


def is_guessable(password: str, names: list[str]) -> bool:
    """Tell whether a long password is easy all the same: repeated, a run of keys, or the person's own names.

    Args:
        password: as typed.
        names: what the person and the organisation are called, addresses included.
    """
    plain = _plain(password)
    if len(set(plain)) < FEWEST_DISTINCT or plain in (plain + plain)[1:-1]:
        return True
    if any(plain in run or plain in run[::-1] for run in _RUNS):
        return True
    own = {word for name in names for word in re.split(r"[^a-z0-9]+", _plain(name)) if len(word) > 2}
    rest = plain
    for word in sorted(own, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(set(re.sub(r"[^a-z]", "", rest))) < FEWEST_DISTINCT and len(rest) < len(plain)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
