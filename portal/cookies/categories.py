"""The cookies that are strictly necessary, how a choice on the others is made, and how long it is remembered.

Loi 78-17 art. 82; CNIL 2020-091, 2020-092 and 2025-131. This portal sets necessary cookies only; the choices
made here govern the company's own sites.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from dateutil.relativedelta import relativedelta

from portal.bilingual import Label
from portal.personal_data.cookie_purposes import COOKIE_FLAG_CODES, COOKIE_PURPOSES, CookiePurpose

__all__ = [
    "COOKIE_FLAG_CODES",
    "COOKIE_PURPOSES",
    "Action",
    "CookiePurpose",
    "NecessaryCookie",
    "ask_again_on",
    "audience_data_kept_until",
    "audience_tracker_expires_on",
    "is_remembered",
    "necessary_cookies",
    "refuse_all",
]

WORDING_VERSION: Final = "2026-11-22"
"""Version of the words below, stored with each choice."""

# Months, as the CNIL recommends them: they may move, and nothing else repeats them.
CHOICE_MONTHS: Final = 6
AUDIENCE_TRACKER_MONTHS: Final = 13
AUDIENCE_DATA_MONTHS: Final = 25


class Action(StrEnum):
    """How a choice was made."""

    ACCEPT_ALL = "accept_all"
    REFUSE_ALL = "refuse_all"
    CUSTOM = "custom"
    WITHDRAW = "withdraw"
    GPC = "gpc"
    "The browser said so by Global Privacy Control; a later explicit choice here prevails."

    def label(self, language: object) -> str:
        return _ACTIONS[self].text(language)


@dataclass(frozen=True, slots=True)
class NecessaryCookie:
    """One cookie of this portal, which works only with it and therefore needs no consent."""

    name: str
    purpose: Label
    lifetime: Label


def necessary_cookies(
    session: str, staff_session: str, language: str, form: str
) -> tuple[NecessaryCookie, ...]:
    """Return the cookies of this portal for the cookies page; the arguments are their real names."""
    return (
        NecessaryCookie(session, _SESSION, _UNTIL_SIGN_OUT),
        NecessaryCookie(staff_session, _STAFF_SESSION, _UNTIL_SIGN_OUT),
        NecessaryCookie(form, _FORM, _UNTIL_CLOSED),
        NecessaryCookie(language, _LANGUAGE, _ONE_YEAR),
    )


def refuse_all() -> dict[CookiePurpose, bool]:
    """Return every purpose refused: the default, and what `Sec-GPC: 1` presets."""
    return dict.fromkeys(COOKIE_PURPOSES, False)


def ask_again_on(choice_on: date) -> date:
    """Return the first day the question may be asked again, after an acceptance as after a refusal."""
    return choice_on + relativedelta(months=CHOICE_MONTHS)


def is_remembered(choice_on: date, today: date) -> bool:
    """Whether a choice still holds on a day."""
    return today < ask_again_on(choice_on)


def audience_tracker_expires_on(set_on: date) -> date:
    """Return the day a measurement tracker ends; a later visit does not lengthen it."""
    return set_on + relativedelta(months=AUDIENCE_TRACKER_MONTHS)


def audience_data_kept_until(collected_on: date) -> date:
    """Return the last day measurement data are kept."""
    return collected_on + relativedelta(months=AUDIENCE_DATA_MONTHS)


_ACTIONS: Final = {
    Action.ACCEPT_ALL: Label(fr="Tout accepté", en="All accepted"),
    Action.REFUSE_ALL: Label(fr="Tout refusé", en="All refused"),
    Action.CUSTOM: Label(fr="Choisi finalité par finalité", en="Chosen purpose by purpose"),
    Action.WITHDRAW: Label(fr="Accord retiré", en="Consent withdrawn"),
    Action.GPC: Label(fr="Refus signalé par le navigateur", en="Refusal signalled by the browser"),
}
_SESSION: Final = Label(fr="Vous garder connecté", en="Keep you signed in")
_STAFF_SESSION: Final = Label(fr="Garder un agent connecté", en="Keep a staff member signed in")
_FORM: Final = Label(
    fr="Protéger les formulaires et garder ce que vous tapez d'une page à l'autre",
    en="Protect the forms and keep what you type from page to page",
)
_LANGUAGE: Final = Label(fr="Retenir votre langue", en="Remember your language")
_UNTIL_SIGN_OUT: Final = Label(fr="Jusqu'à votre déconnexion", en="Until you sign out")
_UNTIL_CLOSED: Final = Label(fr="Jusqu'à la fermeture du navigateur", en="Until you close the browser")
_ONE_YEAR: Final = Label(fr="1 an", en="1 year")
