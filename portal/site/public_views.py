"""What anybody may open: home, language, policy, accessibility and the well-known files."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access.declare import PUBLIC, PUBLIC_ALWAYS, requires
from portal.access.next_page import next_page
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.legal_time.deadlines import compute
from portal.records.data_map.kinds import installed_data_map
from portal.site.policy_claims import PolicyClaims
from portal.web.i18n import LANGUAGES, keep_language

blueprint = Blueprint("site", __name__)

GPC_SINCE = "2026-11-22"


@blueprint.get("/")
@requires(PUBLIC)
def home() -> str:
    return render_template(
        "site/public/home.html", data_map=installed_data_map(), answer_by=compute(clock.today()).due_on
    )


@blueprint.post("/language")
@requires(PUBLIC_ALWAYS)
def language() -> AnyResponse:
    response = redirect(next_page(url_for("public.site.home")), 303)
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        keep_language(response, chosen)
        if current_user.is_authenticated:
            _store(chosen)
    return response


def _store(chosen: str) -> None:
    """Keep a signed-in customer's choice for every browser, and for our mails."""
    with transaction():
        current_user.language = chosen
        current_user.customer.language = chosen


@blueprint.get("/policy")
@requires(PUBLIC)
def policy() -> str:
    return render_template(
        "site/public/policy.html",
        data_map=installed_data_map(),
        body=f"policies/policy_{get_locale()}.html",
        claims=PolicyClaims.of(installed.organisation(), get_locale()),
    )


@blueprint.get("/accessibility")
@requires(PUBLIC)
def accessibility() -> str:
    return render_template("site/public/accessibility.html")


@blueprint.get("/.well-known/security.txt")
@requires(PUBLIC)
def security_txt() -> Response:
    """Return RFC 9116's file. `Expires` is computed at each call, so it lies ahead as long as the portal is served."""
    organisation, public_url = (
        installed.organisation(),
        installed.settings().public_url,
    )
    expires = (clock.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: mailto:{organisation.contact.email}",
        f"Expires: {expires}",
        "Preferred-Languages: fr, en",
        f"Canonical: {public_url}{url_for('public.site.security_txt')}",
        f"Policy: {public_url}{url_for('public.site.policy')}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/.well-known/gpc.json")
@requires(PUBLIC)
def gpc() -> Response:
    """Global Privacy Control: the portal honours `Sec-GPC: 1` as an objection to advertising."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE)
