"""The rendition of a document, page by page, for the person who checks it and nobody else."""

import logging

from flask import Blueprint, Response, abort, current_app
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.identity_checks.viewing import DocumentDamaged, DocumentGone, DocumentHeld, NotTheirs, open_page
from portal.infrastructure.storage import StorageError
from portal.staff.access_log import IDENTITY_CHECK

blueprint = Blueprint("identity_checks", __name__)
logger = logging.getLogger("portal.identity_checks")

# Pixels rebuilt by us are all that is served, and still nothing may run in them or embed them elsewhere.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}


@blueprint.get("/documents/<public_id>/<int:page>")
@requires(staff(Permission.SEE_DOCUMENT))
def document(public_id: str, page: int) -> Response:
    """One page as a picture. The look is logged for the customer and audited before the first byte leaves."""
    if current_app.extensions["opening_keys"] is None:
        abort(503)
    try:
        picture = open_page(current_user, public_id, page, reason=IDENTITY_CHECK)
    except NotTheirs:
        abort(403)
    except DocumentHeld:
        abort(409)
    except DocumentGone:
        abort(410)
    except StorageError:
        abort(503)
    except DocumentDamaged:
        logger.error("a stored identity document is not what was sealed")
        abort(500)
    if picture is None:
        abort(404)
    return Response(picture, mimetype="image/jpeg", headers=HEADERS)
