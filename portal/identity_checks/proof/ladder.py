"""What lifts which doubt: the ways to make sure of a person, the softest first, and a document last.

A doubt is lifted by an act that fits it, never by somebody's word alone. EDPB guidelines 01/2022, paragraphs 65 to 79.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.identity_checks.proof.policy import (
    LIFTED_AT_EARLIER_ADDRESS,
    LIFTED_AT_SIGN_IN_ADDRESS,
    LIFTED_BY_DOCUMENT,
    LIFTED_BY_SECOND_STEP,
    DoubtSignal,
)


class Means(StrEnum):
    """A way to lift a doubt. Their order is that of the ladder."""

    SECOND_STEP = "second_step"
    "The second step at sign-in, which the account has had for long."
    SIGN_IN_CODE = "sign_in_code"
    "Password or Facebook again, and a code to the sign-in address, confirmed more than 30 days ago."
    EARLIER_CODE = "earlier_code"
    "The same with a code to an address that was held before the account, or before its address was changed."
    CALL_BACK = "call_back"
    "Staff call a number that the company has held for 30 days or more, and the person says that they asked."
    REGISTERED_LETTER = "registered_letter"
    "A registered letter to an address held as long carries a code, which the person gives back."
    WRITTEN_REASON = "written_reason"
    "The privacy officer writes why, and a second person agrees."
    DOCUMENT = "document"
    "A document, compared with what is held."

    def label(self, language: object) -> str:
        """Return the way in a few words, for staff."""
        return _LABELS[self].text(language)


# Whoever answers at a number, or gives a letter's code back, is whom the company knows, whatever the account says. For
# a request on behalf of somebody it is the person concerned whom we reach: they say themselves whom they mandated.
_EVERY: Final = frozenset(DoubtSignal)

LIFTS: Final = {
    Means.SECOND_STEP: LIFTED_BY_SECOND_STEP,
    Means.SIGN_IN_CODE: LIFTED_AT_SIGN_IN_ADDRESS,
    Means.EARLIER_CODE: LIFTED_AT_EARLIER_ADDRESS,
    Means.CALL_BACK: _EVERY,
    Means.REGISTERED_LETTER: _EVERY,
    Means.WRITTEN_REASON: frozenset({DoubtSignal.OTHER_CHANNEL, DoubtSignal.WRITTEN_DOUBT}),
    Means.DOCUMENT: LIFTED_BY_DOCUMENT,
}
"""The doubts that each way lifts."""

_NEVER_BY_REASON: Final = frozenset({"portability", "erasure"})


def lifts(means: Means, doubt: DoubtSignal, right: str, *, is_whole: bool = True) -> bool:
    """Tell whether a way lifts a doubt about who asks for a right.

    Args:
        right: the code of the right.
        is_whole: whether a copy of everything is asked for, and not of some categories.
    """
    if means is Means.WRITTEN_REASON and (right in _NEVER_BY_REASON or (right == "access" and is_whole)):
        return False
    return doubt in LIFTS[means]


def ways(doubt: DoubtSignal, right: str, *, is_whole: bool = True) -> tuple[Means, ...]:
    """Return the ways that lift a doubt, the softest first; see `lifts`."""
    return tuple(means for means in Means if lifts(means, doubt, right, is_whole=is_whole))


def lifted_among(
    means: Means, doubts: Iterable[DoubtSignal], right: str, *, is_whole: bool = True
) -> tuple[DoubtSignal, ...]:
    """Return which of some doubts a way lifts, in their order; see `lifts`."""
    return tuple(doubt for doubt in doubts if lifts(means, doubt, right, is_whole=is_whole))


_LABELS: Final = {
    Means.SECOND_STEP: Label(fr="seconde étape de connexion", en="second step at sign-in"),
    Means.SIGN_IN_CODE: Label(fr="code à l'adresse de connexion", en="code to the sign-in address"),
    Means.EARLIER_CODE: Label(fr="code à une adresse connue avant le doute", en="code to an address known before"),
    Means.CALL_BACK: Label(fr="rappel au numéro que nous détenons", en="call-back to a number that we hold"),
    Means.REGISTERED_LETTER: Label(fr="lettre recommandée", en="registered letter"),
    Means.WRITTEN_REASON: Label(
        fr="motif écrit du délégué avec un second avis", en="written reason of the officer with a second person"
    ),
    Means.DOCUMENT: Label(fr="pièce d'identité", en="identity document"),
}
