"""Every cookie that this portal sets, by its real name. All are strictly necessary, so no banner is needed.

Loi 78-17 art. 82 and CNIL 2020-091: a cookie without which a service cannot work, when the person asked for that
service, needs no consent. We explain it all the same.
"""

from dataclasses import dataclass
from typing import Final

from portal.accounts.sessions.visitor_sessions import DEVICE_COOKIE
from portal.bilingual import Label
from portal.cookies.categories import NecessaryCookie, necessary_cookies
from portal.staff.company.browser_state import COOKIE as COMPANY_COOKIE
from portal.staff.company.provider import installed_provider
from portal.staff.entry.devices import COOKIE as STAFF_DEVICE_COOKIE
from portal.web.i18n import LANGUAGE_COOKIE
from portal.web.sessions import CUSTOMER_RULES, STAFF_RULES, cookie_name

FORM_COOKIE, STAFF_FORM_COOKIE = "form", "staff_form"

_DEVICE: Final = Label(
    fr="Reconnaître votre navigateur, pour vous prévenir si un autre ouvre votre compte",
    en="Recognise your browser, to warn you when another one opens your account",
)
_STAFF_DEVICE: Final = Label(
    fr="Lier la session d'un agent à son navigateur", en="Tie a staff member's session to their browser"
)
_STAFF_FORM: Final = Label(fr="Protéger les formulaires du personnel", en="Protect the forms of the staff")
_COMPANY: Final = Label(
    fr="Retrouver un agent qui revient de la connexion de son entreprise",
    en="Recognise a staff member who comes back from the company's sign-on",
)
_UNTIL_CLOSED: Final = Label(fr="Jusqu'à la fermeture du navigateur", en="Until you close the browser")
_ONE_YEAR: Final = Label(fr="1 an", en="1 year")
_TEN_MINUTES: Final = Label(fr="10 minutes", en="10 minutes")


@dataclass(frozen=True)
class PortalCookies:
    """The cookies of the portal: those a visitor or a customer gets, and those of the staff's own pages."""

    everybody: tuple[NecessaryCookie, ...]
    staff: tuple[NecessaryCookie, ...]


def portal_cookies() -> PortalCookies:
    """Return the cookies under the names that they have on this installation, `__Host-` prefixed under TLS."""
    session, staff_session, form, language = necessary_cookies(
        cookie_name(CUSTOMER_RULES.cookie),
        cookie_name(STAFF_RULES.cookie),
        cookie_name(LANGUAGE_COOKIE),
        cookie_name(FORM_COOKIE),
    )
    device = NecessaryCookie(cookie_name(DEVICE_COOKIE), _DEVICE, _ONE_YEAR)
    staff_device = NecessaryCookie(cookie_name(STAFF_DEVICE_COOKIE), _STAFF_DEVICE, _ONE_YEAR)
    staff_form = NecessaryCookie(cookie_name(STAFF_FORM_COOKIE), _STAFF_FORM, _UNTIL_CLOSED)
    staff: tuple[NecessaryCookie, ...] = (staff_form, staff_session, staff_device)
    if installed_provider():
        staff += (NecessaryCookie(cookie_name(COMPANY_COOKIE), _COMPANY, _TEN_MINUTES),)
    return PortalCookies((form, session, device, language), staff)
