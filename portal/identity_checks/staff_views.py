"""The rendition of a document for the member who checks it, and the state of the store, without any picture."""

import logging

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.identity_checks.decoding.watermark import TURNS
from portal.identity_checks.documents.reconciliation import ORPHAN_AGE, ask_now, is_under_way, last_compared
from portal.identity_checks.documents.viewing import (
    DocumentDamaged,
    DocumentGone,
    DocumentHeld,
    NotOpened,
    NotTheirs,
    note_denied,
    open_page,
)
from portal.identity_checks.models import StoreFault, StoreFinding
from portal.identity_checks.queries import references_of, store_figures
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.storage import StorageError
from portal.web.headers import picture
from portal.web.pagination import keyset_page

blueprint = Blueprint("identity_checks", __name__)
logger = logging.getLogger("portal.identity_checks")

PAGE_SIZE = 50


@blueprint.get("/documents/<public_id>/<int:page>")
@requires(staff(Permission.SEE_DOCUMENT))
def document(public_id: str, page: int) -> Response:
    """One page as a picture. The look is logged for the customer and audited before the first byte leaves."""
    if installed.opening_keys() is None:
        abort(503)
    turn = request.args.get("turn", 0, int)
    if turn not in TURNS:
        abort(404)
    try:
        jpeg = open_page(session, current_user, public_id, page, turn=turn)
    except NotTheirs:
        note_denied(current_user, public_id)
        abort(403)
    except NotOpened:
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
    if jpeg is None:
        abort(404)
    return picture(jpeg, "image/jpeg")


@blueprint.get("/documents")
@requires(staff(Permission.WATCH_DOCUMENT_STORE))
def store() -> str:
    """What is kept, and where rows and stored bytes disagree. Nobody sees a document here."""
    page = keyset_page(
        select(StoreFinding),
        [(StoreFinding.first_found_at, True), (StoreFinding.id, True)],
        lambda finding: (finding.first_found_at, finding.id),
        cursor=request.args.get("after"),
        size=PAGE_SIZE,
        name="store-findings",
    )
    return render_template(
        "identity_checks/staff/store.html",
        page=page,
        faults=StoreFault,
        orphan_age=ORPHAN_AGE,
        references=references_of([finding.document for finding in page.rows if finding.document]),
        figures=store_figures(),
        compared=last_compared(),
        is_under_way=is_under_way(),
    )


@blueprint.post("/documents")
@requires(staff(Permission.WATCH_DOCUMENT_STORE))
def compare_store() -> AnyResponse:
    with transaction():
        ask_now()
    flash(_("The comparison has begun. Load this page again in a moment."), "success")
    return redirect(url_for(".store"), 303)
