"""A customer's file, opened for half an hour and a stated reason.

The first page shows the least; each category is a further page. Each look is logged before anything is shown.
"""

from typing import Any, NoReturn

from flask import Blueprint, abort, flash, redirect, request, url_for
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
from portal.lookups.drawing import draw_customer_page
from portal.lookups.forms import LookupForm
from portal.lookups.models import CustomerLookup
from portal.lookups.opening import (
    MOST_LOOKUPS,
    SHOWN_AT_ONCE,
    LookupOver,
    OwnFile,
    UnknownCase,
    check_named,
    find_lookup,
    look_of,
    look_under,
    may_look_again,
    newest_items,
    note_own_file,
    open_named,
)
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.registry import HeldItem
from portal.personal_data.restrictions.door import Locked
from portal.personal_data.restrictions.standing import locked_categories
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try
from portal.web.typed_forms.stale import is_stale

blueprint = Blueprint("lookups", __name__)

LOOK_UP = staff(Permission.LOOK_UP_CUSTOMER)


@blueprint.route("/customers", methods=["GET", "POST"])
@requires(LOOK_UP)
def customers() -> Any:
    form = LookupForm()
    lookup_id = _open(form) if form.is_submitted() else None
    if lookup_id:
        return redirect(url_for(".customer_file", public_id=lookup_id), 303)
    return _ask_for_name(form)


def _ask_for_name(form: LookupForm) -> tuple[str, int]:
    """Return the page of the form. After an expired lookup it names the customer, so only the reason is to be given."""
    earlier = find_lookup(current_user, one_line(request.args.get("again", "")))
    form.is_held = "held" in request.args
    if earlier is None or form.is_submitted() or not may_look_again(earlier, current_user):
        return form_page("lookups/staff/customers.html", form)
    form.identifier.data = earlier.customer.reference
    looks = [look_of(earlier, SUMMARY)]
    return draw_customer_page("lookups/staff/customers.html", current_user, looks, lambda: {"form": form}), 200


def _open(form: LookupForm) -> str | None:
    """Open the file that the form asks for and return the lookup's public id; else note on it all that is wrong."""
    is_valid = form.validate()
    if form.identifier.errors or is_stale():
        return None
    count_try([(MOST_LOOKUPS, f"staff-lookup:{current_user.id}")])
    named, reference = form.identifier.data, read_reference(form.request_reference.data or "")
    try:
        with transaction():
            opened = (
                open_named(current_user, named, form.reason.data, reference, use_reason=form.because)
                if is_valid
                else check_named(current_user, named, reference, use_reason=form.because)
            )
            if isinstance(opened, CustomerLookup):
                return opened.public_id
        form.say_why_not(opened)
    except UnknownCase:
        form.say_no_such_case()
    return None


@blueprint.get("/customers/<public_id>")
@requires(LOOK_UP)
def customer_file(public_id: str) -> Any:
    return _show(public_id, SUMMARY)


@blueprint.get("/customers/<public_id>/<category>")
@requires(LOOK_UP)
def customer_category(public_id: str, category: str) -> Any:
    return _show(public_id, category) if category in CATEGORIES else abort(404)


def _show(public_id: str, category: str) -> Any:
    lookup = find_lookup(current_user, public_id) or abort(404)
    try:
        looks = [look_under(lookup, current_user, category)]
    except OwnFile:
        _refuse_own(lookup)
    return draw_customer_page(
        "lookups/staff/customer_file.html", current_user, looks, lambda: _what_the_file_shows(lookup, category)
    )


def _what_the_file_shows(lookup: CustomerLookup, category: str) -> dict[str, Any]:
    items: list[HeldItem] = []
    chosen, has_more = None if category == SUMMARY else Category(category), False
    if chosen:
        items, has_more = newest_items(lookup, chosen, str(get_locale()))
    return {
        "lookup": _minimal_facts(lookup), "category": chosen, "categories": CATEGORIES, "items": items,
        "has_more": has_more, "shown": SHOWN_AT_ONCE, "locked": locked_categories(lookup.customer_id),
    }  # fmt: skip


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


@blueprint.errorhandler(Locked)
def ask_why(_locked: Locked) -> AnyResponse:
    """Answer whoever comes to restricted data with the form that asks for one of the four reasons."""
    flash(_("These data are on hold. Choose one of the four reasons, or leave them alone."), "info")
    return redirect(url_for(".customers", again=(request.view_args or {})["public_id"], held="yes"), 303)


@blueprint.errorhandler(LookupOver)
def ask_again(_over: LookupOver) -> AnyResponse:
    """Answer whoever comes after the half hour with the form that asks for a reason."""
    flash(_("The half hour for this file has passed. Say again why you open it."), "info")
    return redirect(url_for(".customers", again=(request.view_args or {})["public_id"]), 303)


def _refuse_own(lookup: CustomerLookup) -> NoReturn:
    with transaction():
        note_own_file(current_user, lookup.customer)
    abort(403)
