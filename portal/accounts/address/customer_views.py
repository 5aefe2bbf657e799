"""The sign-in address: ask for another one, see the change that waits for its confirmation, cancel it."""

from flask import Blueprint, flash, g, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.accounts.address import change
from portal.accounts.entry.limits import count_address_change, may_mail_unproven
from portal.accounts.forms import ChangeAddressForm
from portal.customers.addresses import mask_address, normalise_address
from portal.infrastructure.database import transaction
from portal.web.forms import form_page

blueprint = Blueprint("email_change", __name__)


@blueprint.route("/account/address", methods=["GET", "POST"])
@requires(CUSTOMER_FRESH)
def change_address() -> str | tuple[str, int] | Response:
    form = ChangeAddressForm()
    form.own_address = current_user.email
    if form.validate_on_submit():
        _ask(form.email.data)
        return redirect(url_for("customer.accounts.email_change.change_address"), 303)
    return form_page(
        "accounts/customer/change_address.html",
        form,
        address=mask_address(current_user.email),
        pending=change.pending_change(current_user.id),
    )


def _ask(email: str) -> None:
    count_address_change(current_user.id)
    address = normalise_address(email)
    is_mail_allowed = may_mail_unproven(address)
    with transaction():
        change.ask_for_change(g.portal_session, email, address, may_mail=is_mail_allowed)


@blueprint.post("/account/address/cancel")
@requires(CUSTOMER)
def cancel() -> Response:
    with transaction():
        change.cancel_change(g.portal_session)
    flash(_("The change is cancelled. Your address stays the same."), "success")
    return redirect(url_for("customer.accounts.account"), 303)
