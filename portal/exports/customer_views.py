"""The page of an answer package, and its download after a fresh proof of who asks."""

import logging
import re
import unicodedata
from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.accounts.sessions.freeze import frozen_until
from portal.exports.delivery import (
    PackageDamaged,
    PackageUnavailable,
    begin_download,
    check_whole,
    clear_chunks,
    find_package,
    is_available,
    is_begun,
    note_damage,
)
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.storage import StorageError

blueprint = Blueprint("exports", __name__)
logger = logging.getLogger("portal.exports")


@blueprint.get("/answers/<public_id>")
@requires(CUSTOMER)
def package(public_id: str) -> str:
    found, frozen = _own(public_id), frozen_until(current_user)
    return render_template("exports/customer/package.html", package=found, status=_status(found), frozen_until=frozen)


@blueprint.get("/answers/<public_id>/progress")
@requires(CUSTOMER)
def progress(public_id: str) -> Response:
    found = _own(public_id)
    return jsonify(status=_status(found), progress=found.progress)


def _status(found: AnswerPackage) -> PackageStatus:
    """Return the status to show. A package has expired at its date, even if a worker has not removed it yet."""
    is_over = found.status is PackageStatus.READY and not is_available(found)
    return PackageStatus.EXPIRED if is_over else found.status


@blueprint.post("/answers/<public_id>")
@requires(CUSTOMER_FRESH)
def download(public_id: str) -> Any:
    """Count a download and lead to its bytes."""
    found = _own(public_id)
    if frozen_until(current_user):
        return redirect(url_for(".package", public_id=public_id), 303)
    _check(found)
    with transaction():
        ticket = begin_download(_own(public_id), g.portal_session.id)
    return redirect(url_for(".content", public_id=public_id, ticket=ticket), 303)


@blueprint.get("/answers/<public_id>/file/<ticket>")
@requires(CUSTOMER)
def content(public_id: str, ticket: str) -> Any:
    """Send the bytes of a download that was counted, or the rest of them (RFC 9110, 14)."""
    found = _own(public_id)
    if frozen_until(current_user) or not is_begun(found, g.portal_session.id, ticket):
        return redirect(url_for(".package", public_id=public_id), 303)
    _check(found)
    size = found.size or 0
    response = Response(clear_chunks(found), mimetype="application/zip")
    name = f"{_company()}-{found.purpose}-{clock.local_date(found.created_at).isoformat()}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Length"] = str(size)
    response.set_etag(found.sha256 or "")
    return response.make_conditional(request, accept_ranges=True, complete_length=size)


def _check(found: AnswerPackage) -> None:
    try:
        check_whole(found)
    except PackageUnavailable:
        abort(410)
    except PackageDamaged:
        logger.error("a stored answer package is not what was sealed")
        with transaction():
            note_damage(_own(found.public_id))
        abort(500)
    except StorageError:
        abort(503)


def _company() -> str:
    """Return the company's name as plain letters for a file name."""
    decomposed = unicodedata.normalize("NFKD", installed.organisation().name)
    plain = decomposed.encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain)) or "data"


def _own(public_id: str) -> AnswerPackage:
    found = find_package(current_user.customer_id, public_id)
    if found is None:
        abort(404)
    return found
