"""The papers that somebody may send: to prove who they are, or a value to correct; and the sides of each."""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label


class Side(StrEnum):
    """One face of a paper: one file to send."""

    FRONT = "front"
    "The face with the name."
    BACK = "back"
    "The other face."
    PAGE = "page"
    "The page with the name, of a booklet or of a file."
    PROOF = "proof"
    "What shows that a value is right."

    def label(self, language: object) -> str:
        """Return the side as the label of a file field, said of the paper in general."""
        return _SIDES[self].text(language)

    def name_in(self, language: object) -> str:
        """Return the side in one word."""
        return _NAMES[self].text(language)

    def arrived(self, language: object, at: str) -> str:
        """Return that the side has arrived, with the moment in words: « Recto reçu le 4 mai à 14 h 02 »."""
        return _ARRIVED[self].filled(language, at=at)


class Paper(StrEnum):
    """A paper that we take, the least revealing one first."""

    FRANCE_IDENTITE = "france_identite"
    "A signed single-use PDF that names its recipient and shows no picture of the card."
    IDENTITY_CARD = "identity_card"
    "A national identity card of any country."
    PASSPORT = "passport"
    "The page with the name."
    RESIDENCE_PERMIT = "residence_permit"
    "A titre de séjour."
    DRIVING_LICENCE = "driving_licence"
    "A driving licence as a card."
    VALUE_PROOF = "value_proof"
    "No proof of identity: what shows that a value to correct is right."

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides to send, in their order."""
        return _SIDES_OF[self]

    def label(self, language: object) -> str:
        """Return the name of the paper, with what is to be sent of it."""
        return _PAPERS[self].text(language)


_FACES: Final = (Side.FRONT, Side.BACK)
_SIDES_OF: Final = {
    Paper.FRANCE_IDENTITE: (Side.PAGE,),
    Paper.IDENTITY_CARD: _FACES,
    Paper.PASSPORT: (Side.PAGE,),
    Paper.RESIDENCE_PERMIT: _FACES,
    Paper.DRIVING_LICENCE: _FACES,
    Paper.VALUE_PROOF: (Side.PROOF,),
}
OF_IDENTITY: Final = tuple(paper for paper in Paper if paper is not Paper.VALUE_PROOF)
"""The papers by which somebody can prove who they are."""

_SIDES: Final = {
    Side.FRONT: Label(fr="Recto de la pièce", en="Front of the document"),
    Side.BACK: Label(fr="Verso de la pièce", en="Back of the document"),
    Side.PAGE: Label(fr="Page qui porte votre nom", en="Page with your name"),
    Side.PROOF: Label(fr="Votre justificatif", en="Your proof"),
}

_NAMES: Final = {
    Side.FRONT: Label(fr="recto", en="front"),
    Side.BACK: Label(fr="verso", en="back"),
    Side.PAGE: Label(fr="page", en="page"),
    Side.PROOF: Label(fr="justificatif", en="proof"),
}

_ARRIVED: Final = {
    Side.FRONT: Label(fr="Recto reçu le {at}", en="Front received on {at}"),
    Side.BACK: Label(fr="Verso reçu le {at}", en="Back received on {at}"),
    Side.PAGE: Label(fr="Page reçue le {at}", en="Page received on {at}"),
    Side.PROOF: Label(fr="Justificatif reçu le {at}", en="Proof received on {at}"),
}

_PAPERS: Final = {
    Paper.FRANCE_IDENTITE: Label(
        fr="Justificatif à usage unique de France Identité (un fichier PDF)",
        en="Single-use proof from France Identité (one PDF file)",
    ),
    Paper.IDENTITY_CARD: Label(fr="Carte d'identité (recto et verso)", en="Identity card (front and back)"),
    Paper.PASSPORT: Label(fr="Passeport (la page qui porte votre nom)", en="Passport (the page with your name)"),
    Paper.RESIDENCE_PERMIT: Label(fr="Titre de séjour (recto et verso)", en="Residence permit (front and back)"),
    Paper.DRIVING_LICENCE: Label(fr="Permis de conduire (recto et verso)", en="Driving licence (front and back)"),
    Paper.VALUE_PROOF: Label(fr="Justificatif de la valeur à corriger", en="Proof of the value to correct"),
}
