"""Taking in a request that came by another way than the portal."""

from datetime import datetime, time
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.customers.models import Customer
from portal.infrastructure.database import transaction
from portal.lookups.forms import not_opened
from portal.lookups.opening import NotOpened, find_customer, is_own_file
from portal.personal_data.categories import Category
from portal.rights.asked import StopUse
from portal.rights.channels import Channel
from portal.rights.chosen import Use
from portal.rights.filing.other_ways import take_in
from portal.rights.filing.staff_forms import TakeInForm
from portal.rights.lifecycle import Right
from portal.rights.staff_blueprint import blueprint
from portal.web.forms import form_page


@blueprint.route("/requests/take-in", methods=["GET", "POST"])
@requires(staff(Permission.TAKE_IN_REQUEST))
def take_in_request() -> Any:
    form = TakeInForm()
    if form.is_submitted():
        is_valid = form.validate()
        with transaction():
            # Looked up in any case: whoever made two mistakes hears of both at once.
            customer = _customer_of(form)
            reference = _take_in(form, customer) if is_valid and customer else None
        if reference:
            flash(_("The request is taken in. Its clock runs from the date of receipt."), "success")
            return redirect(url_for(".case", reference=reference), 303)
    return form_page("rights/staff/take_in.html", form)


def _customer_of(form: TakeInForm) -> Customer | None:
    """Return the customer that the form names; otherwise put the reason beside the field."""
    if form.email.errors:
        return None
    customer = find_customer(form.email.data)
    if customer is None:
        form.email.errors = [not_opened(NotOpened.UNKNOWN)]
    elif is_own_file(current_user, customer):
        form.email.errors = [not_opened(NotOpened.OWN_FILE)]
    return None if form.email.errors else customer


def _take_in(form: TakeInForm, customer: Customer) -> str:
    """Take in the request of the form, in the current transaction, and return its reference."""
    received_at = min(datetime.combine(form.received_on.data, time(12), clock.PARIS), clock.now())
    right, channel, words = Right(form.right.data), Channel(form.channel.data), form.words.data
    use, purposes = Use(form.use.data) if form.use.data else None, form.purposes.data or ()
    uses = [use, Use.OTHER] if purposes and StopUse(use=use).concerns_marketing else [use]
    for each in uses:  # advertising stops at once, by a request of its own
        request = take_in(
            customer, right, channel, received_at, words, current_user, use=each, purposes=purposes,
            on_hold=form.on_hold.data, is_on_behalf=form.is_on_behalf.data,
            categories=[Category(code) for code in form.categories.data or ()],
        )  # fmt: skip
    return request.reference
