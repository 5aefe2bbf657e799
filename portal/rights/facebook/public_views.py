"""Facebook's two calls, and the page that tells a person what became of the erasure asked for there."""

import hashlib
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import get_locale

from portal import clock
from portal.access.declare import PUBLIC, requires
from portal.accounts.facebook.signed_request import Callback, SignedRequestRefused, read_callback
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.rights.facebook import callbacks
from portal.rights.facebook.status import status_of
from portal.web.forms import without_form_token
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import count_try

blueprint = Blueprint("rights", __name__)

CALLS_ABOUT_ONE_PERSON = "20 per hour"


# Facebook has no form token. It signs its calls with a secret that only we share with it.
@blueprint.post("/facebook/deauthorize")
@requires(PUBLIC)
@without_form_token
def deauthorize() -> Any:
    callback = _callback()
    with transaction():
        callbacks.deauthorize(callback)
    return {}


@blueprint.post("/facebook/deletion")
@requires(PUBLIC)
@without_form_token
def deletion() -> Any:
    callback = _callback()
    with transaction():
        code = callbacks.erase(callback)
    page = url_for(".deletion_status", code=code)
    return {"url": installed.settings().public_url + page, "confirmation_code": code}


@blueprint.get("/facebook/deletion/<code>")
@requires(PUBLIC)
def deletion_status(code: str) -> str:
    try:
        found = callbacks.request_under(code)
    except callbacks.CodeUnknown:
        abort(404)
    status = status_of(found, str(get_locale())) if found else None
    return render_template("rights/public/facebook_erasure.html", code=code, status=status)


def _callback() -> Callback:
    """Return the call that Facebook signed. Anything else is refused, and counted against its sender's network.

    All of Facebook's calls come from a few networks. They are counted by the person they are about, known or not, so
    that nobody's erasure is turned away because of others.
    """
    secret = installed.settings().facebook_app_secret
    if not secret:
        abort(404)
    try:
        callback = read_callback(request.form.get("signed_request", ""), secret, clock.now())
    except SignedRequestRefused:
        count_try(by_network(30, "5 minutes", "facebook:forged"))
        abort(400)
    hidden = hashlib.sha256(callback.scoped_id.encode()).hexdigest()
    count_try([(CALLS_ABOUT_ONE_PERSON, f"facebook:about:{hidden}")])
    return callback
