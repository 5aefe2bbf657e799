"""Restrictions in words: why something is restricted, and why it may be used all the same."""

from collections.abc import Collection
from typing import Final

from portal.bilingual import Label
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.restrictions.grounds import Ground18, UseReason


def ground_label(ground: Ground18 | None, language: object) -> str:
    """Return why data are restricted, in the words of the point of art. 18(1); also where nobody said it."""
    return (_GROUNDS[ground] if ground else _NO_GROUND).text(language)


def use_label(reason: UseReason, language: object) -> str:
    """Return why restricted data may be used all the same, by art. 18(2)."""
    return _USES[reason].text(language)


def scope_label(categories: Collection[str], language: object) -> str:
    """Return what is restricted, in words; empty codes mean everything."""
    named = [category.label(language) for category in CATEGORIES if category in categories]
    return ", ".join(named) or _EVERYTHING.text(language)


_EVERYTHING: Final = Label(fr="Toutes les données", en="All data")
_NO_GROUND: Final = Label(fr="Demande de la personne", en="Request of the person")
_GROUNDS: Final = {
    Ground18.ACCURACY: Label(
        fr="Exactitude contestée, le temps de vérifier", en="Accuracy disputed, until it is checked"
    ),
    Ground18.UNLAWFUL: Label(
        fr="Traitement illicite, sans effacement à la demande de la personne",
        en="Unlawful processing, and the person does not want an erasure",
    ),
    Ground18.CLAIMS: Label(fr="Droits en justice de la personne", en="Legal claims of the person"),
    Ground18.OBJECTION: Label(fr="Opposition en cours d’examen", en="Objection being examined"),
}
_USES: Final = {
    UseReason.CONSENT: Label(fr="La personne est d’accord", en="The person agrees"),
    UseReason.CLAIMS: Label(
        fr="Constater, exercer ou défendre des droits en justice",
        en="To establish, exercise or defend legal claims",
    ),
    UseReason.OTHER_PERSON: Label(
        fr="Protéger les droits d’une autre personne", en="To protect the rights of another person"
    ),
    UseReason.PUBLIC_INTEREST: Label(
        fr="Intérêt public important de l’Union ou d’un État membre",
        en="Important public interest of the Union or of a Member State",
    ),
}
