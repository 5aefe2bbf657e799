"""What the right to portability covers (GDPR art. 20; WP 242 rev.01), and why it leaves the rest out."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.personal_data.uses.lawful_bases import Availability, LawfulBasis, availability

PORTABLE_NATURES: Final = frozenset({"provided", "observed"})


class LeftOut(StrEnum):
    """Why something is not in a portable copy. The copy of art. 15 holds it all the same."""

    OTHER_BASIS = "other_basis"
    "It rests neither on consent nor on a contract, or nobody can tell any more on what (art. 20(1)(a))."
    INFERRED = "inferred"
    "The company worked it out: the person neither gave it nor made it by using a service (WP 242)."
    RIGHTS_OF_OTHERS = "rights_of_others"
    "It would harm somebody else (art. 20(4)); a person of the team decided that."
    DECIDED = "decided"
    "It was refused on another ground, which the answer gives (art. 12(4))."

    def sentence(self, language: object) -> str:
        """Return the reason as a sentence for the person."""
        return _REASONS[self].text(language)


def is_portable_basis(basis: LawfulBasis) -> bool:
    """Tell whether data held on a basis may be taken along."""
    return availability(basis, "portability") is Availability.YES


def left_out(nature: str, *, is_basis_portable: bool) -> LeftOut | None:
    """Return why data of a nature are not portable; None where they are.

    Args:
        is_basis_portable: whether consent or a contract is among what they rest on: what is used for a contract stays
            portable when it serves more.
    """
    if nature not in PORTABLE_NATURES:
        return LeftOut.INFERRED
    return None if is_basis_portable else LeftOut.OTHER_BASIS


NO_DIRECT_TRANSFER: Final = Label(
    fr="Nous n'envoyons pas cette copie nous-mêmes à une autre entreprise : nous n'avons avec aucune de liaison sûre ni"
    " de format convenu, et la loi ne demande cet envoi direct que s'il est techniquement possible (article 20,"
    " paragraphe 2, du RGPD). Vous pouvez remettre ce fichier à qui vous voulez : son format est décrit et ouvert.",
    en="We do not send this copy to another company ourselves: we share a safe connection or an agreed format with"
    " none, and the law asks for a direct transfer only where it is technically feasible (GDPR article 20(2)). You can"
    " hand this file to whom you like: its format is open and described.",
)
"""That direct transfer is not offered, and why: in the copy, and in the answer."""

_REASONS: Final = {
    LeftOut.OTHER_BASIS: Label(
        fr="Nous gardons ces données pour une autre raison que votre accord ou un contrat : la portabilité ne les"
        " couvre pas (article 20, paragraphe 1, du RGPD). Vous pouvez en demander une copie par le droit d'accès.",
        en="We hold these data neither with your consent nor for a contract, so portability does not cover them (GDPR"
        " article 20(1)). You can ask for a copy of them by the right of access.",
    ),
    LeftOut.INFERRED: Label(
        fr="Nous avons établi ces données nous-mêmes : la portabilité couvre ce que vous avez fourni ou ce que nous"
        " avons observé. Vous pouvez en demander une copie par le droit d'accès.",
        en="We worked these data out ourselves: portability covers what you gave us or what we observed. You can ask"
        " for a copy of them by the right of access.",
    ),
    LeftOut.RIGHTS_OF_OTHERS: Label(
        fr="Les emporter porterait atteinte aux droits d'une autre personne (article 20, paragraphe 4, du RGPD).",
        en="Taking them along would harm the rights of somebody else (GDPR article 20(4)).",
    ),
    LeftOut.DECIDED: Label(
        fr="Nous avons refusé de vous remettre ces données : notre réponse dit pourquoi.",
        en="We refused to hand these data over: our answer says why.",
    ),
}
