"""What a reviewer looks at on a paper, what the person may hide, and what to say when the paper is refused.

EDPB guidelines 01/2022, paragraphs 76 to 79: a name, an issue or expiry date and the issuing authority are
enough. No number is ever read or stored.
"""

from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.identity_checks.proof.papers import Paper


class CheckItem(StrEnum):
    """One thing that a reviewer confirms. Identity may be confirmed only with all of a paper's items ticked."""

    IS_READABLE = "is_readable"
    IS_COMPLETE = "is_complete"
    NAME_MATCHES = "name_matches"
    BIRTH_DATE_MATCHES = "birth_date_matches"
    "Only where a date of birth is held and a mistaken identity is possible."
    IS_IN_DATE = "is_in_date"
    AUTHORITY_SHOWS = "authority_shows"
    LOOKS_GENUINE = "looks_genuine"
    SIGNATURE_IS_VALID = "signature_is_valid"
    IS_ADDRESSED_TO_US = "is_addressed_to_us"

    def label(self, language: object) -> str:
        return _ITEMS[self].text(language)


class RejectReason(StrEnum):
    """Why a document is rejected. The code is kept; the document is not."""

    UNREADABLE = "unreadable"
    CUT_OFF = "cut_off"
    WRONG_SIDE = "wrong_side"
    TOO_MUCH_HIDDEN = "too_much_hidden"
    EXPIRED = "expired"
    NAME_DIFFERS = "name_differs"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    NOT_ACCEPTED = "not_accepted"
    SIGNATURE_INVALID = "signature_invalid"
    NOT_ADDRESSED_TO_US = "not_addressed_to_us"
    ALTERED = "altered"

    def label(self, language: object) -> str:
        """Return the reason in a few words, for staff."""
        return _REJECTIONS[self][0].text(language)

    def hint(self, language: object) -> str:
        """Return what is wrong and what to do, as a sentence to the person."""
        return _REJECTIONS[self][1].text(language)


def checklist(paper: Paper, *, compares_birth_date: bool) -> tuple[CheckItem, ...]:
    """Return the items to confirm on a paper, in the order in which one looks.

    Args:
        compares_birth_date: whether a date of birth is held to compare with.
    """
    birth_date = (CheckItem.BIRTH_DATE_MATCHES,) if compares_birth_date else ()
    if paper is Paper.FRANCE_IDENTITE:
        own = (CheckItem.IS_ADDRESSED_TO_US, CheckItem.SIGNATURE_IS_VALID, CheckItem.IS_IN_DATE)
        return (CheckItem.IS_READABLE, CheckItem.NAME_MATCHES, *birth_date, *own)
    return (
        CheckItem.IS_READABLE,
        CheckItem.IS_COMPLETE,
        CheckItem.NAME_MATCHES,
        *birth_date,
        CheckItem.IS_IN_DATE,
        CheckItem.AUTHORITY_SHOWS,
        CheckItem.LOOKS_GENUINE,
    )


def reject_reasons(paper: Paper) -> tuple[RejectReason, ...]:
    """Return the reasons that can apply to a paper."""
    is_digital = paper is Paper.FRANCE_IDENTITE
    left_out = _PAPER_ONLY if is_digital else _DIGITAL_ONLY
    return tuple(reason for reason in RejectReason if reason not in left_out)


def may_be_hidden(paper: Paper, language: object) -> tuple[str, ...]:
    """Return what the person may cover on a paper before sending it; nothing on a France Identité proof."""
    return tuple(label.text(language) for label in _MAY_BE_HIDDEN[paper])


def must_show(language: object, *, compares_birth_date: bool) -> tuple[str, ...]:
    """Return what must stay readable on every paper."""
    labels = [_NAME, _BIRTH_DATE, _VALIDITY, _AUTHORITY] if compares_birth_date else [_NAME, _VALIDITY, _AUTHORITY]
    return tuple(label.text(language) for label in labels)


