"""One folding of people's names, used by every comparison: doubts about an account, and the search of staff.

A name is written in many ways by the same person: with a ligature or without, a particle joined or apart, an accent
that a keyboard lacks. None of these is a difference, and a particle that two names share is no likeness.
"""

import unicodedata
from functools import lru_cache
from typing import Final

from portal.infrastructure.plain_letters import spelt

# Small words before a name, folded. They belong to it, and alone they name nobody.
# fmt: off
PARTICLES: Final = frozenset((
    "ab", "abd", "abdel", "abdul", "abou", "abu", "af", "ag", "ait", "al", "ap", "at", "aux", "ben", "bent", "bin",
    "bint", "bou", "da", "dal", "das", "de", "degli", "dei", "del", "della", "delle", "den", "der", "des", "di",
    "do", "dos", "du", "el", "et", "fitz", "ibn", "la", "las", "le", "les", "lo", "los", "mac", "of", "ould", "oulad",
    "saint", "sainte", "san", "santa", "sao", "te", "ten", "ter", "the", "tot", "um", "van", "vande", "vander",
    "vanden", "ver", "vom", "von", "zu", "zum", "zur",
))
# fmt: on
_LONG_FORMS: Final = {"st": "saint", "ste": "sainte", "mc": "mac"}
# What German and Scandinavian writers put for a letter that their keyboard lacks: Müller is Mueller, Søren is Soeren.
# Serbian and Croatian ones write dj for a barred d.
_DIGRAPHS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj"})
# Arabic letters that end a word are often typed one for the other.
_ENDINGS: Final = str.maketrans({"ة": "ه", "ى": "ي"})


def words_of(name: str) -> list[str]:
    """Return the words of a name, folded: plain small letters, cut at every sign that is no letter and no digit."""
    return [_long_form(word) for word in plain_words(name)]


def plain_words(name: str) -> list[str]:
    """Return the words of a name as `words_of` does, but short forms as they stand: St stays St, and Mc stays Mc."""
    plain = spelt(name).casefold().translate(_ENDINGS)
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Mn"})
    # Among the letters that only modify others, Unicode has apostrophes.
    return "".join(sign if sign.isalnum() and unicodedata.category(sign) != "Lm" else " " for sign in seen).split()


def folded(name: str) -> str:
    """Return a name as one word, folded, for a search: “Saint-Exupéry”, “St Exupery” and “SAINTEXUPERY” are one."""
    return "".join(words_of(name))


def is_same_name(one: str, other: str) -> bool | None:
    """Tell whether two names may be the same person's: they share a word, or words in a row that one of them joins.

    Returns:
        None where nothing can be said: one of them is empty, or they are written in different scripts.
    """
    mine, theirs = _forms(one), _forms(other)
    if not mine or not theirs or _scripts(one).isdisjoint(_scripts(other)):
        return None
    return not mine.isdisjoint(theirs)


def _long_form(word: str) -> str:
    if len(word) > 4 and word.startswith("mc"):
        return f"mac{word[2:]}"
    return _LONG_FORMS.get(word, word)


@lru_cache(maxsize=1024)
def _forms(name: str) -> frozenset[str]:
    """Return every run of neighbouring words as one word, without those of particles alone where there are others."""
    composed = unicodedata.normalize("NFC", name).casefold()
    forms: set[str] = set()
    for words in (words_of(name), words_of(composed.translate(_DIGRAPHS))):
        forms |= _runs(words[:12])  # no name is longer, and the runs grow with its square
    return frozenset(forms)


def _runs(words: list[str]) -> set[str]:
    ends = range(1, len(words) + 1)
    runs = [words[start:end] for end in ends for start in range(end)]
    return {"".join(run) for run in runs if any(map(_names_somebody, run))} or set(filter(None, ["".join(words)]))


def _names_somebody(word: str) -> bool:
    """Tell whether a word says more than a particle or an initial; one sign of another script is a whole name."""
    return word not in PARTICLES and not (len(word) == 1 and word.isascii())


def _scripts(name: str) -> frozenset[str]:
    """Return the scripts of a name's letters, by the first word of each letter's name: LATIN, CYRILLIC, ARABIC."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if sign.isalpha())
    return frozenset(unicodedata.name(letter, "?").split()[0] for letter in letters)
