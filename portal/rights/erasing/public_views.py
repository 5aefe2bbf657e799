"""The pages of an erasure that anybody with their address may open: where it stands, and the link that cancels it."""

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from portal.access.declare import PUBLIC, requires
from portal.infrastructure.database import transaction
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.scheduling import TooLate, find_by_token
from portal.rights.erasing.cancelling import LinkUnknown, cancel_by_link, named_by
from portal.rights.erasing.standing import CAN_BE_CANCELLED, begins_at, status_token
from portal.rights.erasing.status import before_day, status_of
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import count_try

blueprint = Blueprint("erasing", __name__)


@blueprint.get("/erasure/<token>")
@requires(PUBLIC)
def status(token: str) -> Response:
    count_try(by_network(120, "5 minutes", "erasure:status"))
    erasure = find_by_token(token)
    if erasure is None:
        abort(404)
    return _unseen(
        render_template("rights/public/erasure.html", status=status_of(erasure, str(get_locale())), erasure=erasure)
    )


@blueprint.route("/erasure/cancel/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def cancel(token: str) -> Any:
    """Say when the erasure begins, and cancel it by a press: a mail program that opens every link cancels nothing."""
    count_try(by_network(60, "5 minutes", "erasure:cancel"))
    try:
        if request.method == "GET":
            return _cancel_page(token)
        if "cancel" not in request.form:
            abort(400)  # a program that tries every address does not have the word of our button
        with transaction():
            cancel_by_link(token)
    except LinkUnknown:
        return _unseen(render_template("rights/public/erasure_link_unknown.html"), 404)
    except TooLate:
        return _cancel_page(token, 409)
    return redirect(url_for(".cancel", token=token), 303)


def _cancel_page(token: str, code: int = 200) -> Response:
    erasure = named_by(token)
    page = render_template(
        "rights/public/erasure_cancel.html",
        erasure=erasure,
        token=token,
        status_token=status_token(erasure),
        before=before_day(erasure),
        begins_at=begins_at(erasure),
        can_be_cancelled=erasure.state in CAN_BE_CANCELLED,
        is_cancelled=erasure.state is ErasureState.CANCELLED,
    )
    return _unseen(page, code)


def _unseen(page: str, code: int = 200) -> Response:
    """Return a page that no cache keeps and no search engine lists."""
    return make_response(page, code, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"})