_DIGITAL_ONLY: Final = frozenset({RejectReason.SIGNATURE_INVALID, RejectReason.NOT_ADDRESSED_TO_US})
_PAPER_ONLY: Final = frozenset(
    {RejectReason.CUT_OFF, RejectReason.WRONG_SIDE, RejectReason.TOO_MUCH_HIDDEN, RejectReason.ALTERED}
)

_NAME: Final = Label(fr="vos nom et prénom", en="your first and last names")
_BIRTH_DATE: Final = Label(fr="votre date de naissance", en="your date of birth")
_VALIDITY: Final = Label(fr="la date de délivrance ou de fin de validité", en="the date of issue or of expiry")
_AUTHORITY: Final = Label(fr="l'autorité qui l'a délivrée", en="the authority that issued it")

_PHOTO: Final = Label(fr="la photo", en="the photo")
_NUMBER: Final = Label(fr="le numéro de la pièce", en="the number of the document")
_SIGNATURE: Final = Label(fr="votre signature", en="your signature")
_MACHINE_LINES: Final = Label(fr="les lignes de signes en bas", en="the lines of signs at the bottom")
_HEIGHT: Final = Label(fr="la taille et la couleur des yeux", en="height and colour of eyes")
_SEX: Final = Label(fr="le sexe", en="sex")
_BIRTH_PLACE: Final = Label(fr="le lieu de naissance", en="place of birth")
_NATIONALITY: Final = Label(fr="la nationalité", en="nationality")
_ADDRESS: Final = Label(fr="l'adresse", en="the address")
_PERMIT_KIND: Final = Label(fr="le motif du séjour", en="the ground of residence")
_VEHICLES: Final = Label(fr="les catégories de véhicules", en="the categories of vehicles")
_ALL_ELSE: Final = Label(fr="tout ce qui ne montre pas cette valeur", en="all that does not show this value")
_ALWAYS_HIDEABLE: Final = (_PHOTO, _NUMBER, _SIGNATURE, _BIRTH_PLACE)

_MAY_BE_HIDDEN: Final[dict[Paper, tuple[Label, ...]]] = {
    Paper.FRANCE_IDENTITE: (),
    Paper.VALUE_PROOF: (_ALL_ELSE,),
    Paper.IDENTITY_CARD: (*_ALWAYS_HIDEABLE, _SEX, _HEIGHT, _NATIONALITY, _ADDRESS, _MACHINE_LINES),
    Paper.PASSPORT: (*_ALWAYS_HIDEABLE, _SEX, _HEIGHT, _NATIONALITY, _MACHINE_LINES),
    Paper.RESIDENCE_PERMIT: (*_ALWAYS_HIDEABLE, _SEX, _NATIONALITY, _ADDRESS, _PERMIT_KIND, _MACHINE_LINES),
    Paper.DRIVING_LICENCE: (*_ALWAYS_HIDEABLE, _VEHICLES),
}

_ITEMS: Final = {
    CheckItem.IS_READABLE: Label(fr="La pièce se lit sans effort", en="The document is easy to read"),
    CheckItem.IS_COMPLETE: Label(fr="Tous les côtés demandés sont là", en="Every side asked for is there"),
    CheckItem.NAME_MATCHES: Label(
        fr="Le nom est celui du compte ou des dossiers", en="The name is that of the account or the files"
    ),
    CheckItem.BIRTH_DATE_MATCHES: Label(
        fr="La date de naissance est celle des dossiers", en="The date of birth is that of the files"
    ),
    CheckItem.IS_IN_DATE: Label(fr="La pièce est en cours de validité", en="The document is in date"),
    CheckItem.AUTHORITY_SHOWS: Label(fr="L'autorité qui l'a délivrée se lit", en="The issuing authority shows"),
    CheckItem.LOOKS_GENUINE: Label(
        fr="Rien ne paraît modifié, hors ce que la personne a caché",
        en="Nothing looks altered, apart from what the person hid",
    ),
    CheckItem.SIGNATURE_IS_VALID: Label(
        fr="La signature électronique du fichier est bonne", en="The electronic signature of the file is good"
    ),
    CheckItem.IS_ADDRESSED_TO_US: Label(
        fr="Le justificatif nomme notre société et ce motif",
        en="The proof names our company and this purpose",
    ),
}

