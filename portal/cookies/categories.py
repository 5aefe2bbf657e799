"""The cookies of this portal, which are all strictly necessary (loi 78-17 art. 82; CNIL 2020-091, 2020-092)."""

from dataclasses import dataclass
from typing import Final

from portal.bilingual import Label


@dataclass(frozen=True, slots=True)
class NecessaryCookie:
    """One cookie of this portal, which works only with it and therefore needs no consent."""

    name: str
    purpose: Label
    lifetime: Label


def necessary_cookies(session: str, staff_session: str, language: str, form: str) -> tuple[NecessaryCookie, ...]:
    """Return the cookies of this portal for the cookies page; the arguments are their real names."""
    return (
        NecessaryCookie(session, _SESSION, _UNTIL_SIGN_OUT),
        NecessaryCookie(staff_session, _STAFF_SESSION, _UNTIL_SIGN_OUT),
        NecessaryCookie(form, _FORM, _UNTIL_CLOSED),
        NecessaryCookie(language, _LANGUAGE, _ONE_YEAR),
    )


_SESSION: Final = Label(fr="Garder votre session ouverte", en="Keep you signed in")
_STAFF_SESSION: Final = Label(fr="Garder ouverte la session d'un agent", en="Keep a staff member signed in")
_FORM: Final = Label(
    fr="Protéger les formulaires et garder ce que vous tapez d'une page à l'autre",
    en="Protect the forms and keep what you type from page to page",
)
_LANGUAGE: Final = Label(fr="Retenir votre langue", en="Remember your language")
_UNTIL_SIGN_OUT: Final = Label(fr="Jusqu'à votre déconnexion", en="Until you sign out")
_UNTIL_CLOSED: Final = Label(fr="Jusqu'à la fermeture du navigateur", en="Until you close the browser")
_ONE_YEAR: Final = Label(fr="1 an", en="1 year")
