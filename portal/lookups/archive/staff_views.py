"""What lies in the archive about a customer, opened for half an hour on one of five grounds."""

from typing import Any, NoReturn

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.infrastructure.database import transaction
from portal.infrastructure.references import read_reference
from portal.infrastructure.typed_texts import one_line
from portal.lookups.archive.forms import ArchiveForm
from portal.lookups.archive.opening import look_into, open_archive
from portal.lookups.drawing import draw_customer_page
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import CustomerLookup
from portal.lookups.opening import MOST_LOOKUPS, LookupOver, OwnFile, UnknownCase, find_lookup, note_own_file
from portal.personal_data.restrictions.door import Locked
from portal.records.archive.finding import archived_page
from portal.records.finding.filters import LONGEST_SEARCH
from portal.web.forms import form_page
from portal.web.incoming.rate_limits import count_try

blueprint = Blueprint("archive", __name__)

OPEN = staff(Permission.OPEN_ARCHIVE)


@blueprint.route("/archive", methods=["GET", "POST"])
@requires(OPEN)
def archive() -> Any:
    form = ArchiveForm()
    form.offer_grounds()
    if form.validate_on_submit():
        count_try([(MOST_LOOKUPS, f"staff-lookup:{current_user.id}")])
        opened = _open(form)
        if opened:
            return redirect(url_for(".archive_of_customer", public_id=opened), 303)
    return form_page("lookups/staff/archive.html", form)


def _open(form: ArchiveForm) -> str | None:
    """Open the archive that the form asks for and return the opening's id; else note on the form what is wrong."""
    reference = read_reference(form.request_reference.data or "")
    ground = ArchiveGround(form.ground.data)
    try:
        with transaction():
            opened = open_archive(
                current_user, form.identifier.data, ground, form.reason.data, reference, use_reason=form.because
            )
            if isinstance(opened, CustomerLookup):
                return opened.public_id
        form.say_why_not(opened)
    except UnknownCase:
        form.say_no_such_case()
    return None


@blueprint.get("/archive/<public_id>")
@requires(OPEN)
def archive_of_customer(public_id: str) -> Any:
    opened = find_lookup(current_user, public_id, of_archive=True) or abort(404)
    try:
        looks = [look_into(opened, current_user)]
    except OwnFile:
        _refuse_own(opened)
    return draw_customer_page("lookups/staff/archive_of_customer.html", current_user, looks, lambda: _shown(opened))


def _shown(opened: CustomerLookup) -> dict[str, Any]:
    words = one_line(request.args.get("words", ""))[:LONGEST_SEARCH].strip()
    items, page = archived_page(opened.customer_id, words, request.args.get("cursor"), str(get_locale()))
    return {"lookup": opened, "name": opened.customer.full_name, "items": items, "page": page, "words": words}


@blueprint.errorhandler(Locked)
def ask_why(_locked: Locked) -> AnyResponse:
    """Answer whoever comes to an archive that was restricted meanwhile with the form, which asks for a reason."""
    flash(_("These data are on hold. Choose one of the four reasons, or leave them alone."), "info")
    return redirect(url_for(".archive"), 303)


@blueprint.errorhandler(LookupOver)
def ask_again(_over: LookupOver) -> AnyResponse:
    """Answer whoever comes after the half hour with the form that asks for a ground."""
    flash(_("The half hour for this archive has passed. Say again why you open it."), "info")
    return redirect(url_for(".archive"), 303)


def _refuse_own(opened: CustomerLookup) -> NoReturn:
    with transaction():
        note_own_file(current_user, opened.customer)
    abort(403)
