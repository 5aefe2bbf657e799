"""What the page's script calls to send a side in parts. Without a script the page is one plain form."""

import re

from flask import Blueprint, abort, jsonify, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, requires
from portal.accounts.sessions.account_sessions import session_key
from portal.identity_checks.decoding.inspection import DocumentRefused
from portal.identity_checks.documents import uploading
from portal.identity_checks.documents.intake import NoLongerNeeded, fingerprint_of
from portal.identity_checks.documents.refusals import Refusal, not_now, refuse, too_many, try_to_take_in
from portal.identity_checks.documents.uploading import OffsetDiffers, PartIncomplete, UploadGone
from portal.identity_checks.models import IdentityUpload
from portal.identity_checks.proof.errand_views import current_errand
from portal.identity_checks.proof.errands import Errand
from portal.identity_checks.proof.papers import Paper, Side
from portal.infrastructure.database import transaction
from portal.infrastructure.storage import StorageError
from portal.web.incoming.rate_limits import TooManyTries, count_try

blueprint = Blueprint("uploads", __name__)

UPLOADS_AN_HOUR = "60 per hour"
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIZE = re.compile(r"[0-9]{1,12}", re.ASCII)


@blueprint.post("/requests/identity/<code>/uploads")
@requires(CUSTOMER)
def begin(code: str) -> Response:
    """Begin an upload, or tell where to go on with it when the same file is sent again."""
    errand = current_errand(code)
    paper, side, size, digest = _asked(errand)
    fingerprint, sender = fingerprint_of(digest), session_key()
    if uploading.has_arrived(errand, paper, side, fingerprint):
        return jsonify(arrived=True)
    row = uploading.open_upload(errand, paper, side, size, fingerprint, sender)
    try:
        if row is None:
            count_try([(UPLOADS_AN_HOUR, f"identity-upload-begun:{errand.customer_id}")])
            row = uploading.begin(errand, paper, side, size, fingerprint, sender)
    except DocumentRefused as fault:
        return _refused(refuse(errand, paper, side, fault))
    except NoLongerNeeded:
        return _over()
    except TooManyTries as limit:
        return _refused(too_many(limit))
    url = url_for(".finish", code=code, public_id=row.public_id).removesuffix("/finish")
    return jsonify(url=url, offset=row.received, part=uploading.PART_SIZE)


@blueprint.post("/requests/identity/<code>/uploads/<public_id>/<int:offset>")
@requires(CUSTOMER)
def receive(code: str, public_id: str, offset: int) -> Response:
    """Take the part that begins at an offset. Its bytes stay in memory until they are sealed."""
    errand = current_errand(code)
    part = request.get_data(cache=False)
    try:
        row = uploading.find(errand, public_id)
        return jsonify(offset=uploading.receive(row, offset, part, session_key()))
    except OffsetDiffers as fault:
        return _answer(409, offset=fault.offset)
    except PartIncomplete:
        return _answer(400, incomplete=True)
    except UploadGone:
        return _gone()
    except StorageError as error:
        return _refused(not_now(error))


@blueprint.post("/requests/identity/<code>/uploads/<public_id>/finish")
@requires(CUSTOMER)
def finish(code: str, public_id: str) -> Response:
    """Take in the whole file as the side. The upload ends, unless the same file may pass a minute later."""
    errand = current_errand(code)
    try:
        row = uploading.find(errand, public_id)
    except UploadGone:
        return _gone()
    paper, side, fingerprint = Paper(row.kind), Side(row.side), row.fingerprint
    try:
        refusal = _take_in(errand, row)
    except OffsetDiffers as fault:
        return _answer(409, offset=fault.offset)
    except NoLongerNeeded as fault:
        # Of two calls at once the first one has kept the side.
        if uploading.has_arrived(errand, paper, side, fingerprint):
            return jsonify(arrived=True)
        _end(errand, public_id)
        return _gone() if isinstance(fault, UploadGone) else _over()
    if refusal is None:
        return jsonify(arrived=True)
    if not refusal.may_pass:
        _end(errand, public_id)
    return _refused(refusal)


@blueprint.post("/requests/identity/<code>/uploads/<public_id>/cancel")
@requires(CUSTOMER)
def cancel(code: str, public_id: str) -> Response:
    """Destroy what has been sent of a side."""
    _end(current_errand(code), public_id)
    return jsonify(cancelled=True)


def _take_in(errand: Errand, row: IdentityUpload) -> Refusal | None:
    paper, side, row_id = Paper(row.kind), Side(row.side), row.id
    try:
        content = uploading.content_of(row, session_key())
    except DocumentRefused as fault:
        return refuse(errand, paper, side, fault)
    except StorageError as error:
        return not_now(error)
    return try_to_take_in(errand, paper, side, content, session_key(), lambda: uploading.use_up(row_id))


def _asked(errand: Errand) -> tuple[Paper, Side, int, str]:
    paper, side = request.form.get("paper", ""), request.form.get("side", "")
    size, digest = request.form.get("size", ""), request.form.get("digest", "")
    if paper not in errand.papers or side not in Paper(paper).sides:
        abort(400)
    if not _SIZE.fullmatch(size) or not _DIGEST.fullmatch(digest):
        abort(400)
    return Paper(paper), Side(side), int(size), digest


def _end(errand: Errand, public_id: str) -> None:
    with transaction():
        try:
            uploading.end([uploading.find(errand, public_id)])
        except UploadGone:
            return


def _refused(refusal: Refusal) -> Response:
    return _answer(refusal.status, error=refusal.sentence, again=refusal.may_pass)


def _gone() -> Response:
    sentence = _("This side was begun again in another window, or too long ago. Choose the file again.")
    return _answer(404, error=sentence)


def _over() -> Response:
    return _answer(409, error=_("We no longer need this document. It was not kept."))


def _answer(status: int, **facts: object) -> Response:
    response: Response = jsonify(**facts)
    response.status_code = status
    return response
