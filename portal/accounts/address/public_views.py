"""Links about a change of address: the new address confirms it, the former one says that it was not them."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import PUBLIC, requires
from portal.access.forms import PasswordAgainForm, wrong_password
from portal.accounts.address import change
from portal.accounts.address.confirmation import AddressTaken
from portal.accounts.entry.limits import try_password_with_link
from portal.accounts.entry.sign_in import is_password_of
from portal.accounts.forms import ConfirmForm, DenyForm
from portal.accounts.links import LinkState, LinkUnusable, Purpose, find_link
from portal.accounts.models import Account, AccountToken
from portal.accounts.second_step.factors import has_second_step
from portal.infrastructure.database import transaction
from portal.web.forms import form_page

blueprint = Blueprint("email_change", __name__)

Answer = str | tuple[str, int] | Response


@blueprint.route("/address/confirm/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def confirm(token: str) -> Answer:
    """Confirm a change of address: by a button where the account is signed in, elsewhere with its password.

    The password prevents a trick: a stranger asks for your address on their account, and you follow the mailed link.
    """
    state, link = find_link(Purpose.CHANGE_ADDRESS, token)
    if link is None or state is not LinkState.USABLE:
        return _unusable(state, link)
    account, is_own = link.account, current_user.is_authenticated and current_user.id == link.account_id
    form = ConfirmForm() if is_own else PasswordAgainForm()
    details = {"token": token, "address": link.email, "is_own": is_own}
    if not is_own and account.password_hash is None:
        return render_template("accounts/public/confirm_new_address_by_facebook.html", **details)
    if not form.validate_on_submit():
        return form_page("accounts/public/confirm_new_address.html", form, **details)
    seen_hash = None if is_own else _checked_hash(account, form)
    if not is_own and seen_hash is None:
        return form_page("accounts/public/confirm_new_address.html", form, **details)
    try:
        with transaction():
            change.change_address(link.id, session=g.portal_session if is_own else None, seen_hash=seen_hash)
    except LinkUnusable:
        return _unusable(*find_link(Purpose.CHANGE_ADDRESS, token))
    except AddressTaken:
        return render_template("accounts/public/new_address_taken.html", address=details["address"]), 409
    if is_own:
        flash(_("Your address is changed. Your other sessions are closed."), "success")
        return redirect(url_for("customer.accounts.account"), 303)
    flash(_("Your address is changed and every session is closed. Sign in with the new address."), "success")
    return redirect(url_for("public.accounts.sign_in"), 303)


def _checked_hash(account: Account, form: PasswordAgainForm) -> str | None:
    """Return the account's hash if the typed password fits it, else None. Raises `TooManyTries` before it compares."""
    with try_password_with_link(account.id) as attempt:
        attempt.is_right = is_password_of(account, form.password.data)
    if attempt.is_right:
        return account.password_hash
    form.password.errors = [wrong_password()]
    return None


def _unusable(state: LinkState, link: AccountToken | None) -> Answer:
    is_done = link is not None and link.account.email_normalised == link.email_normalised
    page = render_template("accounts/public/new_address_unusable.html", state=state, is_done=is_done)
    return page, state.status


@blueprint.route("/address/not-me/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def deny(token: str) -> Answer:
    """Stop a change, or undo it, for whoever reads the former address."""
    state, link = find_link(Purpose.DENY_CHANGE, token)
    if link is None or state is not LinkState.USABLE:
        return _undeniable(state)
    form, is_changed = DenyForm(), link.account.email_normalised != link.email_normalised
    details = {
        "token": token,
        "address": link.email,
        "is_changed": is_changed,
        "has_second_step": has_second_step(link.account),
    }
    if not form.validate_on_submit():
        return form_page("accounts/public/deny_change.html", form, **details)
    try:
        with transaction():
            change.deny_change(link.id)
    except LinkUnusable:
        return _undeniable(LinkState.ENDED)
    except AddressTaken:
        return render_template("accounts/public/new_address_taken.html", address=details["address"]), 409
    return redirect(url_for("public.accounts.email_change.denied"), 303)


@blueprint.get("/address/not-me")
@requires(PUBLIC)
def denied() -> str:
    return render_template("accounts/public/change_denied.html")


def _undeniable(state: LinkState) -> Answer:
    page = render_template("accounts/public/deny_unusable.html", state=state)
    return page, state.status
