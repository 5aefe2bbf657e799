"""What people come to ask, in eight plain choices, and the right that each one calls on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.rights.lifecycle import Right


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Something the person can do at once instead of asking: a path here and the words of its link."""

    path: str
    label: Label


class Intent(StrEnum):
    """A choice of the page “make a request”, in its order."""

    COPY = "copy"
    "Receive a copy."
    CORRECT = "correct"
    "Have something corrected or completed."
    ERASE = "erase"
    "Have data erased."
    STOP_USE = "stop_use"
    "Have a use of the data stopped."
    PAUSE = "pause"
    "Have the data kept and not used for a while."
    TAKE_AWAY = "take_away"
    "Take the data to another company."
    REVIEW_DECISION = "review_decision"
    "Have a person look at an automated decision again (art. 22(3)): filed as an objection."
    AFTER_DEATH = "after_death"
    "Say what becomes of the data after death."

    @property
    def right(self) -> Right:
        """The right it is filed under."""
        return _RIGHTS[self]

    @property
    def path(self) -> str:
        """The address of this choice's form. Where two choices share a right, a query tells them apart."""
        address = f"/requests/new/{self.right}"
        return address if self is default_intent(self.right) else f"{address}?intent={self}"

    @property
    def details(self) -> tuple[str, ...]:
        """The names of the fields that are asked, in order. Nobody is asked why they want a copy or no marketing."""
        return _DETAILS[self]

    @property
    def required_details(self) -> frozenset[str]:
        """The names of the details without which nobody could act. The others may stay empty."""
        return _REQUIRED.get(self, frozenset())

    @property
    def shortcut(self) -> Shortcut | None:
        """What the person can do at once, where there is such a thing."""
        return _SHORTCUTS.get(self)

    def label(self, language: object) -> str:
        """Return the choice in a few words: « Recevoir une copie »."""
        return _TITLES[self].text(language)

    def explanation(self, language: object) -> str:
        """Return what will be done, in one sentence or two."""
        return _EXPLANATIONS[self].text(language)

    def legal_name(self, language: object) -> str:
        """Return the name that the law gives to this choice, shown once in brackets."""
        return _LEGAL_NAMES[self].text(language)


INTENTS: Final = tuple(Intent)


def default_intent(right: Right) -> Intent:
    """Return the first choice of a right, for a request that does not say which of its choices it is."""
    return next(intent for intent in Intent if _RIGHTS[intent] is right)


def intent_of(right: str, chosen: str | None = None) -> Intent | None:
    """Return the choice of an address, or None when no page is there.

    Args:
        right: the last part of the path.
        chosen: the `intent` of the query. It is ignored when it belongs to another right.
    """
    matching = [intent for intent in Intent if _RIGHTS[intent] == right]
    return next((intent for intent in matching if intent == chosen), matching[0] if matching else None)


_RIGHTS: Final = {
    Intent.COPY: Right.ACCESS,
    Intent.CORRECT: Right.RECTIFICATION,
    Intent.ERASE: Right.ERASURE,
    Intent.STOP_USE: Right.OBJECTION,
    Intent.PAUSE: Right.RESTRICTION,
    Intent.TAKE_AWAY: Right.PORTABILITY,
    Intent.REVIEW_DECISION: Right.OBJECTION,
    Intent.AFTER_DEATH: Right.DIRECTIVES,
}

_DETAILS: Final = {
    Intent.COPY: ("categories", "every_page", "details"),
    Intent.CORRECT: ("category", "wrong", "correct", "on_hold"),
    Intent.ERASE: ("categories", "details"),
    Intent.STOP_USE: ("use", "on_hold", "details"),
    Intent.PAUSE: ("case", "categories", "details"),
    Intent.TAKE_AWAY: ("categories", "destination", "details"),
    Intent.REVIEW_DECISION: ("decision", "details"),
    Intent.AFTER_DEATH: ("wishes", "designee_name", "designee_contact", "consent"),
}

