"""The page of an answer package, and its download after fresh proof of who asks."""

from flask import Blueprint, Response, abort, jsonify, render_template
from flask_login import current_user

from portal import clock
from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.exports.delivery import PackageUnavailable, clear_chunks, deliver, find_package
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import transaction

blueprint = Blueprint("exports", __name__)


@blueprint.get("/answers/<public_id>")
@requires(CUSTOMER)
def package(public_id: str) -> str:
    found = _own(public_id)
    return render_template("exports/customer/package.html", package=found, status=found.status)


@blueprint.get("/answers/<public_id>/progress")
@requires(CUSTOMER)
def progress(public_id: str) -> Response:
    found = _own(public_id)
    return jsonify(status=found.status, progress=found.progress)


@blueprint.post("/answers/<public_id>")
@requires(CUSTOMER_FRESH)
def download(public_id: str) -> Response:
    with transaction():
        found = _own(public_id)
        try:
            deliver(found)
        except PackageUnavailable:
            abort(410)
        chunks = clear_chunks(found)
        size = found.size
    response = Response(chunks, mimetype="application/zip")
    name = f"netkin-{found.purpose}-{clock.today().isoformat()}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Length"] = str(size)
    return response


def _own(public_id: str) -> AnswerPackage:
    found = find_package(current_user.customer_id, public_id)
    if found is None:
        abort(404)
    return found
