"""One folding of people's names, used by every comparison: doubts about an account, and the search of staff.

A name is written in many ways by the same person: with a ligature or without, a particle joined or apart, an accent
that a keyboard lacks. None of these is a difference, and a particle that two names share is no likeness.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

from portal.infrastructure.plain_letters import spelt
from portal.infrastructure.typed_texts import UNSEEN

# Small words before or between names, folded. They belong to a name, and alone they name nobody.
# fmt: off
PARTICLES: Final = frozenset((
    "aan", "ab", "abd", "abdel", "abdoul", "abdul", "abi", "abou", "abu", "ad", "af", "ag",
    "agli", "ai", "ait", "al", "alla", "am", "an",
    "ap", "ar", "as", "ash", "at", "auf", "aus", "aux", "av", "bani", "bar", "bat", "ben", "beni", "bent", "bin",
    "bint", "binte", "binti", "bou", "da", "dagli", "dai", "dal", "dall", "dalla", "dalle", "dallo", "das", "de",
    "degli", "dei", "del", "dell", "della", "delle", "dello", "den", "der", "des", "di", "do", "dos", "du", "ech", "ed",
    "el", "en", "er", "es", "esh", "et", "ez", "ferch", "fitz", "het", "ibn", "im", "in", "la", "las", "le", "les",
    "li", "lo", "los", "mac", "ni", "nic", "of", "op", "ou", "oulad", "ould", "oum", "over", "saint", "sainte", "san",
    "sankt", "santa", "santo", "sao", "te", "ten", "ter", "the", "thi", "till", "toe", "tot", "ua", "ud", "ui", "uit",
    "ul", "um", "und", "van", "vande", "vander", "vanden", "vd", "ver", "vom", "von", "voor", "zu", "zum", "zur",
    "ابن", "ابو", "ابي", "اولاد", "ايت", "ال", "ام", "بن", "بنت", "بني", "عبد", "ولد", "בן", "בת", "בר", "אבו",
))
# What stands beside names on letters and in registers, and is nobody's name: titles, and what joins two names.
BESIDE: Final = frozenset((
    "dit", "dite", "dr", "ep", "epouse", "fils", "ii", "iii", "iv", "jr", "junior", "lalla", "mlle", "mme", "moulay",
    "mr", "mrs", "ms", "ne", "nee", "pr", "prof", "sidi", "sr", "veuve", "vve",
))
# fmt: on
_LONG_FORMS: Final = {"st": "saint", "ste": "sainte", "sta": "santa", "sto": "santo", "mc": "mac"}
# What German and Scandinavian writers put for a letter that their keyboard lacks: Müller is Mueller, Søren is Soeren.
# Serbian and Croatian ones write dj for a barred d, whose capital looks like an eth; Dutch ones ij for a y with dots.
_DIGRAPHS: Final = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "ǿ": "oe", "å": "aa", "ǻ": "aa", "đ": "dj", "ð": "dj", "ÿ": "ij",
})  # fmt: skip
# Arabic letters that are often typed one for the other, at the end of a word or on a keyboard for another language.
_ALIKE: Final = str.maketrans({"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ہ": "ه", "ھ": "ه", "ە": "ه"})
# It only widens an Arabic word.
_STROKE: Final = "\u0640"
# Unicode counts these among the letters, and people see an apostrophe or another small sign above the line.
_APOSTROPHES: Final = re.compile("[\u02b0-\u02ff\ua788-\ua78c\u07f4\u07f5]")
# One article in the names of God, written as it is heard: Abd al-Rahman is Abdelrahman and Abdulrahman.
_SERVANT: Final = re.compile(r"^abd(?:al|ul|oul|oel)")
_FATHER: Final = re.compile(r"^abou")
# Nobody joins more words than these in one, however many names they bear.
_MOST_JOINED: Final = 6


def words_of(name: str) -> list[str]:
    """Return the words of a name, folded: plain small letters, cut at every sign that is no letter and no digit."""
    return [_long_form(word) for word in plain_words(name)]


def plain_words(name: str) -> list[str]:
    """Return the words of a name as `words_of` does, but short forms as they stand: St stays St, and Mc stays Mc."""
    plain = spelt(UNSEEN.sub("", name).replace(_STROKE, "")).casefold().translate(_ALIKE)
    return "".join(sign if _is_of_a_word(sign) else " " for sign in plain if unicodedata.category(sign) != "Cf").split()


def _is_of_a_word(sign: str) -> bool:
    """Tell whether a sign is a letter, a digit, or a vowel that Indian and Thai scripts write as a mark."""
    return (sign.isalnum() or unicodedata.category(sign) in {"Mn", "Mc"}) and not _APOSTROPHES.match(sign)


def folded(name: str) -> str:
    """Return a name as one word, folded, for a search: “Saint-Exupéry”, “St Exupery” and “SAINTEXUPERY” are one."""
    return "".join(words_of(name))


def initial_of(name: str) -> str:
    """Return the first letter of a name, with the vowel that some scripts write as a mark on it; empty without one.

    What stands before it, as in ’t Hooft, is passed over.
    """
    place = next((place for place, sign in enumerate(name) if sign.isalpha() and _is_of_a_word(sign)), len(name))
    marks = takewhile(lambda sign: unicodedata.category(sign)[0] == "M", name[place + 1 :])
    return name[place : place + 1] + "".join(marks)


def is_same_name(one: str, other: str) -> bool | None:
    """Tell whether two names may be the same person's: they share a word, or words in a row that one of them joins.

    Returns:
        None where nothing can be said: one of them is empty, or they are written in different scripts.
    """
    mine, theirs = _forms(one), _forms(other)
    if not mine or not theirs or _scripts(one).isdisjoint(_scripts(other)):
        return None
    return not mine.isdisjoint(theirs) or _is_whole_in(one, other) or _is_whole_in(other, one)


def _is_whole_in(one: str, other: str) -> bool:
    """Tell whether a name that is small words alone, as Lê or Do may be a whole one, stands in another name."""
    words = words_of(one)
    return not any(map(_names_somebody, words)) and "".join(words) in _joined(words_of(other))


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
        named = [place for place, word in enumerate(words) if _names_somebody(word)]
        forms |= _joined(words, named) if named else set(filter(None, ["".join(words)]))
    return frozenset(_FATHER.sub("abu", _SERVANT.sub("abdel", form)) for form in forms)


def _joined(words: list[str], named: Sequence[int] | None = None) -> set[str]:
    """Return each run of neighbouring words as one word; only those with a word at one of the `named` places."""
    runs = ((start, end) for end in range(1, len(words) + 1) for start in range(max(0, end - _MOST_JOINED), end))
    return {
        "".join(words[start:end])
        for start, end in runs
        if named is None or any(start <= place < end for place in named)
    }


def _names_somebody(word: str) -> bool:
    """Tell whether a word says more than a particle or an initial; one sign of another script is a whole name."""
    return word not in PARTICLES and word not in BESIDE and not (len(word) == 1 and word.isascii())


def _scripts(name: str) -> frozenset[str]:
    """Return the scripts of a name's letters, by the first word of each letter's name: LATIN, CYRILLIC, ARABIC."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if sign.isalpha() and not _APOSTROPHES.match(sign))
    return frozenset(unicodedata.name(letter, "?").split()[0] for letter in letters)
