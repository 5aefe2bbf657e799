"""Whether a document is needed to act on a request: only on a doubt that has a name and that no lighter act lifts.

GDPR art. 12(6); EDPB guidelines 01/2022, paragraphs 65 to 79. To ask everybody is unlawful; to ask nobody is unsafe.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.organisation import IdentityPolicySetting

# Our own figures: no text gives any. An address taken over is most often used within days.
RECENT_ADDRESS_DAYS: Final = 30
NEW_DEVICE_DAYS: Final = 7


class DoubtSignal(StrEnum):
    """A fact that makes it doubtful that the request comes from the person."""

    FACEBOOK_ONLY = "facebook_only"
    "The account is signed in to by Facebook alone."
    EMAIL_RECENTLY_CONFIRMED = "email_recently_confirmed"
    "The address was confirmed less than 30 days ago, or not yet."
    EMAIL_RECENTLY_CHANGED = "email_recently_changed"
    "The address was changed less than 30 days ago."
    NEW_DEVICE = "new_device"
    "The device was first seen within 7 days, or is not known. The first one that an account ever had is no doubt."
    IMPORT_MATCH_ONLY = "import_match_only"
    "The account took over the company's records by its e-mail address alone."
    NAME_DIFFERS = "name_differs"
    "The name of the account is not that of the records."
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    "The date of birth of the account is not that of the records."
    OTHER_CHANNEL = "other_channel"
    "The request came by e-mail, post, phone or a social network."
    ON_BEHALF = "on_behalf"
    "Somebody asks on behalf of somebody else."
    WRITTEN_DOUBT = "written_doubt"
    "A reviewer wrote down a doubt. It is not found at filing, but added to the case with its text."

    def label(self, language: object) -> str:
        """Return the signal in a few words, for staff."""
        return _LABELS[self].text(language)

    def reason(self, language: object) -> str:
        """Return the reason for asking, as a sentence to the person."""
        return _REASONS[self].text(language)


LIFTED_BY_SECOND_STEP: Final = frozenset({DoubtSignal.NEW_DEVICE})
"""The session was opened with a second step that the account has had for more than 30 days."""

LIFTED_AT_SIGN_IN_ADDRESS: Final = frozenset({DoubtSignal.NEW_DEVICE, DoubtSignal.FACEBOOK_ONLY})
"""Password or Facebook again, and a code to the sign-in address, which was confirmed more than 30 days ago."""

# They show that it is the same person as before, and prove nothing about a name, a date of birth or a mandate.
LIFTED_AT_EARLIER_ADDRESS: Final = LIFTED_AT_SIGN_IN_ADDRESS | {
    DoubtSignal.IMPORT_MATCH_ONLY,
    DoubtSignal.EMAIL_RECENTLY_CONFIRMED,
    DoubtSignal.EMAIL_RECENTLY_CHANGED,
}
"""The same with an address that was held before the account, or before its address was changed."""

# It shows a name and a date of birth, and says nothing of an account that Facebook alone opens, nor of a mandate.
LIFTED_BY_DOCUMENT: Final = frozenset(DoubtSignal) - {DoubtSignal.FACEBOOK_ONLY, DoubtSignal.ON_BEHALF}
"""A document, compared with what is held."""

RIGHTS_SUBJECT_TO_PROOF: Final = frozenset({"access", "portability", "erasure", "directives", "rectification"})
"""Rights that disclose or destroy; rectification only when it touches who the person is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when a request is filed or reviewed.

    Attributes:
        email_confirmed_on: None when the address is not confirmed, which counts as recent.
        device_first_seen_on: None when the device is not known, which counts as recent.
        is_first_device: whether the account had never been entered before from any other.
        can_compare: whether a name or a date of birth is held that a document could be compared with.
        has_account: without an account, the doubts about accounts do not arise.
        lifted: the doubts that an act of this session has lifted already.
        may_lift: the doubts that a code by mail, all in all, could lift here.
    """

    email_confirmed_on: date | None
    device_first_seen_on: date | None
    can_compare: bool
    email_changed_on: date | None = None
    has_account: bool = True
    is_facebook_only: bool = False
    is_import_match_only: bool = False
    name_differs: bool = False
    birth_date_differs: bool = False
    is_other_channel: bool = False
    is_on_behalf: bool = False
    is_first_device: bool = False
    lifted: frozenset[DoubtSignal] = frozenset()
    may_lift: frozenset[DoubtSignal] = frozenset()
    rectifies_identity: bool = False


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """Whether a document is asked for, and why. It is recorded with the request.

    Attributes:
        needed: whether a document is asked for, unless a lighter way is taken.
        signals: every doubt that was found.
        cleared: the doubts that a lighter act lifted; `remaining` are the others.
        may_clear: whether a code, which was not given yet, would lift all that remains.
        is_unresolved: whether doubts remain and no document is asked for, so that staff must find another way.
        warning: for staff, where the setting of the organisation is doubtful in law.
    """

    needed: bool
    setting: IdentityPolicySetting
    signals: tuple[DoubtSignal, ...] = ()
    cleared: tuple[DoubtSignal, ...] = ()
    may_clear: bool = False
    is_unresolved: bool = False
    warning: Label | None = None

    @property
    def remaining(self) -> tuple[DoubtSignal, ...]:
        return tuple(signal for signal in self.signals if signal not in self.cleared)

    @property
    def wants_proof(self) -> bool:
        """Whether there is something that the person can do now about what remains doubtful."""
        return self.needed or self.may_clear

    def reasons(self, language: object) -> tuple[str, ...]:
        """Return why proof is wanted, one sentence to the person for each doubt; empty when none is wanted."""
        if not self.wants_proof:
            return ()
        return tuple(signal.reason(language) for signal in self.remaining) or (_ALWAYS_ASKED.text(language),)


def signals(situation: Situation, today: date) -> tuple[DoubtSignal, ...]:
    """Return the doubts that a situation raises on a day in Paris, in the order of `DoubtSignal`."""
    has_account = situation.has_account
    found = {
        DoubtSignal.FACEBOOK_ONLY: has_account and situation.is_facebook_only,
        DoubtSignal.EMAIL_RECENTLY_CONFIRMED: has_account
        and _is_within(situation.email_confirmed_on, RECENT_ADDRESS_DAYS - 1, today, unknown=True),
        DoubtSignal.EMAIL_RECENTLY_CHANGED: has_account
        and _is_within(situation.email_changed_on, RECENT_ADDRESS_DAYS - 1, today, unknown=False),
        DoubtSignal.NEW_DEVICE: has_account
        and not situation.is_first_device
        and _is_within(situation.device_first_seen_on, NEW_DEVICE_DAYS, today, unknown=True),
        DoubtSignal.IMPORT_MATCH_ONLY: has_account and situation.is_import_match_only,
        DoubtSignal.NAME_DIFFERS: situation.name_differs,
        DoubtSignal.BIRTH_DATE_DIFFERS: situation.birth_date_differs,
        DoubtSignal.OTHER_CHANNEL: situation.is_other_channel,
        DoubtSignal.ON_BEHALF: situation.is_on_behalf,
    }
    return tuple(signal for signal in DoubtSignal if found.get(signal))


def is_subject_to_proof(right: str, situation: Situation) -> bool:
    """Whether a right, by its code, may need a document: never restriction, objection or preferences."""
    if right == "rectification":
        return situation.rectifies_identity
    return right in RIGHTS_SUBJECT_TO_PROOF


def is_document_needed(
    right: str, situation: Situation, setting: IdentityPolicySetting, today: date
) -> IdentityDecision:
    """Return whether a document is needed for a right, and why.

    Args:
        right: the code of the right.
        setting: what the organisation chose for this right.
        today: the day in Paris.
    """
    if not is_subject_to_proof(right, situation):
        return IdentityDecision(needed=False, setting=setting)
    found = signals(situation, today)
    cleared = tuple(signal for signal in found if signal in situation.lifted)
    remaining = [signal for signal in found if signal not in cleared]
    is_on_doubt = setting is IdentityPolicySetting.ON_DOUBT
    needed = situation.can_compare and _is_asked(setting, remaining)
    return IdentityDecision(
        needed=needed,
        setting=setting,
        signals=found,
        cleared=cleared,
        may_clear=is_on_doubt and bool(remaining) and situation.may_lift.issuperset(remaining),
        is_unresolved=bool(remaining) and not needed,
        warning=_DISPROPORTIONATE if setting is IdentityPolicySetting.ALWAYS else None,
    )


def _is_asked(setting: IdentityPolicySetting, remaining: list[DoubtSignal]) -> bool:
    """Whether a document is asked for: on a doubt only where it lifts all of them, for else it would not be enough."""
    if setting is IdentityPolicySetting.ON_DOUBT:
        return bool(remaining) and LIFTED_BY_DOCUMENT.issuperset(remaining)
    return setting is IdentityPolicySetting.ALWAYS


def _is_within(day: date | None, days: int, today: date, *, unknown: bool) -> bool:
    return unknown if day is None else (today - day).days <= days


_DISPROPORTIONATE: Final = Label(
    fr="Le fichier d'organisation demande une pièce à tout le monde. C'est disproportionné :"
    " la loi ne le permet qu'en cas de doute (article 12.6 du RGPD).",
    en="The organisation file asks everybody for a document. That is disproportionate:"
    " the law allows it in case of doubt only (GDPR article 12(6)).",
)
_ALWAYS_ASKED: Final = Label(
    fr="Nous vérifions l'identité pour chaque demande de ce type.",
    en="We check identity for every request of this kind.",
)
_LABELS: Final = {
    DoubtSignal.FACEBOOK_ONLY: Label(fr="Connexion par Facebook seul", en="Signed in through Facebook only"),
    DoubtSignal.EMAIL_RECENTLY_CONFIRMED: Label(fr="E-mail confirmé récemment", en="E-mail confirmed recently"),
    DoubtSignal.EMAIL_RECENTLY_CHANGED: Label(fr="E-mail changé récemment", en="E-mail changed recently"),
    DoubtSignal.NEW_DEVICE: Label(fr="Nouvel appareil", en="New device"),
    DoubtSignal.IMPORT_MATCH_ONLY: Label(
        fr="Compte rattaché par l'adresse e-mail seule", en="Account matched by e-mail address only"
    ),
    DoubtSignal.NAME_DIFFERS: Label(fr="Nom différent", en="Name differs"),
    DoubtSignal.BIRTH_DATE_DIFFERS: Label(fr="Date de naissance différente", en="Date of birth differs"),
    DoubtSignal.OTHER_CHANNEL: Label(fr="Autre canal que le portail", en="Another channel than the portal"),
    DoubtSignal.ON_BEHALF: Label(fr="Au nom d'une autre personne", en="On behalf of someone else"),
    DoubtSignal.WRITTEN_DOUBT: Label(fr="Doute écrit par notre équipe", en="Doubt written by our team"),
}
_REASONS: Final = {
    DoubtSignal.FACEBOOK_ONLY: Label(
        fr="Vous vous connectez avec Facebook seul, sans mot de passe chez nous.",
        en="You sign in with Facebook only, without a password here.",
    ),
    DoubtSignal.EMAIL_RECENTLY_CONFIRMED: Label(
        fr="Votre adresse e-mail est confirmée depuis moins de 30 jours, ou ne l'est pas encore.",
        en="Your e-mail address was confirmed less than 30 days ago, or is not confirmed yet.",
    ),
    DoubtSignal.EMAIL_RECENTLY_CHANGED: Label(
        fr="Vous avez changé d'adresse e-mail il y a moins de 30 jours.",
        en="You changed your e-mail address less than 30 days ago.",
    ),
    DoubtSignal.NEW_DEVICE: Label(
        fr="Vous utilisez un appareil que nous voyons depuis peu.",
        en="You are using a device that is new to us.",
    ),
    DoubtSignal.IMPORT_MATCH_ONLY: Label(
        fr="Votre compte est relié à vos données par votre seule adresse e-mail.",
        en="Your account is tied to your data by your e-mail address only.",
    ),
    DoubtSignal.NAME_DIFFERS: Label(
        fr="Le nom de votre compte diffère de celui de nos dossiers.",
        en="The name of your account is not the one in our files.",
    ),
    DoubtSignal.BIRTH_DATE_DIFFERS: Label(
        fr="La date de naissance de votre compte diffère de celle de nos dossiers.",
        en="The date of birth of your account is not the one in our files.",
    ),
    DoubtSignal.OTHER_CHANNEL: Label(
        fr="Votre demande nous est parvenue sans passer par votre compte.",
        en="Your request reached us outside your account.",
    ),
    DoubtSignal.ON_BEHALF: Label(
        fr="La demande est faite au nom d'une autre personne.",
        en="The request is made on behalf of someone else.",
    ),
    DoubtSignal.WRITTEN_DOUBT: Label(
        fr="Un point de votre demande nous fait douter de son origine.",
        en="Something in your request makes us doubt where it comes from.",
    ),
}
