"""Why something is not erased, in words: the law, the contract or the reason behind the code of a plan's item."""

from typing import Final

from portal.bilingual import Label
from portal.records.erasing.planning import CONTRACT, HOLD, LAW


def ground_in_words(ground: str, legal_reference: Label | None, language: object) -> str:
    """Return the law, the contract or the reason for which an item stays; nothing where there is none."""
    law = legal_reference.text(language) if legal_reference else ""
    if ground in _REASONS:
        reason = _REASONS[ground].text(language)
        return f"{reason} ({law})" if law else reason
    return law[:1].upper() + law[1:] or (_KEPT_BY_LAW.text(language) if ground == LAW else "")


_KEPT_BY_LAW: Final = Label(fr="Obligation de conserver", en="Duty to keep")
_REASONS: Final = {
    CONTRACT: Label(fr="Votre contrat en cours", en="Your contract that goes on"),
    "decided": Label(
        fr="Décidé par deux personnes : notre lettre dit pourquoi", en="Decided by two people: our letter says why"
    ),
    HOLD: Label(fr="Conservation décidée pour un litige ou un contrôle", en="Kept for a dispute or an inspection"),
}
