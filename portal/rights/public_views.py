"""Facebook's two calls, and the page that tells a person what became of the erasure asked for there."""

import hashlib
from typing import Any

from flask import Blueprint, abort, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import get_locale

from portal import clock
from portal.access.declare import PUBLIC, requires
from portal.accounts.signed_request import Callback, SignedRequestRefused, read_callback
from portal.infrastructure.database import transaction
from portal.rights import facebook_callbacks
from portal.rights.facebook_status import status_of
from portal.web.rate_limits import caller_network, count_try

blueprint = Blueprint("rights", __name__)

FORGERIES = "30 per 5 minutes"
CALLS_ABOUT_ONE_PERSON = "20 per hour"


@blueprint.post("/facebook/deauthorize")
@requires(PUBLIC)
def deauthorize() -> Any:
    callback = _callback()
    with transaction():
        facebook_callbacks.deauthorize(callback)
    return {}


@blueprint.post("/facebook/deletion")
@requires(PUBLIC)
def deletion() -> Any:
    callback = _callback()
    with transaction():
        code = facebook_callbacks.erase(callback)
    page = url_for(".deletion_status", code=code)
    return {"url": current_app.extensions["settings"].public_url + page, "confirmation_code": code}


@blueprint.get("/facebook/deletion/<code>")
@requires(PUBLIC)
def deletion_status(code: str) -> str:
    try:
        found = facebook_callbacks.request_under(code)
    except facebook_callbacks.CodeUnknown:
        abort(404)
    status = status_of(found, str(get_locale())) if found else None
    return render_template("rights/public/facebook_erasure.html", code=code, status=status)


def _callback() -> Callback:
    """Return what Facebook tells; anything else is refused, and counted by its sender.

    Facebook's own calls come from few networks, for everybody: they are counted by the person instead, known
    or not, so that nobody's erasure is turned away because of others.
    """
    secret = current_app.extensions["settings"].facebook_app_secret
    if not secret:
        abort(404)
    try:
        callback = read_callback(request.form.get("signed_request", ""), secret, clock.now())
    except SignedRequestRefused:
        count_try([(FORGERIES, f"facebook:forged:{caller_network()}")])
        abort(400)
    hidden = hashlib.sha256(callback.scoped_id.encode()).hexdigest()
    count_try([(CALLS_ABOUT_ONE_PERSON, f"facebook:about:{hidden}")])
    return callback


@blueprint.record_once
def exempt_from_form_tokens(state: BlueprintSetupState) -> None:
    """Facebook holds no form token: what it sends is signed under a secret that we share."""
    for view in (deauthorize, deletion):
        state.app.extensions["csrf"].exempt(view)
