"""Why something is not erased, in words: the law, the contract or the reason behind the code of a plan's item."""

from typing import Final

from portal.bilingual import Label


def ground_in_words(ground: str, legal_reference: Label | None, language: object) -> str:
    """Return the law, the contract or the reason for which an item stays; nothing where there is none."""
    label = legal_reference or _GROUNDS.get(ground)
    words = label.text(language) if label else ""
    return words[:1].upper() + words[1:]


_GROUNDS: Final = {
    "law": Label(fr="Obligation de conserver", en="Duty to keep"),
    "contract": Label(fr="Votre contrat en cours", en="Your contract that goes on"),
    "decided": Label(
        fr="Décidé par deux personnes : notre lettre dit pourquoi", en="Decided by two people: our letter says why"
    ),
    "hold": Label(fr="Conservation décidée pour un litige ou un contrôle", en="Kept for a dispute or an inspection"),
}
