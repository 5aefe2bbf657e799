"""Letters without their accents, for what is compared or found whatever way it was written."""

import unicodedata
from typing import Final

# Latin letters that Unicode does not take apart into a plain letter and a mark.
_SPELT: Final = str.maketrans({
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d",
    "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ß": "ss", "ẞ": "SS", "ı": "i", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
    "Ŋ": "N", "ŋ": "n", "ĸ": "k", "Ɖ": "D", "ɖ": "d", "Ƶ": "Z", "ƶ": "z", "Ɓ": "B", "ɓ": "b", "Ɗ": "D", "ɗ": "d",
    "Ɨ": "I", "ɨ": "i", "Ƙ": "K", "ƙ": "k", "Ɛ": "E", "ɛ": "e", "Ɔ": "O", "ɔ": "o", "Ə": "E", "ə": "e", "ſ": "s",
})  # fmt: skip


def without_accents(text: str) -> str:
    """Return a text without accents and other marks on its letters, signs of the same meaning made one (NFKD)."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def spelt(text: str) -> str:
    """Return a text in plain letters: without accents, ligatures taken apart, letters with a bar or a hook plain."""
    return without_accents(text.translate(_SPELT)).translate(_SPELT)
