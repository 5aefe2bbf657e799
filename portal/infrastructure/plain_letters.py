"""Letters without their accents, for what is compared or found whatever way it was written."""

import unicodedata


def without_accents(text: str) -> str:
    """Return a text without accents and other marks on its letters, signs of the same meaning made one (NFKD)."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
