"""Closing one's own account: what ends, what stays at the company, and the offer to have that erased too."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER_FRESH, requires
from portal.accounts.leaving.closing import close_account
from portal.infrastructure.database import transaction
from portal.records.queries import first_page
from portal.rights.customer_blueprint import blueprint
from portal.rights.filing.drafts import discard, drafts_of
from portal.rights.filing.open_requests import open_requests


@blueprint.get("/account/close")
@requires(CUSTOMER_FRESH)
def closing() -> str:
    return _closing_page()


@blueprint.post("/account/close")
@requires(CUSTOMER_FRESH)
def close() -> Response | tuple[str, int]:
    """Close the account. An open request waits for its answer here, so it ends or is taken back first."""
    customer_id = current_user.customer_id
    if "close" not in request.form:
        abort(400)  # a program that tries every address does not have the word of our button
    with transaction():
        is_owed = bool(open_requests(customer_id))
        if not is_owed:
            for draft in drafts_of(customer_id):
                discard(draft)
            close_account(g.portal_session)
    if is_owed:
        return _closing_page(), 409
    flash(_("Your account is closed."), "success")
    response = redirect(url_for("public.site.home"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _closing_page() -> str:
    customer_id = current_user.customer_id
    held = [tile for tile in first_page(customer_id).tiles if tile.count]
    return render_template("rights/customer/close_account.html", tiles=held, owed=open_requests(customer_id))