_REJECTIONS: Final = {
    RejectReason.UNREADABLE: (
        Label(fr="Illisible", en="Unreadable"),
        Label(
            fr="Nous n'arrivons pas à lire la pièce. Envoyez une photo nette, prise à la lumière du jour.",
            en="We cannot read the document. Send a sharp photo, taken in daylight.",
        ),
    ),
    RejectReason.CUT_OFF: (
        Label(fr="Bords coupés", en="Edges cut off"),
        Label(
            fr="Une partie de la pièce manque sur l'image. Envoyez une photo où les quatre bords se voient.",
            en="Part of the document is missing from the picture. Send one that shows all four edges.",
        ),
    ),
    RejectReason.WRONG_SIDE: (
        Label(fr="Mauvais côté", en="Wrong side"),
        Label(
            fr="Un côté manque ou se trouve deux fois. Envoyez chaque côté demandé.",
            en="One side is missing or was sent twice. Send each side asked for.",
        ),
    ),
    RejectReason.TOO_MUCH_HIDDEN: (
        Label(fr="Trop d'éléments cachés", en="Too much is hidden"),
        Label(
            fr="Un élément à lire est caché. Laissez voir le nom, les dates et l'autorité.",
            en="Something we need to read is hidden. Leave the name, the dates and the authority visible.",
        ),
    ),
    RejectReason.EXPIRED: (
        Label(fr="Périmée", en="Out of date"),
        Label(
            fr="La pièce n'est plus valable. Envoyez une pièce en cours de validité.",
            en="The document is out of date. Send one that is still in date.",
        ),
    ),
    RejectReason.NAME_DIFFERS: (
        Label(fr="Nom différent", en="Name differs"),
        Label(
            fr="Le nom n'est pas celui de nos dossiers. Expliquez la différence, ou envoyez une autre pièce.",
            en="The name is not the one in our files. Tell us why, or send another document.",
        ),
    ),
    RejectReason.BIRTH_DATE_DIFFERS: (
        Label(fr="Date de naissance différente", en="Date of birth differs"),
        Label(
            fr="La date de naissance n'est pas celle de nos dossiers. Expliquez la différence.",
            en="The date of birth is not the one in our files. Tell us why.",
        ),
    ),
    RejectReason.NOT_ACCEPTED: (
        Label(fr="Ce n'est pas une pièce acceptée", en="Not a document we take"),
        Label(
            fr="Nous ne prenons pas ce document. Choisissez une pièce de la liste.",
            en="We do not take this document. Choose one from the list.",
        ),
    ),
    RejectReason.SIGNATURE_INVALID: (
        Label(fr="Signature électronique absente ou rompue", en="Electronic signature missing or broken"),
        Label(
            fr="Le fichier n'est plus signé. Envoyez le PDF de France Identité tel quel.",
            en="The file is no longer signed. Send the PDF from France Identité as it is.",
        ),
    ),
    RejectReason.NOT_ADDRESSED_TO_US: (
        Label(fr="Justificatif fait pour un autre", en="Proof made for someone else"),
        Label(
            fr="Ce justificatif nomme un autre destinataire. Faites-en un à notre nom.",
            en="This proof names another recipient. Make one in our name.",
        ),
    ),
    RejectReason.ALTERED: (
        Label(fr="Paraît modifiée", en="Looks altered"),
        Label(
            fr="Nous ne pouvons pas nous fier à cette image. Envoyez une nouvelle photo de l'original.",
            en="We cannot rely on this picture. Send a new photo of the original.",
        ),
    ),
}
