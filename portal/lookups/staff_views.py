"""A customer's file, opened for half an hour and a stated reason.

The first page shows the least; each category is a further page. Each look is logged before anything is shown.
"""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.customers.addresses import mask_address
from portal.infrastructure.database import transaction
from portal.infrastructure.references import read_reference
from portal.infrastructure.typed_texts import one_line
from portal.lookups.access_log import SUMMARY
from portal.lookups.forms import LookupForm
from portal.lookups.models import CustomerLookup
from portal.lookups.opening import (
    MOST_LOOKUPS,
    SHOWN_AT_ONCE,
    OwnFile,
    UnknownCase,
    find_lookup,
    is_open,
    look,
    newest_items,
    note_own_file,
    open_named,
)
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.registry import HeldItem
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try

blueprint = Blueprint("lookups", __name__)

LOOK_UP = staff(Permission.LOOK_UP_CUSTOMER)


@blueprint.route("/customers", methods=["GET", "POST"])
@requires(LOOK_UP)
def customers() -> Any:
    form = LookupForm(data=_asked_again())
    if form.validate_on_submit():
        count_try([(MOST_LOOKUPS, f"staff-lookup:{current_user.id}")])
        lookup_id = _open(form)
        if lookup_id:
            return redirect(url_for(".customer_file", public_id=lookup_id), 303)
    return form_page("lookups/staff/customers.html", form)


def _open(form: LookupForm) -> str | None:
    """Open the file that the form asks for and return the lookup's public id; else note on the form what is wrong."""
    reference = read_reference(form.request_reference.data or "")
    try:
        with transaction():
            opened = open_named(current_user, form.identifier.data, form.reason.data, reference)
            if isinstance(opened, CustomerLookup):
                return opened.public_id
        form.say_why_not(opened)
    except UnknownCase:
        form.request_reference.errors = [_("This customer has no case with this reference.")]
    return None


def _asked_again() -> dict[str, str]:
    """Return the customer of an expired lookup as data of the form, so that only the reason has to be given again."""
    earlier = find_lookup(current_user, one_line(request.args.get("again", "")))
    return {"identifier": earlier.customer.reference} if earlier else {}


@blueprint.get("/customers/<public_id>")
@requires(LOOK_UP)
def customer_file(public_id: str) -> Any:
    return _show(public_id, SUMMARY)


@blueprint.get("/customers/<public_id>/<category>")
@requires(LOOK_UP)
def customer_category(public_id: str, category: str) -> Any:
    return _show(public_id, category) if category in CATEGORIES else abort(404)


def _show(public_id: str, category: str) -> Any:
    """Log the look and read what it shows in one transaction; render the page after the commit."""
    items: list[HeldItem] = []
    has_more, language = False, str(get_locale())
    try:
        with transaction():
            lookup = find_lookup(current_user, public_id) or abort(404)
            if not is_open(lookup):
                return _ask_again(public_id)
            look(current_user, lookup, category)
            if category != SUMMARY:
                items, has_more = newest_items(lookup.customer_id, Category(category), language)
            facts = _minimal_facts(lookup)
    except OwnFile:
        return _refuse_own(public_id)
    return render_template(
        "lookups/staff/customer_file.html",
        lookup=facts,
        category=None if category == SUMMARY else Category(category),
        categories=CATEGORIES,
        items=items,
        has_more=has_more,
        shown=SHOWN_AT_ONCE,
    )


def _minimal_facts(lookup: CustomerLookup) -> dict[str, Any]:
    customer = lookup.customer
    return {
        "public_id": lookup.public_id,
        "reason": lookup.reason,
        "request_reference": lookup.request_reference,
        "expires_at": lookup.expires_at,
        "name": customer.full_name,
        "email": mask_address(customer.email) if customer.email else None,
        "reference": customer.reference,
        "since": customer.customer_since,
        "language": customer.language,
        "status": customer.status.value,
    }


def _ask_again(public_id: str) -> AnyResponse:
    flash(_("The half hour for this file has passed. Say again why you open it."), "info")
    return redirect(url_for(".customers", again=public_id), 303)


def _refuse_own(public_id: str) -> Any:
    with transaction():
        lookup = find_lookup(current_user, public_id) or abort(404)
        note_own_file(current_user, lookup.customer)
    abort(403)
