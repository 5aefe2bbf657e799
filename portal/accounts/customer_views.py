"""The customer's own account: who they are, where they are signed in, their password, and the way out."""

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, Access, requires
from portal.access.forms import PasswordAgainForm, wrong_password
from portal.access.next_page import next_page
from portal.accounts import credentials
from portal.accounts.address import customer_views as address_views
from portal.accounts.address.change import pending_change
from portal.accounts.entry.limits import count_facebook_attempt, try_password_again
from portal.accounts.entry.sign_in import is_password_of
from portal.accounts.entry.sign_in import sign_out as leave
from portal.accounts.facebook.linked_identities import LastWayIn, live_identity, unlink_own
from portal.accounts.facebook.provider import authorize_url, is_offered
from portal.accounts.forms import ChangePasswordForm
from portal.accounts.second_step import customer_views as second_step_views
from portal.accounts.second_step.factors import second_step_of
from portal.accounts.sessions.account_sessions import find_own_session, live_sessions
from portal.accounts.sessions.visitor_sessions import Errand, begin_facebook
from portal.customers.addresses import mask_address
from portal.customers.masks import note_shown
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import transaction
from portal.infrastructure.passwords.hashing import hash_password
from portal.web.audiences import Audience
from portal.web.forms import form_page
from portal.web.typed_forms import session_ends
from portal.web.typed_forms.stale import is_stale

blueprint = Blueprint("accounts", __name__)
for _part in (address_views, second_step_views):
    blueprint.register_blueprint(_part.blueprint)

# Signing out when the session is over already must not ask anybody to sign in first.
SIGNED_IN_OR_NOT = Access(Audience.CUSTOMER, is_open=True)

Answer = str | tuple[str, int] | Response


@blueprint.get("/account")
@requires(CUSTOMER)
def account() -> str:
    return _account_page(is_masked=True)


@blueprint.get("/account/in-full")
@requires(CUSTOMER_FRESH)
def account_in_full() -> str:
    """Show the same page with nothing masked, to whoever has just proven themselves; it leaves only with its trace."""
    with transaction(is_trace=True):
        note_shown(current_user.customer, "account")
        return _account_page(is_masked=False)


def _account_page(*, is_masked: bool) -> str:
    sessions, total = live_sessions(current_user.id)
    return render_template(
        "accounts/customer/account.html",
        account=current_user,
        address=mask_address(current_user.email) if is_masked else current_user.email,
        is_masked=is_masked,
        pending=pending_change(current_user.id),
        sessions=sessions,
        more_sessions=total - len(sessions),
        current_session=g.portal_session,
        facebook=live_identity(current_user.id),
        second_step=second_step_of(current_user),
        has_facebook=is_offered(),
    )


@blueprint.get("/account/facebook")
@requires(CUSTOMER_FRESH)
def facebook() -> str:
    if not is_offered() and live_identity(current_user.id) is None:
        abort(404)
    return _facebook_page()


@blueprint.post("/account/facebook")
@requires(CUSTOMER_FRESH)
def link_facebook() -> Answer:
    """Begin to link Facebook. The link is made when Facebook leads back, for this account and this browser only."""
    if not is_offered():
        abort(404)
    count_facebook_attempt()
    attempt = begin_facebook("", Errand.LINK, current_user.public_id)
    return render_template("accounts/public/facebook.html", next="", url=authorize_url(attempt.state, attempt.verifier))


@blueprint.post("/account/confirm-facebook")
@requires(CUSTOMER)
def confirm_by_facebook() -> Answer:
    """Begin a fresh proof through Facebook, for a customer who has no password."""
    if not _is_proven_by_facebook():
        abort(404)
    count_facebook_attempt()
    attempt = begin_facebook(next_page(""), Errand.PROVE, current_user.public_id)
    url = authorize_url(attempt.state, attempt.verifier, is_again=True)
    return render_template("accounts/customer/confirm_facebook.html", url=url)


def _is_proven_by_facebook() -> bool:
    return current_user.password_hash is None and is_offered() and live_identity(current_user.id) is not None


