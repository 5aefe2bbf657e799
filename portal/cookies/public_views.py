"""The cookies of this portal, explained. There is no banner: none of them needs consent."""

from flask import Blueprint, render_template
from flask_babel import get_locale

from portal.access.declare import PUBLIC, requires
from portal.cookies.portal_cookies import portal_cookies
from portal.infrastructure import installed
from portal.personal_data.uses.cookie_purposes import CHOICE_MONTHS, COOKIE_PURPOSES
from portal.personal_data.uses.trackers import say_trackers

blueprint = Blueprint("cookies", __name__)


@blueprint.get("/cookies")
@requires(PUBLIC)
def page() -> str:
    organisation, language = installed.organisation(), get_locale()
    return render_template(
        "cookies/public/page.html", cookies=portal_cookies(), purposes=COOKIE_PURPOSES, months=CHOICE_MONTHS,
        told={purpose: say_trackers(organisation, purpose, language) for purpose in COOKIE_PURPOSES},
    )  # fmt: skip
