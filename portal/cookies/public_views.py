"""The cookies of this portal, explained. There is no banner: none of them needs consent."""

from flask import Blueprint, render_template

from portal.access.declare import PUBLIC, requires
from portal.cookies.portal_cookies import portal_cookies
from portal.personal_data.cookie_purposes import CHOICE_MONTHS, COOKIE_PURPOSES

blueprint = Blueprint("cookies", __name__)


@blueprint.get("/cookies")
@requires(PUBLIC)
def page() -> str:
    return render_template(
        "cookies/public/page.html", cookies=portal_cookies(), purposes=COOKIE_PURPOSES, months=CHOICE_MONTHS
    )