@blueprint.get("/account/on-hold")
@requires(CUSTOMER)
def on_hold() -> str:
    """Tell a customer who has just come in that their data are on hold, at their own request (GDPR art. 18)."""
    customer = current_user.customer
    if customer.status is not CustomerStatus.RESTRICTED:
        abort(404)
    wanted = next_page(url_for("customer.records.dashboard"))
    return render_template("accounts/customer/on_hold.html", since=customer.restricted_at, next=wanted)


@blueprint.post("/account/facebook/unlink")
@requires(CUSTOMER_FRESH)
def unlink_facebook() -> Answer:
    try:
        with transaction():
            unlink_own(g.portal_session)
    except LastWayIn:
        return _facebook_page(is_last=True), 409
    flash(_("Facebook no longer opens your account."), "success")
    return redirect(url_for("customer.accounts.account"), 303)


def _facebook_page(*, is_last: bool = False) -> str:
    return render_template(
        "accounts/customer/facebook.html",
        account=current_user,
        identity=live_identity(current_user.id),
        has_facebook=is_offered(),
        is_last=is_last,
    )


@blueprint.post("/sign-out")
@requires(SIGNED_IN_OR_NOT)
def sign_out() -> Response:
    if current_user.is_authenticated:
        with transaction():
            leave(g.portal_session)
    flash(_("You are signed out."), "success")
    response = redirect(next_page(url_for("public.site.home")), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/account/stay")
@requires(CUSTOMER)
def stay() -> Response:
    return session_ends.stay()


@blueprint.route("/account/confirm-password", methods=["GET", "POST"])
@requires(CUSTOMER)
def confirm_password() -> Answer:
    """Ask for the password again before something that must not happen on an unwatched screen."""
    form, wanted = PasswordAgainForm(), next_page(url_for("customer.accounts.account"))
    details = {
        "next": wanted,
        "address": mask_address(current_user.email),
        "has_facebook": _is_proven_by_facebook(),
    }
    if not form.validate_on_submit():
        return form_page("accounts/customer/confirm_password.html", form, **details)
    seen_hash = _checked_hash(form.password.data)
    if seen_hash:
        try:
            with transaction():
                credentials.give_password_again(g.portal_session, seen_hash)
            return redirect(wanted, 303)
        except credentials.PasswordMoved:
            pass
    form.password.errors = [wrong_password()]
    return form_page("accounts/customer/confirm_password.html", form, **details)


@blueprint.route("/account/password", methods=["GET", "POST"])
@requires(CUSTOMER)
def change_password() -> Answer:
    form = ChangePasswordForm()
    form.own_names = current_user.email, current_user.given_name, current_user.family_name
    is_valid = form.validate_on_submit()
    # A wrong current password is told together with what is wrong with the new one.
    is_given = form.is_submitted() and not form.current_password.errors and not is_stale()
    seen_hash = _checked_hash(form.current_password.data) if is_given else None
    if is_valid and seen_hash:
        password_hash = hash_password(form.new_password.data)
        try:
            with transaction():
                credentials.change_password(g.portal_session, seen_hash, password_hash)
            flash(_("Your password is changed. Your other sessions are closed."), "success")
            return redirect(url_for("customer.accounts.account"), 303)
        except credentials.PasswordMoved:
            pass
        seen_hash = None
    if is_given and not seen_hash:
        form.current_password.errors = [wrong_password()]
    return form_page("accounts/customer/change_password.html", form)


def _checked_hash(password: str) -> str | None:
    """Return the account's hash if the password fits it, else None. Raises `TooManyTries` before it compares."""
    with try_password_again(current_user.id) as attempt:
        attempt.is_right = is_password_of(current_user, password)
    return current_user.password_hash if attempt.is_right else None


@blueprint.post("/account/sessions/<public_id>/end")
@requires(CUSTOMER)
def end_session(public_id: str) -> Response:
    with transaction():
        session = find_own_session(current_user.id, public_id)
        if session is None or session.id == g.portal_session.id:
            abort(404)
        credentials.revoke_session(session)
    flash(_("This session is closed."), "success")
    return redirect(url_for("customer.accounts.account"), 303)


@blueprint.post("/account/sessions/end-others")
@requires(CUSTOMER)
def end_other_sessions() -> Response:
    with transaction():
        ended = credentials.revoke_other_sessions(g.portal_session)
    flash(ngettext("%(num)s session is closed.", "%(num)s sessions are closed.", ended), "success")
    return redirect(url_for("customer.accounts.account"), 303)