_REQUIRED: Final = {
    Intent.CORRECT: frozenset({"category", "wrong"}),
    Intent.STOP_USE: frozenset({"use"}),
    Intent.PAUSE: frozenset({"case"}),
    Intent.REVIEW_DECISION: frozenset({"decision"}),
    # Particular directives need a consent of their own, which accepting general terms cannot give.
    Intent.AFTER_DEATH: frozenset({"wishes", "consent"}),
}

_SHORTCUTS: Final = {
    Intent.COPY: Shortcut("/data", Label(fr="Voir vos données tout de suite", en="See your data at once")),
    Intent.CORRECT: Shortcut(
        "/data/contact",
        Label(fr="Changer vos coordonnées vous-même", en="Change your contact details yourself"),
    ),
    Intent.STOP_USE: Shortcut(
        "/preferences", Label(fr="Arrêter la publicité tout de suite", en="Stop all advertising at once")
    ),
}

_TITLES: Final = {
    Intent.COPY: Label(fr="Recevoir une copie", en="Get a copy"),
    Intent.CORRECT: Label(fr="Corriger", en="Correct"),
    Intent.ERASE: Label(fr="Effacer", en="Erase"),
    Intent.STOP_USE: Label(fr="Ne plus utiliser pour…", en="Stop using for…"),
    Intent.PAUSE: Label(fr="Mettre en pause", en="Put on hold"),
    Intent.TAKE_AWAY: Label(fr="Emporter ailleurs", en="Take elsewhere"),
    Intent.REVIEW_DECISION: Label(fr="Revoir une décision automatique", en="Review an automated decision"),
    Intent.AFTER_DEATH: Label(fr="Après ma mort", en="After my death"),
}

_EXPLANATIONS: Final = {
    Intent.COPY: Label(
        fr="Nous vous remettons toutes vos données, avec leur origine, leur usage et leur durée.",
        en="We give you all your data, with where they come from, what they are for and for how long.",
    ),
    Intent.CORRECT: Label(
        fr="Nous corrigeons ce qui est faux et complétons ce qui manque.",
        en="We correct what is wrong and complete what is missing.",
    ),
    Intent.ERASE: Label(
        fr="Nous effaçons ce que vous choisissez, sauf ce que la loi nous oblige ou nous autorise à garder.",
        en="We erase what you choose, except what the law makes or lets us keep.",
    ),
    Intent.STOP_USE: Label(
        fr="La publicité s'arrête tout de suite. Pour une autre utilisation, comme des statistiques,"
        " une personne vous répond.",
        en="Advertising stops at once. For another use, such as statistics, a person answers you.",
    ),
    Intent.PAUSE: Label(
        fr="Nous gardons vos données sans les utiliser, le temps de régler une question.",
        en="We keep your data and do not use them while a question is settled.",
    ),
    Intent.TAKE_AWAY: Label(
        fr="Nous vous donnons ce que vous nous avez fourni, dans un format qu'une autre entreprise peut lire.",
        en="We give you what you provided to us, in a format that another company can read.",
    ),
    Intent.REVIEW_DECISION: Label(
        fr="Une personne relit une décision prise par un programme et vous répond.",
        en="A person looks again at a decision made by a program, and answers you.",
    ),
    Intent.AFTER_DEATH: Label(
        fr="Vous dites ce que deviennent vos données et qui s'en occupe.",
        en="You say what becomes of your data and who sees to it.",
    ),
}

_LEGAL_NAMES: Final = {
    Intent.COPY: Label(fr="droit d'accès", en="right of access"),
    Intent.CORRECT: Label(fr="droit de rectification", en="right to rectification"),
    Intent.ERASE: Label(fr="droit à l'effacement", en="right to erasure"),
    Intent.STOP_USE: Label(fr="droit d'opposition", en="right to object"),
    Intent.PAUSE: Label(fr="droit à la limitation", en="right to restriction"),
    Intent.TAKE_AWAY: Label(fr="droit à la portabilité", en="right to portability"),
    Intent.REVIEW_DECISION: Label(fr="décision individuelle automatisée", en="automated individual decision"),
    Intent.AFTER_DEATH: Label(fr="directives après la mort", en="directives after death"),
}
