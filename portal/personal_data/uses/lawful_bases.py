"""The six lawful bases and the rights each gives (GDPR art. 6 and 15 to 21; table of the CNIL)."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class LawfulBasis(StrEnum):
    """Why a processing is lawful. One purpose has exactly one."""

    CONSENT = "consent"
    "The person agreed, and may take it back at any time (art. 6(1)(a))."
    CONTRACT = "contract"
    "Needed for a contract with the person, or for steps they asked for before it (art. 6(1)(b))."
    LEGITIMATE_INTEREST = "legitimate_interest"
    "Needed for an interest of ours or of others that the person's own do not override (art. 6(1)(f))."
    LEGAL_OBLIGATION = "legal_obligation"
    "The law makes us do it (art. 6(1)(c))."
    PUBLIC_INTEREST = "public_interest"
    "A task in the public interest (art. 6(1)(e))."
    VITAL_INTERESTS = "vital_interests"
    "It protects someone's life (art. 6(1)(d))."

    @property
    def article(self) -> str:
        """The point of article 6 that names this basis."""
        return f"GDPR art. 6(1)({_POINTS[self]})"

    def label(self, language: object) -> str:
        """Return the basis in plain words with its article."""
        return _LABELS[self].text(language)


class Availability(StrEnum):
    """Whether a right applies under a lawful basis."""

    YES = "yes"
    "The right applies."
    IF_NO_LONGER_NEEDED = "if_no_longer_needed"
    "It applies once the item is no longer needed, is held unlawfully, or the law says to erase it."
    WITHDRAW_CONSENT = "withdraw_consent"
    "There is nothing to object to: the person takes the consent back, with the same effect."
    NO = "no"
    "The law does not give this right here."


_Y, _N = Availability.YES, Availability.NO
_RIGHTS: Final = ("access", "rectification", "erasure", "restriction", "portability", "objection")
_TABLE: Final = {
    LawfulBasis.CONSENT: (_Y, _Y, _Y, _Y, _Y, Availability.WITHDRAW_CONSENT),
    LawfulBasis.CONTRACT: (_Y, _Y, _Y, _Y, _Y, _N),
    LawfulBasis.LEGITIMATE_INTEREST: (_Y, _Y, _Y, _Y, _N, _Y),
    LawfulBasis.LEGAL_OBLIGATION: (_Y, _Y, Availability.IF_NO_LONGER_NEEDED, _Y, _N, _N),
    LawfulBasis.PUBLIC_INTEREST: (_Y, _Y, _N, _Y, _N, _Y),
    LawfulBasis.VITAL_INTERESTS: (_Y, _Y, _Y, _Y, _N, _N),
}


def availability(basis: LawfulBasis, right: str) -> Availability:
    """Return whether a right applies under a lawful basis.

    An objection to direct marketing is open whatever the basis (art. 21(2)): that rule is not in the table.

    Args:
        right: the code of a right. Directives after death (`directives`) do not depend on the basis.

    Raises:
        ValueError: for an unknown right.
    """
    if right == "directives":
        return Availability.YES
    if right not in _RIGHTS:
        raise ValueError(f"“{right}” is not a right")
    return _TABLE[basis][_RIGHTS.index(right)]


def rights_for(basis: LawfulBasis) -> frozenset[str]:
    """Return the codes of the rights to offer for a basis, erasure under a legal duty included.

    Withdrawing consent is not a right request: see `may_withdraw_consent`.
    """
    offered = {Availability.YES, Availability.IF_NO_LONGER_NEEDED}
    return frozenset(right for right in _RIGHTS if availability(basis, right) in offered)


def may_withdraw_consent(basis: LawfulBasis) -> bool:
    """Whether the person stops the processing by taking consent back (art. 7(3))."""
    return basis is LawfulBasis.CONSENT


_POINTS: Final = {
    LawfulBasis.CONSENT: "a",
    LawfulBasis.CONTRACT: "b",
    LawfulBasis.LEGAL_OBLIGATION: "c",
    LawfulBasis.VITAL_INTERESTS: "d",
    LawfulBasis.PUBLIC_INTEREST: "e",
    LawfulBasis.LEGITIMATE_INTEREST: "f",
}

_LABELS: Final = {
    LawfulBasis.CONSENT: Label(
        fr="Seulement avec votre accord (consentement, article 6.1.a du RGPD)",
        en="Only with your consent (consent, GDPR article 6(1)(a))",
    ),
    LawfulBasis.CONTRACT: Label(
        fr="Votre contrat avec nous l'exige (contrat, article 6.1.b du RGPD)",
        en="Your contract with us needs it (contract, GDPR article 6(1)(b))",
    ),
    LawfulBasis.LEGITIMATE_INTEREST: Label(
        fr="Nous y avons un intérêt légitime (article 6.1.f du RGPD)",
        en="We have a legitimate interest in it (GDPR article 6(1)(f))",
    ),
    LawfulBasis.LEGAL_OBLIGATION: Label(
        fr="La loi nous y oblige (obligation légale, article 6.1.c du RGPD)",
        en="The law makes us do it (legal obligation, GDPR article 6(1)(c))",
    ),
    LawfulBasis.PUBLIC_INTEREST: Label(
        fr="C'est une mission d'intérêt public (article 6.1.e du RGPD)",
        en="It is a task in the public interest (GDPR article 6(1)(e))",
    ),
    LawfulBasis.VITAL_INTERESTS: Label(
        fr="La vie d'une personne en dépend (intérêts vitaux, article 6.1.d du RGPD)",
        en="Someone's life depends on it (vital interests, GDPR article 6(1)(d))",
    ),
}
