"""Letters without their accents, for what is compared or found whatever way it was written."""

import re
import unicodedata
from itertools import chain
from typing import Final

# Latin letters that Unicode does not take apart into plain ones, and that are no plain letter with something to it.
_OTHERS: Final = {
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ß": "ss", "ẞ": "SS",
    "ı": "i", "Ŋ": "N", "ŋ": "n", "ĸ": "k", "Ɖ": "D", "ɖ": "d", "Ɛ": "E", "ɛ": "e", "Ɔ": "O", "ɔ": "o", "Ə": "E",
    "ə": "e", "Ǝ": "E", "ǝ": "e", "Ɣ": "G", "ɣ": "g", "Ʃ": "S", "ʃ": "s", "Ʒ": "Z", "ʒ": "z", "Ɩ": "I", "ɩ": "i",
    "Ʊ": "U", "ʊ": "u", "ſ": "s",
}  # fmt: skip
_WITH: Final = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH .+")


def _barred_and_hooked() -> dict[str, str]:
    """Return the plain letter of each Latin one with a bar, a hook or a stroke; Unicode says which only in its name."""
    # Latin Extended A and B with IPA, Additional, C, D, and E.
    blocks = ((0xC0, 0x2B0), (0x1D00, 0x1F00), (0x2C60, 0x2C80), (0xA720, 0xA800), (0xAB30, 0xAB70))
    signs = map(chr, chain.from_iterable(range(*block) for block in blocks))
    whole = (sign for sign in signs if not unicodedata.decomposition(sign))
    found = ((sign, _WITH.fullmatch(unicodedata.name(sign, ""))) for sign in whole)
    return {sign: name[2] if name[1] == "CAPITAL" else name[2].lower() for sign, name in found if name}


SPELT: Final = str.maketrans(_barred_and_hooked() | _OTHERS)
"""How a letter is spelt in plain ones, for each Latin letter that has a way."""


def without_accents(text: str) -> str:
    """Return a text without accents and other marks on its letters, signs of the same meaning made one (NFKD)."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def spelt(text: str) -> str:
    """Return a text in plain letters: without accents, ligatures taken apart, letters with a bar or a hook plain."""
    return without_accents(text.translate(SPELT)).translate(SPELT)
